"""Who is on call when: layers of turns by wall clock, overrides, and the gaps between them."""

from .layers import Layer, Window
from .shifts import Override, Shift, gaps, on_call, shifts

__all__ = ["Layer", "Override", "Shift", "Window", "gaps", "on_call", "shifts"]
