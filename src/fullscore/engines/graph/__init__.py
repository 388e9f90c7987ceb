"""Dependencies between things: what a failure brings down, why, and what hangs on one thing."""

from .cuts import cut_nodes, cut_off, cut_off_each, necks
from .dependencies import Dependencies, Graph, build
from .reasons import why
from .single import single_points
from .spread import Impact, impact

__all__ = [
    "Dependencies",
    "Graph",
    "Impact",
    "build",
    "cut_nodes",
    "cut_off",
    "cut_off_each",
    "impact",
    "necks",
    "single_points",
    "why",
]
