"""Numbered steps of a write, so that tests can end the process at each of them."""

from collections.abc import Callable

_hook: list[Callable[[str], None]] = []


def reached(step: str) -> None:
    """Say that a step is done; nothing happens outside tests."""
    for hook in _hook:
        hook(step)


def watch(hook: Callable[[str], None]) -> None:
    """Call `hook` with the name of every step; tests only."""
    _hook[:] = [hook]
