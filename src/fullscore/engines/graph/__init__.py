"""Dependencies between things: what a failure brings down, why, and what hangs on one thing."""

from .cuts import cut_nodes, cut_off
from .dependencies import Dependencies, Graph, build
from .spread import Impact, impact
from .reasons import why
from .single import single_points

__all__ = [
    "Dependencies",
    "Graph",
    "Impact",
    "build",
    "cut_nodes",
    "cut_off",
    "impact",
    "single_points",
    "why",
]
