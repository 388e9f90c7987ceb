"""Group commit: what arrives while one transaction is written goes together into the next.

A commit waits for the disk, however little is in it. Nobody waits for company: the first to come
writes at once, and whoever comes meanwhile is written together by the next, so that it takes at
most two commits until an answer, and one of them for hundreds.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar

One = TypeVar("One")


@dataclass(slots=True)
class _Waiting(Generic[One]):
    one: One
    is_done: bool = False
    error: Exception | None = None


class GroupCommit(Generic[One]):
    """Hands what many threads put in to `write`, which writes all of it in one transaction."""

    def __init__(self, write: Callable[[list[One]], None], *, most: int = 200) -> None:
        self._write = write
        self._most = most
        self._queue: deque[_Waiting[One]] = deque()
        self._turn = Lock()

    def put(self, one: One) -> None:
        """Return once it is written; raises what the writing raised, for all that was in it."""
        waiting = _Waiting(one)
        self._queue.append(waiting)
        while not waiting.is_done:
            with self._turn:
                if not waiting.is_done:
                    self._write_some()
        if waiting.error is not None:
            raise waiting.error

    def _write_some(self) -> None:
        count = min(self._most, len(self._queue))
        batch = [self._queue.popleft() for _ in range(count)]
        error: Exception | None = None
        try:
            self._write([waiting.one for waiting in batch])
        except Exception as raised:  # each of those that wait has to hear of it
            error = raised
        for waiting in batch:
            waiting.error, waiting.is_done = error, True
