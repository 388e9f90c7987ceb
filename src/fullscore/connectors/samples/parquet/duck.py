"""One DuckDB per process, in memory, one connection per thread; the first question opens it."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fullscore.connectors.base import Refused

if TYPE_CHECKING:
    import duckdb

QUERY_SECONDS = 60.0
# Sorting and grouping beyond this spill to the store's folder; a question rarely needs 50 MB.
MEMORY_LIMIT = "256MB"
THREADS = 2


class Duck:
    """Asks DuckDB. Importing and opening it costs 40 MiB, so who only appends never does."""

    def __init__(self, folder: Path) -> None:
        self._spill = folder / "spill"
        self._opening, self._local = threading.Lock(), threading.local()
        self._root: duckdb.DuckDBPyConnection | None = None
        self._pid = 0
        # What a fork inherited is kept, never closed: closing waits for threads it has not got.
        self._inherited: list[duckdb.DuckDBPyConnection] = []

    def _connection(self) -> "duckdb.DuckDBPyConnection":
        """Return this thread's connection; a forked process opens a DuckDB of its own."""
        root = self._opened()
        mine: tuple[int, duckdb.DuckDBPyConnection] | None = getattr(self._local, "mine", None)
        if mine is None or mine[0] != self._pid:
            if mine is not None:
                self._inherited.append(mine[1])
            mine = self._local.mine = (self._pid, root.cursor())
        return mine[1]

    def _opened(self) -> "duckdb.DuckDBPyConnection":
        import duckdb

        with self._opening:
            if self._root is not None and self._pid != os.getpid():
                self._inherited.append(self._root)
                self._root = None
            if self._root is None:
                config: dict[str, str | bool | int | float | list[str]] = {
                    "threads": THREADS, "memory_limit": MEMORY_LIMIT,
                    "temp_directory": str(self._spill), "preserve_insertion_order": False,
                    "enable_external_file_cache": False, "python_enable_replacements": False,
                }  # fmt: skip
                self._root, self._pid = duckdb.connect(":memory:", config=config), os.getpid()
            return self._root

    def ask(
        self, sql: str, *, arrays: dict[str, dict[str, NDArray[Any]]] | None = None,
        seconds: float = QUERY_SECONDS,
    ) -> dict[str, NDArray[Any]]:  # fmt: skip
        """Return the columns of an answer; `arrays` are tables the statement may name.

        Raises Refused when it takes longer than `seconds`, and duckdb.Error.
        """
        import duckdb

        connection = self._connection()
        for name, columns in (arrays or {}).items():
            connection.register(name, columns)
        try:
            with _cut_after(connection, seconds):
                found = connection.execute(sql).fetchnumpy()
        except duckdb.InterruptException as error:
            raise too_much(seconds) from error
        finally:
            for name in arrays or {}:
                connection.unregister(name)
        return {name: np.asarray(column) for name, column in found.items()}

    def close(self) -> None:
        """Let go of the memory; connections of other threads end with their threads."""
        with self._opening:
            if self._root is not None and self._pid == os.getpid():
                self._root.close()
            self._root, self._local = None, threading.local()


def too_much(seconds: float) -> Refused:
    """Return what a person is told whose question takes too long."""
    return Refused(
        f"The sample store was asked for more than it can tell in {seconds:g} s: "
        "ask for fewer series, a shorter time or a longer step."
    )


@contextmanager
def _cut_after(connection: "duckdb.DuckDBPyConnection", seconds: float) -> Iterator[None]:
    """Interrupt the connection's statement when it is still running after so many seconds."""
    watch = threading.Timer(seconds, connection.interrupt)
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()
