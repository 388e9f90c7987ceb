"""The manifest: which segments there are. SQLite in WAL, synchronous, in the store's own folder."""

import sqlite3
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

from fullscore.connectors.base import Refused
from fullscore.connectors.samples.parquet.database import Database
from fullscore.connectors.samples.parquet.steps import reached

FORMAT = 3
RAW = ("hot", "hour", "day")  # levels of raw samples
OPEN = ("hot", "hour")  # levels that `writing` writes and `opened` reads; DuckDB reads all
ROLLED = {"r5": 300_000, "r60": 3_600_000}  # levels of rollups, and their buckets in ms
COLUMNS = "name, level, first_ms, last_ms, min_series, max_series, rows, bytes, sha256"
SCHEMA = """
CREATE TABLE IF NOT EXISTS segment (
    name TEXT PRIMARY KEY, level TEXT NOT NULL,
    first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL,
    min_series INTEGER NOT NULL, max_series INTEGER NOT NULL,
    rows INTEGER NOT NULL, bytes INTEGER NOT NULL, sha256 TEXT NOT NULL,
    dead_at REAL, quarantined INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS segment_time ON segment (level, first_ms, last_ms)
    WHERE dead_at IS NULL AND quarantined = 0;
CREATE TABLE IF NOT EXISTS meta (
    one INTEGER PRIMARY KEY CHECK (one = 1), sequence INTEGER NOT NULL, floor_ms INTEGER NOT NULL,
    raw_floor_ms INTEGER NOT NULL, format INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS lease (
    name TEXT PRIMARY KEY, holder TEXT NOT NULL, until REAL NOT NULL
) STRICT;
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


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was true at one instant: the drop lines, and the live segments asked for."""

    floor_ms: int  # nothing before it
    raw_floor_ms: int  # no raw samples before it, rollups instead; never below `floor_ms`
    segments: tuple[Segment, ...]  # oldest first

    def of(self, *levels: str) -> list[Segment]:
        """Return the segments of some levels."""
        return [segment for segment in self.segments if segment.level in levels]


