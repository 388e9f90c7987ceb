"""The manifest: which segments there are. SQLite in WAL, synchronous, in the store's own folder."""

import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fullscore.connectors.base import Refused
from fullscore.connectors.samples.parquet.steps import reached

FORMAT = 1
NO_ROOM = "the sample store has no room: free space on the disk that holds {folder}"
SCHEMA = """
CREATE TABLE IF NOT EXISTS segment (
    name TEXT PRIMARY KEY, level TEXT NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL,
    min_series INTEGER NOT NULL, max_series INTEGER NOT NULL, rows INTEGER NOT NULL,
    bytes INTEGER NOT NULL, sha256 TEXT NOT NULL, dead_at REAL,
    quarantined INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS segment_time ON segment (level, first_ms, last_ms) WHERE dead_at IS NULL;
CREATE TABLE IF NOT EXISTS meta (
    one INTEGER PRIMARY KEY CHECK (one = 1), sequence INTEGER NOT NULL, floor_ms INTEGER NOT NULL,
    raw_floor_ms INTEGER NOT NULL, format INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS lease (
    name TEXT PRIMARY KEY, holder TEXT NOT NULL, until REAL NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS event (
    id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, source INTEGER NOT NULL, kind TEXT NOT NULL,
    severity INTEGER NOT NULL, text TEXT NOT NULL, attributes TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS event_time ON event (at_ms, id);
"""


@dataclass(frozen=True, slots=True)
class Segment:
    """One immutable file: hot (as appended), hour, day; r5 and r60 are rollups."""

    name: str
    level: str
    first_ms: int
    last_ms: int
    min_series: int
    max_series: int
    rows: int
    bytes: int
    sha256: str


COLUMNS = "name, level, first_ms, last_ms, min_series, max_series, rows, bytes, sha256"


