"""Writing much without keeping others from writing: in pieces, with room between them.

SQLite lets one write at a time and hands nothing over: who waits looks again now and then, and
without a pause finds us writing each time. A commit waits for the disk, so one per record would
take most of the time there is. PostgreSQL lets all write, and syncs their commits together.
"""

from collections import deque
from collections.abc import Callable, Iterable
from time import monotonic, sleep

from django.db import connection, transaction

HOLD_SECONDS = 0.1  # whoever keeps what comes in waits no longer, and their sender with them
PAUSE_SECONDS = 0.02  # as long as SQLite itself waits before it looks for the sixth time
REST_SECONDS = 0.11  # it looks every 0.1 s at last: whoever waits, however long, comes first


def let_in(seconds: float = PAUSE_SECONDS) -> None:
    """Let others write, where only one can at a time."""
    if connection.vendor == "sqlite":
        sleep(seconds)


def in_pieces(ids: Iterable[int], do: Callable[[int], object]) -> None:
    """Do something for each: on SQLite several in one transaction, on PostgreSQL one in each.

    There, two transactions that each hold one record and want the other's would wait for ever.
    """
    waiting = deque(ids)
    while waiting:
        with transaction.atomic():
            ends = monotonic() + (HOLD_SECONDS if connection.vendor == "sqlite" else 0)
            do(waiting.popleft())
            while waiting and monotonic() < ends:
                do(waiting.popleft())
        if waiting:
            let_in(REST_SECONDS)
