"""How unusual a sample of a series is, judged as it comes by what came before."""

from .detector import ALARM, Compared, Detector, hour_named, hour_of_week, scores

__all__ = ["ALARM", "Compared", "Detector", "hour_named", "hour_of_week", "scores"]