class Manifest(Database):
    """Every write is one transaction, durable and visible to every process when it returns."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "manifest.sqlite3", SCHEMA)
        with self.writing() as db:
            db.execute("INSERT OR IGNORE INTO meta VALUES (1, 0, 0, 0, ?)", (FORMAT,))
        ((found,),) = self.ask("SELECT format FROM meta")
        if found != FORMAT:
            raise Refused(
                f"The sample store in {folder} has format {found}, this program reads {FORMAT}: "
                "move the folder away or run the program that wrote it."
            )

    def next_number(self) -> int:
        """Return the number of the next file; no other file has it or ever had.

        Durable before the file exists: a file with a higher number than the manifest knows
        proves that the manifest was restored from an older copy.
        """
        with self.writing() as db:
            ((number,),) = db.execute("UPDATE meta SET sequence = sequence + 1 RETURNING sequence")
        return int(number)

    def number(self) -> int:
        """Return the highest number given out."""
        ((number,),) = self.ask("SELECT sequence FROM meta")
        return int(number)

    def raise_floor(self, before_ms: int) -> None:
        """Move the drop line of everything forward, never back."""
        with self.writing() as db:
            db.execute("UPDATE meta SET floor_ms = max(floor_ms, ?)", (before_ms,))

    def add(self, segment: Segment) -> int:
        """List a segment: from now on every process sees it. Return the raw drop line then."""
        with self.writing() as db:
            _insert(db, [segment])
            ((floor,),) = db.execute("SELECT max(floor_ms, raw_floor_ms) FROM meta")
        reached("listed")
        return int(floor)

    def swap(self, old: Sequence[Segment], new: Sequence[Segment], *, holder: str) -> bool:
        """Put new segments in the place of old ones if the lease is held; else change nothing."""
        with self.writing() as db:
            if not (_holds(db, holder) and _are_live(db, old)):
                return False
            _replace(db, old, new)
        reached("swapped")
        return True

    def close_raw(
        self, seen: Sequence[Segment], old: Sequence[Segment], new: Sequence[Segment], *,
        until_ms: int, holder: str,
    ) -> bool:  # fmt: skip
        """Let rollups take the place of raw samples before `until_ms`.

        False, and nothing changes, when the lease is gone or the raw segments before that
        instant are no longer those the rollups were made from.
        """
        with self.writing() as db:
            live = db.execute(
                "SELECT name FROM segment WHERE dead_at IS NULL AND quarantined = 0"
                " AND level IN ('hot', 'hour', 'day') AND first_ms < ? AND last_ms >="
                " (SELECT raw_floor_ms FROM meta)", (until_ms,),
            )  # fmt: skip
            if not _holds(db, holder) or not {n for (n,) in live} <= {s.name for s in seen}:
                return False
            _replace(db, old, new)
            db.execute("UPDATE meta SET raw_floor_ms = max(raw_floor_ms, ?)", (until_ms,))
        reached("closed")
        return True

    def snapshot(
        self, levels: Collection[str], *, start_ms: int = 0, end_ms: int = 2**62
    ) -> Snapshot:
        """Return the drop lines and the live segments that touch [start, end), in one look."""
        marks = ", ".join("?" * len(levels))
        found = self.ask(
            f"SELECT floor_ms, max(floor_ms, raw_floor_ms), {COLUMNS} FROM meta LEFT JOIN segment"  # noqa: S608
            f" ON dead_at IS NULL AND quarantined = 0 AND level IN ({marks}) AND first_ms < ?"
            " AND last_ms >= ? ORDER BY first_ms, name", (*levels, end_ms, start_ms),
        )  # fmt: skip
        segments = tuple(Segment(*row[2:]) for row in found if row[2] is not None)
        return Snapshot(int(found[0][0]), int(found[0][1]), segments)

    def live(self) -> dict[str, int]:
        """Return the names of the live segments with their sizes in bytes."""
        rows = self.ask("SELECT name, bytes FROM segment WHERE dead_at IS NULL AND quarantined = 0")
        return dict(rows)

    def listed(self) -> set[str]:
        """Return the names of all files the manifest knows, dead ones included."""
        return {name for (name,) in self.ask("SELECT name FROM segment")}

    def quarantine(self, name: str) -> None:
        """Take a live segment that cannot be read out of every answer, and remember its name."""
        with self.writing() as db:
            db.execute(
                "UPDATE segment SET quarantined = 1 WHERE name = ? AND dead_at IS NULL", (name,)
            )

    def quarantined(self) -> tuple[str, ...]:
        """Return the names of the segments that could not be read."""
        rows = self.ask("SELECT name FROM segment WHERE quarantined = 1 ORDER BY name")
        return tuple(name for (name,) in rows)

    def bury(self, segments: Sequence[Segment]) -> int:
        """Mark segments dead; their files go after the grace time."""
        if segments:
            with self.writing() as db:
                _replace(db, segments, [])
        return len(segments)

    def dead_for(self, seconds: float) -> list[str]:
        """Return the names of the segments dead for so long that no query reads them any more."""
        line = time.time() - seconds
        rows = self.ask(
            "SELECT name FROM segment WHERE dead_at IS NOT NULL AND dead_at <= ?", (line,)
        )
        return [name for (name,) in rows]

    def forget(self, names: Sequence[str]) -> None:
        """Strike segments whose files are gone."""
        if names:
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
                "INSERT OR REPLACE INTO lease VALUES ('upkeep', ?, ?)", (holder, now + seconds)
            )
        return True

    def end_lease(self, holder: str) -> None:
        """Give the lease back."""
        with self.writing() as db:
            db.execute("DELETE FROM lease WHERE name = 'upkeep' AND holder = ?", (holder,))


def _insert(db: sqlite3.Connection, segments: Iterable[Segment]) -> None:
    db.executemany(
        f"INSERT INTO segment ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
        [astuple(segment) for segment in segments],
    )


def _replace(db: sqlite3.Connection, old: Iterable[Segment], new: Iterable[Segment]) -> None:
    _insert(db, new)
    now = time.time()
    db.executemany(
        "UPDATE segment SET dead_at = ? WHERE name = ? AND dead_at IS NULL",
        [(now, segment.name) for segment in old],
    )


def _holds(db: sqlite3.Connection, holder: str) -> bool:
    row = db.execute("SELECT holder, until FROM lease WHERE name = 'upkeep'").fetchone()
    return bool(row and row[0] == holder and row[1] > time.time())


def _are_live(db: sqlite3.Connection, segments: Iterable[Segment]) -> bool:
    one = "SELECT 1 FROM segment WHERE name = ? AND dead_at IS NULL AND quarantined = 0"
    return all(db.execute(one, (segment.name,)).fetchone() for segment in segments)
