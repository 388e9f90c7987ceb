"""A SQLite file of the store: WAL, durable on return, safe across threads and forks."""

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from fullscore.connectors.base import Refused

NO_ROOM = "the sample store has no room: free space on the disk that holds {folder}"
BUSY_SECONDS = 30


class Database:
    """One connection for questions and one for writes, so that nobody reading waits for a disk."""

    def __init__(self, path: Path, schema: str) -> None:
        self.path = path
        self._writes, self._reads = threading.RLock(), threading.RLock()
        self._connect()
        with self.writing() as db:
            for statement in schema.split(";"):
                db.execute(statement)

    def _connect(self) -> None:
        try:
            self._writer, self._reader = self._opened(), self._opened()
        except sqlite3.Error as error:
            raise Refused(f"The sample store's {self.path} cannot be opened: {error}.") from error
        self._pid = os.getpid()

    def _opened(self) -> sqlite3.Connection:
        db = sqlite3.connect(
            self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        return db

    def _survive_fork(self) -> None:
        """Open anew in a forked process: SQLite's connections must not cross a fork."""
        if self._pid != os.getpid():
            self._connect()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Hold the one write transaction; a full disk is a sentence, and nothing of it stays."""
        with self._writes:
            self._survive_fork()
            db = self._writer
            try:
                db.execute("BEGIN IMMEDIATE")
                yield db
                db.execute("COMMIT")
            except sqlite3.Error as error:
                raise self._sentence(error) from error
            finally:
                if db.in_transaction:
                    with suppress(sqlite3.Error):  # the error that brought us here is told
                        db.execute("ROLLBACK")

    def ask(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a read."""
        with self._reads:
            self._survive_fork()
            try:
                return self._reader.execute(sql, values).fetchall()
            except sqlite3.Error as error:
                raise self._sentence(error) from error

    def _sentence(self, error: sqlite3.Error) -> Refused:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        if code & 0xFF == sqlite3.SQLITE_FULL:
            return Refused(NO_ROOM.format(folder=self.path.parent))
        return Refused(f"The sample store's {self.path} refused: {error}.")

    def close(self) -> None:
        """Close both connections."""
        with self._writes, self._reads:
            self._writer.close()
            self._reader.close()
