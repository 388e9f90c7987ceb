"""Events in ClickHouse: the same event twice is one, so every sender may retry."""

import json
from collections.abc import Collection, Sequence
from uuid import uuid4

import numpy as np

from fullscore.connectors.base import Garbled
from fullscore.connectors.samples.clickhouse.lines import drawn
from fullscore.connectors.samples.clickhouse.questions import between
from fullscore.connectors.samples.clickhouse.server import Server
from fullscore.connectors.samples.contract import LAST_MS, Event, told

COLUMNS = {
    "at": "DateTime64(3, 'UTC')", "source": "Int64", "kind": "String", "severity": "Int64",
    "text": "String", "attributes": "String", "digest": "String",
}  # fmt: skip


def write(server: Server, events: Sequence[Event]) -> int:
    """Keep the events from the drop line on; return how many those are. Raises Garbled."""
    lines = drawn(server)
    rows = [told(event) for event in events if event.at_ms >= lines.floor_ms]
    if any(not 0 <= row[0] <= LAST_MS for row in rows):
        raise Garbled("A time lies outside 0 … 2**42 ms: is it in seconds or nanoseconds?")
    if rows:
        values = list(zip(*[(*row[:-1], row[-1].hex()) for row in rows], strict=True))
        block = {
            name: (kind, column if kind == "String" else np.array(column, dtype=np.int64))
            for (name, kind), column in zip(COLUMNS.items(), values, strict=True)
        }
        block["seq"] = ("UInt64", lines.sequence + np.arange(len(rows)))
        server.insert(f"{server.database}.events", block, token=uuid4().hex)
    return len(rows)


def find(
    server: Server, *, start_ms: int, end_ms: int, text: str, kinds: Collection[str],
    sources: Collection[int], limit: int,
) -> list[Event]:  # fmt: skip
    """Return the newest events of [start, end), newest first; ASCII case does not matter."""
    where = [between("at", max(start_ms, drawn(server).event_ms), end_ms)]
    if text:
        where.append(f"positionCaseInsensitive(text, {_quoted(text)}) > 0")
    if kinds:
        where.append(f"kind IN ({', '.join(map(_quoted, kinds))})")
    if sources:
        where.append(f"source IN ({', '.join(map(str, sources))})")
    found = server.ask(
        "SELECT toUnixTimestamp64Milli(at) AS at_ms, source, kind, severity, text, attributes"  # noqa: S608
        f" FROM {server.database}.events WHERE {' AND '.join(where)}"
        f" ORDER BY at DESC, seq DESC LIMIT 1 BY digest LIMIT {max(limit, 0)}"
    )
    names = ("at_ms", "source", "kind", "severity", "text", "attributes")
    rows = zip(*(found[name].tolist() for name in names), strict=True) if found else ()
    return [
        Event(at_ms, source, kind, severity, words, json.loads(attributes))
        for at_ms, source, kind, severity, words, attributes in rows
    ]


def _quoted(text: str) -> str:
    """Return a text as a literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
