"""How unusual a sample of a series is, judged as it comes by what came before."""

from .detector import ALARM, Detector, scores

__all__ = ["ALARM", "Detector", "scores"]
