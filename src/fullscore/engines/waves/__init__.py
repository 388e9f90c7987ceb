"""In which wave each server is patched, so that no service falls below what it needs."""

from .judge import violations
from .planning import plan
from .problem import Plan, Problem, Server

__all__ = ["Plan", "Problem", "Server", "plan", "violations"]
