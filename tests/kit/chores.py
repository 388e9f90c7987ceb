"""Jobs for tests whose workers are processes of their own; each leaves its marks in a file."""

import os
import time
from pathlib import Path

from fullscore.kit.jobs import every, job


@job(attempts=3)
def mark(file: str, word: str, seconds: float = 0) -> None:
    """Write that it starts, take its time, write that it is done."""
    _append(file, f"start {word}")
    time.sleep(seconds)
    _append(file, f"done {word}")


@job(joins=True)
def number_of(ids: list[int]) -> int:
    """Return for how many things it was done."""
    return len(ids)


@every(hours=1)
def hourly() -> None:
    """Do nothing, once an hour."""


def _append(file: str, line: str) -> None:
    with Path(file).open("a") as out:  # one short write in append mode is not torn
        out.write(f"{line} by {os.getpid()}\n")
