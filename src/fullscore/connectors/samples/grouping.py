"""Appends of many threads, joined: while one is on its way to the disk, the next gathers.

A durable append costs two syncs, whatever its size. So whoever comes while one runs waits, and the
first of those who waited takes all of them to the disk at once. Nobody waits for a clock: a lone
sender is served at once, and the more come, the larger the groups.
"""

import threading
from collections.abc import Callable, Sequence

import numpy as np

from fullscore.connectors.base import Refused
from fullscore.connectors.samples.contract import Samples, checked

# Three numbers of 8 bytes each: 48 MB.
MOST_WAITING = 2_000_000


class Full(Refused):
    """So much waits already that nothing more is taken for now."""


class _Part:
    """What one thread brought, and what became of it."""

    def __init__(self, samples: Samples) -> None:
        self.samples = samples
        self.taken = -1  # how many were stored, once it is known
        self.error: BaseException | None = None

    @property
    def is_over(self) -> bool:
        return self.taken >= 0 or self.error is not None


class Grouped:
    """Appends to a store in groups; what `append` returned for is durable."""

    def __init__(self, append: Callable[[Samples], int], *, most: int = MOST_WAITING) -> None:
        self._append, self._most = append, most
        self._gate = threading.Lock()  # guards the two below
        self._waiting: list[_Part] = []
        self._held = 0  # samples waiting or on their way
        self._turn = threading.Lock()  # held by who takes a group to the disk

    def append(self, samples: Samples) -> int:
        """Store samples durably; return how many are not below the drop line.

        Raises Garbled for what is no samples, Full while too many wait, and what the store raises.
        """
        part = _Part(checked(samples))  # here, so that a bad part spoils nobody else's
        with self._gate:
            if self._held + len(samples) > self._most and self._held:
                raise Full("More samples wait than are held: send them again in a few seconds.")
            self._held += len(samples)
            self._waiting.append(part)
        with self._turn:
            if not part.is_over:
                self._lead()
        if part.error is not None:
            raise part.error
        return part.taken

    def _lead(self) -> None:
        """Take everything that waits to the disk."""
        with self._gate:
            parts, self._waiting = self._waiting, []
        try:
            joined = _joined([part.samples for part in parts])
            _share(parts, joined, self._append(joined))
        except BaseException as error:  # an interrupt, too: the others must not wait for ever
            for part in parts:
                part.error = error
        finally:
            with self._gate:
                self._held -= sum(len(part.samples) for part in parts)


def _joined(parts: Sequence[Samples]) -> Samples:
    if len(parts) == 1:
        return parts[0]
    return Samples(
        np.concatenate([part.series for part in parts]),
        np.concatenate([part.ts_ms for part in parts]),
        np.concatenate([part.values for part in parts]),
    )


def _share(parts: Sequence[_Part], joined: Samples, taken: int) -> None:
    """Tell each part how many of its samples were stored: the store dropped the oldest."""
    dropped = len(joined) - taken
    if not dropped:
        for part in parts:
            part.taken = len(part.samples)
        return
    # All below one line are dropped and none above it, so as many of the smallest are gone.
    last = int(np.partition(joined.ts_ms, dropped - 1)[dropped - 1])
    for part in parts:
        part.taken = int(np.count_nonzero(part.samples.ts_ms > last))
