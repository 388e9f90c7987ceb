"""Events: lines of logs and traps, in a SQLite file of their own beside the segments."""

import json
from collections.abc import Collection, Sequence
from pathlib import Path

from fullscore.connectors.samples.contract import Event, told
from fullscore.connectors.samples.parquet.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS event (
    id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, source INTEGER NOT NULL, kind TEXT NOT NULL,
    severity INTEGER NOT NULL, text TEXT NOT NULL, attributes TEXT NOT NULL,
    digest BLOB NOT NULL UNIQUE
) STRICT;
CREATE INDEX IF NOT EXISTS event_time ON event (at_ms, id);
"""
COLUMNS = "at_ms, source, kind, severity, text, attributes"


class Events:
    """Keeps events durably; the same event twice is one, so every sender may retry."""

    def __init__(self, folder: Path) -> None:
        self._db = Database(folder / "events.sqlite3", SCHEMA)

    def write(self, events: Sequence[Event], *, floor_ms: int) -> int:
        """Keep the events from the drop line on; return how many those are. Raises Garbled."""
        rows = [told(event) for event in events if event.at_ms >= floor_ms]
        with self._db.writing() as db:
            db.executemany(
                f"INSERT OR IGNORE INTO event ({COLUMNS}, digest) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
                rows,
            )
        return len(rows)

    def find(
        self, *, start_ms: int, end_ms: int, text: str, kinds: Collection[str],
        sources: Collection[int], limit: int,
    ) -> list[Event]:  # fmt: skip
        """Return the newest events of [start, end), newest first; ASCII case does not matter."""
        pattern = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        told: list[object] = [start_ms, end_ms]
        where = "at_ms >= ? AND at_ms < ?"
        if text:
            where += " AND text LIKE ? ESCAPE '\\'"
            told.append(f"%{pattern}%")
        for column, wanted in (("kind", kinds), ("source", sources)):
            if wanted:
                where += f" AND {column} IN (SELECT value FROM json_each(?))"  # noqa: S608
                told.append(json.dumps(list(wanted)))
        rows = self._db.ask(
            f"SELECT {COLUMNS} FROM event WHERE {where} ORDER BY at_ms DESC, id DESC LIMIT ?",  # noqa: S608
            [*told, max(limit, 0)],
        )
        return [
            Event(at_ms, source, kind, severity, words, json.loads(attributes))
            for at_ms, source, kind, severity, words, attributes in rows
        ]

    def drop_before(self, before_ms: int) -> None:
        """Remove what is older."""
        with self._db.writing() as db:
            db.execute("DELETE FROM event WHERE at_ms < ?", (before_ms,))

    def close(self) -> None:
        """Close the file."""
        self._db.close()
