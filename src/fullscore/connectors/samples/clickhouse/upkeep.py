"""Growing old in ClickHouse: raw samples become rollups, and months that nobody may ask for go.

Merging is ClickHouse's own. Each step may be repeated and may run on several hosts at once: rollups
written twice replace each other, and a line only moves forward.
"""

from calendar import monthrange
from datetime import UTC, datetime

from fullscore.connectors.samples.clickhouse import questions
from fullscore.connectors.samples.clickhouse.lines import Lines, draw, drawn
from fullscore.connectors.samples.clickhouse.server import Server
from fullscore.connectors.samples.contract import LOOKBACK_MS, Maintenance, Retention

DAY_MS, FIVE_MS, HOUR_MS = 86_400_000, 300_000, 3_600_000
GRACE_SECONDS = 120  # longer than the longest question
COLUMNS = f"series, ts, {questions.FIGURES}, seq"


class Upkeep:
    """One round."""

    def __init__(self, server: Server, retention: Retention) -> None:
        self.server, self.retention = server, retention

    def run(self, now_ms: int) -> Maintenance:
        """Do what is due at an instant."""
        lines, days = drawn(self.server), self.retention
        rolled = self._roll_up(lines, _line(days.raw_days, now_ms))
        for kind, line, there in (
            ("five_minutes", _line(days.five_minute_days, now_ms), lines.five_ms),
            ("hours", _line(days.hourly_days, now_ms), lines.hour_ms),
            ("events", _line(days.raw_days, now_ms), lines.event_ms),
        ):
            if line > there:
                draw(self.server, kind, line)
        return Maintenance(rolled_up=rolled, dropped=self._drop())

    def _roll_up(self, lines: Lines, until_ms: int) -> int:
        """Put rollups in the place of raw samples before an instant; return how many days."""
        if until_ms <= lines.raw_ms:
            return 0
        days = self._days(lines.raw_ms, until_ms)
        for day in days:
            self._roll_up_day(day, lines)
        draw(self.server, "raw", until_ms)
        # What was appended meanwhile is below the line now: those days are summed up once more.
        for day in self._days(lines.raw_ms, until_ms, since=lines.sequence):
            self._roll_up_day(day, drawn(self.server))
        return len(days)

    def _days(self, start_ms: int, end_ms: int, *, since: int = 0) -> list[int]:
        """Return the starts of the days that have samples, of appends after one if told."""
        found = self.server.ask(
            f"SELECT DISTINCT intDiv(toUnixTimestamp64Milli(ts), {DAY_MS}) * {DAY_MS} AS day"  # noqa: S608
            f" FROM {self.server.database}.samples"
            f" WHERE {questions.between('ts', start_ms, end_ms)} AND seq > {since} ORDER BY day"
        )
        return [int(day) for day in found["day"]] if found else []

    def _roll_up_day(self, day_ms: int, lines: Lines) -> None:
        database, end_ms = self.server.database, day_ms + DAY_MS
        # The day's first pairs begin on the day before.
        begin_ms = max(day_ms - LOOKBACK_MS, lines.floor_ms)
        source = questions.source(f"{database}.samples", questions.Choice(None, begin_ms, end_ms))
        fives = questions.partials(
            source, start_ms=day_ms, step_ms=FIVE_MS, lookback_ms=LOOKBACK_MS
        )
        hours = questions.coarser(
            f"{database}.five_minutes", start_ms=day_ms, end_ms=end_ms, step_ms=HOUR_MS
        )
        for table, figures in (("five_minutes", fives), ("hours", hours)):
            self.server.tell(
                f"INSERT INTO {database}.{table} ({COLUMNS}) SELECT series,"  # noqa: S608
                f" fromUnixTimestamp64Milli(bucket, 'UTC'), {questions.FIGURES}, {lines.sequence}"
                f" FROM ({figures})"
            )

    def _drop(self) -> int:
        """Drop the months that lay wholly before a line some time ago; return how many.

        On a cluster the tables named here are not those on the disks: there the TTL of the
        tables in `deploy/clickhouse/` removes what is old.
        """
        lines, dropped = drawn(self.server, older_than_seconds=GRACE_SECONDS), 0
        ends = {
            # The last minutes before the line stay: pairs begin there.
            "samples": lines.raw_ms - LOOKBACK_MS, "five_minutes": lines.five_ms,
            "hours": lines.hour_ms, "events": lines.event_ms,
        }  # fmt: skip
        for table, month in self._months():
            if _end_of(month) <= ends[table]:
                self.server.tell(
                    f"ALTER TABLE {self.server.database}.{table} DROP PARTITION '{month}'"
                )
                dropped += 1
        return dropped

    def _months(self) -> list[tuple[str, str]]:
        """Return the tables of this server and their months, as ClickHouse names partitions."""
        found = self.server.ask(
            "SELECT DISTINCT table, partition FROM system.parts WHERE active"  # noqa: S608
            f" AND database = '{self.server.database}'"
            " AND table IN ('samples', 'five_minutes', 'hours', 'events') ORDER BY table, partition"
        )
        return list(zip(found["table"], found["partition"], strict=True)) if found else []


def _line(days: int, now_ms: int) -> int:
    """Return the start of the first day that is kept."""
    return max(0, (now_ms // DAY_MS - days) * DAY_MS)


def _end_of(month: str) -> int:
    """Return the first instant after a month told as 202605."""
    year, number = int(month[:4]), int(month[4:])
    start = datetime(year, number, 1, tzinfo=UTC)
    return int(start.timestamp() * 1000) + monthrange(year, number)[1] * DAY_MS
