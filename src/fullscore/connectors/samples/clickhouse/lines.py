"""Drop lines: what is before them is gone, at once and for everybody; files go when nobody asks.

They are rows that are only ever added, so raising one is a plain insert, on a cluster too.
"""

from dataclasses import dataclass

from fullscore.connectors.samples.clickhouse.server import Server

KINDS = ("all", "raw", "five_minutes", "hours", "events")


@dataclass(frozen=True, slots=True)
class Lines:
    """The first instant kept, in milliseconds, and a number for the next append."""

    floor_ms: int  # of everything
    raw_ms: int  # of samples; before it, rollups answer
    five_ms: int  # of five minutes
    hour_ms: int
    event_ms: int
    # The server's clock and a counter: who asks later gets more. On several servers that take
    # appends, their clocks decide which of two corrections of one instant is the last.
    sequence: int


def drawn(server: Server, *, older_than_seconds: int = 0) -> Lines:
    """Return where the lines are, or were some seconds ago."""
    told = ", ".join(f"maxIf(before_ms, kind = '{kind}') AS `{kind}`" for kind in KINDS)
    found = server.ask(
        f"SELECT {told}, generateSnowflakeID() AS sequence FROM {server.database}.lines"  # noqa: S608
        f" WHERE drawn_at <= now64(3) - toIntervalSecond({older_than_seconds})"
    )
    floor = int(found["all"][0])
    raw, five, hour, event = (max(floor, int(found[kind][0])) for kind in KINDS[1:])
    return Lines(floor, raw, five, hour, event, int(found["sequence"][0]))


def draw(server: Server, kind: str, before_ms: int) -> None:
    """Move a line forward; one further on stays."""
    server.tell(
        f"INSERT INTO {server.database}.lines (kind, before_ms) VALUES ('{kind}', {before_ms})"  # noqa: S608
    )