class Manifest:
    """One door per thread; every write is one transaction, durable when it returns."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._local = threading.local()
        self._all: list[sqlite3.Connection] = []
        with self.writing() as db:
            for statement in SCHEMA.split(";"):
                db.execute(statement)
            db.execute(
                "INSERT OR IGNORE INTO meta (one, sequence, floor_ms, raw_floor_ms, format)"
                " VALUES (1, 0, 0, 0, ?)", (FORMAT,),
            )  # fmt: skip
        (found,) = self._db().execute("SELECT format FROM meta").fetchone()
        if found != FORMAT:
            raise Refused(
                f"The sample store in {folder} has format {found}; this program reads {FORMAT}."
            )

    def _db(self) -> sqlite3.Connection:
        db: sqlite3.Connection | None = getattr(self._local, "db", None)
        if db is None:
            try:
                db = sqlite3.connect(
                    self.folder / "manifest.sqlite3", timeout=30, isolation_level=None,
                    check_same_thread=False,
                )  # fmt: skip
                db.execute("PRAGMA journal_mode=WAL")
                db.execute("PRAGMA synchronous=FULL")
            except sqlite3.OperationalError as error:
                raise Refused(
                    f"The sample store in {self.folder} cannot be opened: {error}."
                ) from error
            self._local.db = db
            self._all.append(db)
        return db

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Hold the one write transaction; a full disk is a sentence, and nothing of it stays."""
        db = self._db()
        try:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise
        except sqlite3.OperationalError as error:
            if "full" in str(error) or "disk I/O" in str(error):
                raise Refused(NO_ROOM.format(folder=self.folder)) from error
            raise Refused(f"The sample store's manifest refused: {error}.") from error

    def next_sequence(self) -> int:
        """Return the number of the next append; no other append has it or ever had."""
        with self.writing() as db:
            (number,) = db.execute(
                "UPDATE meta SET sequence = sequence + 1 RETURNING sequence"
            ).fetchone()
        return int(number)

    def sequence(self) -> int:
        """Return the number of the newest append."""
        (number,) = self._db().execute("SELECT sequence FROM meta").fetchone()
        return int(number)

    def floor_ms(self) -> int:
        """Return the drop line: nothing before it is there."""
        (floor,) = self._db().execute("SELECT max(floor_ms, raw_floor_ms) FROM meta").fetchone()
        return int(floor)

    def floors(self) -> tuple[int, int]:
        """Return the drop line of everything, and that of raw samples."""
        row = self._db().execute("SELECT floor_ms, raw_floor_ms FROM meta").fetchone()
        return int(row[0]), int(row[1])

    def raise_floor(self, before_ms: int, *, raw_only: bool = False) -> None:
        """Move a drop line forward, never back."""
        column = "raw_floor_ms" if raw_only else "floor_ms"
        with self.writing() as db:
            db.execute(f"UPDATE meta SET {column} = max({column}, ?)", (before_ms,))  # noqa: S608

    def add(self, segment: Segment) -> None:
        """List a segment: from now on every process sees it."""
        with self.writing() as db:
            self._insert(db, segment)
        reached("listed")

    def swap(self, old: Sequence[Segment], new: Sequence[Segment], *, holder: str) -> bool:
        """Put new segments in the place of old ones, if the lease is still held.

        Else change nothing.
        """
        now = time.time()
        with self.writing() as db:
            lease = db.execute(
                "SELECT 1 FROM lease WHERE name = 'upkeep' AND holder = ? AND until > ?",
                (holder, now),
            ).fetchone()
            names = [s.name for s in old]
            alive = sum(
                db.execute(
                    "SELECT count(*) FROM segment WHERE dead_at IS NULL AND name = ?", (name,)
                ).fetchone()[0]
                for name in names
            )
            if lease is None or alive != len(names):
                return False
            for segment in new:
                self._insert(db, segment)
            db.executemany(
                "UPDATE segment SET dead_at = ? WHERE name = ?", [(now, n) for n in names]
            )
        reached("swapped")
        return True

    def _insert(self, db: sqlite3.Connection, s: Segment) -> None:
        db.execute(
            f"INSERT INTO segment ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
            (s.name, s.level, s.first_ms, s.last_ms, s.min_series, s.max_series, s.rows, s.bytes,
             s.sha256),
        )  # fmt: skip

    def segments(
        self, levels: Iterable[str], *, start_ms: int = 0, end_ms: int = 2**62
    ) -> list[Segment]:
        """Return the live segments of some levels that touch [start, end), oldest first."""
        marks = list(levels)
        rows = self._db().execute(
            f"SELECT {COLUMNS} FROM segment WHERE dead_at IS NULL AND quarantined = 0"  # noqa: S608
            f" AND level IN ({', '.join('?' * len(marks))}) AND first_ms < ? AND last_ms >= ?"
            " ORDER BY first_ms, name", (*marks, end_ms, start_ms),
        )  # fmt: skip
        return [Segment(*row) for row in rows]

    def listed(self) -> set[str]:
        """Return the names of all files the manifest knows, dead ones included."""
        return {name for (name,) in self._db().execute("SELECT name FROM segment")}

    def quarantine(self, name: str) -> None:
        """Take a segment that cannot be read out of every answer, and remember its name."""
        with self.writing() as db:
            db.execute("UPDATE segment SET quarantined = 1 WHERE name = ?", (name,))

    def quarantined(self) -> tuple[str, ...]:
        """Return the names of the segments that could not be read."""
        rows = self._db().execute("SELECT name FROM segment WHERE quarantined = 1 ORDER BY name")
        return tuple(name for (name,) in rows)

    def bury(self, names: Iterable[str]) -> int:
        """Mark segments dead; their files go after the grace time."""
        now = time.time()
        with self.writing() as db:
            done = db.executemany(
                "UPDATE segment SET dead_at = ? WHERE name = ? AND dead_at IS NULL",
                [(now, name) for name in names],
            )
        return done.rowcount if done.rowcount > 0 else 0

    def dead_for(self, seconds: float) -> list[str]:
        """Return the names of the segments dead for so long that no query reads them any more."""
        rows = self._db().execute(
            "SELECT name FROM segment WHERE dead_at IS NOT NULL AND dead_at <= ?",
            (time.time() - seconds,),
        )
        return [name for (name,) in rows]

    def forget(self, names: Iterable[str]) -> None:
        """Strike segments whose files are gone."""
        with self.writing() as db:
            db.executemany("DELETE FROM segment WHERE name = ?", [(name,) for name in names])

    def take_lease(self, holder: str, *, seconds: float) -> bool:
        """Take or renew the lease of upkeep; False when somebody else holds it."""
        now = time.time()
        with self.writing() as db:
            row = db.execute("SELECT holder, until FROM lease WHERE name = 'upkeep'").fetchone()
            if row and row[0] != holder and row[1] > now:
                return False
            db.execute(
                "INSERT INTO lease (name, holder, until) VALUES ('upkeep', ?, ?) ON CONFLICT (name)"
                " DO UPDATE SET holder = excluded.holder, until = excluded.until",
                (holder, now + seconds),
            )
        return True

    def end_lease(self, holder: str) -> None:
        """Give the lease back."""
        with self.writing() as db:
            db.execute("DELETE FROM lease WHERE name = 'upkeep' AND holder = ?", (holder,))

    def ask(self, sql: str, values: Sequence[object] = ()) -> list[tuple[object, ...]]:
        """Return the rows of a read."""
        return self._db().execute(sql, values).fetchall()

    def close(self) -> None:
        """Close the connections of all threads."""
        for db in self._all:
            db.close()
        self._all.clear()
        self._local = threading.local()
