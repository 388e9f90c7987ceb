"""Who is on call when: layers of turns by wall clock, overrides, and the gaps between them."""

from .comparing import Difference, differences
from .layers import Layer, Window
from .shifts import Override, Shift, gaps, on_call, shifts

__all__ = [
    "Difference", "Layer", "Override", "Shift", "Window", "differences", "gaps", "on_call",
    "shifts",
]  # fmt: skip
