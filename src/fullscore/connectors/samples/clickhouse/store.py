"""The store on a ClickHouse: any number of hosts append and ask side by side."""

from collections.abc import Collection, Mapping, Sequence
from uuid import uuid4

import numpy as np
from numpy.typing import ArrayLike

from fullscore.connectors.base import Garbled
from fullscore.connectors.samples.clickhouse import events as kept
from fullscore.connectors.samples.clickhouse import questions, schema
from fullscore.connectors.samples.clickhouse.lines import Lines, draw, drawn
from fullscore.connectors.samples.clickhouse.questions import Choice
from fullscore.connectors.samples.clickhouse.server import UPKEEP_SECONDS, Server
from fullscore.connectors.samples.clickhouse.upkeep import FIVE_MS, HOUR_MS, Upkeep
from fullscore.connectors.samples.contract import (
    EMPTY,
    FUNCTIONS,
    LOOKBACK_MS,
    Event,
    Function,
    Maintenance,
    Retention,
    Samples,
    StoreStats,
    checked,
    chosen,
    settled,
)


class ClickHouseStore:
    """Samples in one database; see `contract.SampleStore` for the rules."""

    def __init__(self, url: str, retention: Retention) -> None:
        """Make the tables that are not there yet. Raises Unreachable, Refused."""
        self._url, self.server, self.retention = url, Server(url), retention
        self._samples = f"{self.server.database}.samples"
        schema.make_missing(self.server)

    @property
    def place(self) -> str:
        """Which store this is and where, without its password."""
        return f"{self.server.name}, database {self.server.database}"

    def append(self, samples: Samples) -> int:
        """Store samples durably; return how many are not below the drop line."""
        samples = checked(samples)
        if not len(samples):
            return 0
        lines = drawn(self.server)
        kept = samples.ts_ms >= lines.raw_ms
        if kept.any():
            rows = settled(Samples(samples.series[kept], samples.ts_ms[kept], samples.values[kept]))
            self._insert(rows, lines.sequence)
        return int(np.count_nonzero(kept))

    def _insert(self, rows: Samples, sequence: int) -> None:
        self.server.insert(
            self._samples,
            {
                "series": ("UInt64", rows.series), "ts": ("DateTime64(3, 'UTC')", rows.ts_ms),
                "value": ("Float64", rows.values),
                "seq": ("UInt64", np.full(len(rows), sequence)),
            },
            token=uuid4().hex,
        )  # fmt: skip

    def latest(self, series: ArrayLike, *, at_ms: int, lookback_ms: int = LOOKBACK_MS) -> Samples:
        """Return the newest row of each series in (at - lookback, at], unless it is a marker."""
        choice = Choice(chosen(series), at_ms - lookback_ms + 1, at_ms + 1)
        if choice.is_empty:
            return EMPTY
        source = self._source(choice, drawn(self.server))
        return self._told(questions.latest(source), "newest", "figure")

    def read(
        self, series: ArrayLike, *, start_ms: int, end_ms: int, limit: int | None = None
    ) -> Samples:
        """Return the rows of [start, end), markers included."""
        if limit is not None and limit < 0:
            raise Garbled("A limit counts from 0.")
        choice = Choice(chosen(series), start_ms, end_ms)
        if choice.is_empty:
            return EMPTY
        source = self._source(choice, drawn(self.server))
        return self._told(questions.rows(source, limit), "t", "v")

    def aggregate(
        self,
        series: ArrayLike,
        *,
        start_ms: int,
        end_ms: int,
        step_ms: int,
        function: Function,
        lookback_ms: int = LOOKBACK_MS,
    ) -> Samples:
        """Return one value per series and bucket; from rollups where raw samples are gone."""
        choice = Choice(chosen(series), start_ms, end_ms)
        statement = self._aggregated(choice, step_ms, function, lookback_ms)
        return self._told(statement, "bucket", "figure") if statement else EMPTY

    def _aggregated(
        self, choice: Choice, step_ms: int, function: Function, lookback_ms: int
    ) -> str:
        """Return the statement of an aggregate; empty when nothing is asked. Raises Garbled."""
        if step_ms < 1 or lookback_ms < 0:
            raise Garbled("A step is at least one millisecond, a lookback not negative.")
        if function not in FUNCTIONS:
            raise Garbled(f"There is no function “{function}”: {', '.join(FUNCTIONS)}.")
        if choice.is_empty:
            return ""
        lines, start = drawn(self.server), choice.start_ms
        if start % FIVE_MS == 0 and step_ms % FIVE_MS == 0 and start < lines.raw_ms:
            parts = self._parts(choice, lines, step_ms, min(lookback_ms, LOOKBACK_MS))
            return questions.combined(parts, start_ms=start, step_ms=step_ms, function=function)
        before = lookback_ms if function in ("increase", "rate") else 0
        return questions.aggregate(
            self._source(choice.since(start - before), lines),
            start_ms=start, step_ms=step_ms, function=function, lookback_ms=lookback_ms,
        )  # fmt: skip

    def _parts(self, choice: Choice, lines: Lines, step_ms: int, lookback_ms: int) -> list[str]:
        """Return partial results: of hours, five minutes and raw samples, as far as each goes."""
        parts, database = [], self.server.database
        fives = choice.since(max(choice.start_ms, lines.five_ms)).until(
            min(lines.raw_ms, choice.end_ms - FIVE_MS + 1)
        )
        parts.append(questions.rolled(f"{database}.five_minutes", fives))
        if choice.start_ms % HOUR_MS == 0 and step_ms % HOUR_MS == 0:
            hours = choice.since(max(choice.start_ms, lines.hour_ms)).until(
                min(lines.five_ms, choice.end_ms - HOUR_MS + 1)
            )
            parts.append(questions.rolled(f"{database}.hours", hours))
        before = choice.since(max(lines.floor_ms, lines.raw_ms - lookback_ms))
        parts.append(
            questions.partials(
                questions.source(self._samples, before),
                start_ms=lines.raw_ms, step_ms=FIVE_MS, lookback_ms=lookback_ms,
            )
        )  # fmt: skip
        return parts

    def quantile(
        self,
        groups: Mapping[str, ArrayLike],
        *,
        q: float,
        start_ms: int,
        end_ms: int,
        step_ms: int | None = None,
        function: Function = "avg",
        lookback_ms: int = LOOKBACK_MS,
    ) -> dict[str, float]:
        """Return the linear quantile of each group that has samples."""
        if not 0 <= q <= 1:
            raise Garbled("A quantile lies between 0 and 1.")
        names, members = list(groups), [chosen(series) for series in groups.values()]
        if not names:
            return {}
        choice = Choice(np.unique(np.concatenate(members)), start_ms, end_ms)
        if step_ms is not None:
            figure, values = "figure", self._aggregated(choice, step_ms, function, lookback_ms)
        elif choice.is_empty:
            return {}
        else:
            figure, values = "v", self._source(choice, drawn(self.server))
        if not values:
            return {}
        numbered = {place: series.tolist() for place, series in enumerate(members) if series.size}
        found = self.server.ask(questions.quantiles(values, figure, numbered, float(q)))
        told = zip(found["place"].tolist(), found["answer"].tolist(), strict=True) if found else ()
        return {names[place]: value for place, value in told}

    def _source(self, choice: Choice, lines: Lines) -> str:
        """Return SQL for the raw rows chosen, from the drop line on."""
        return questions.source(self._samples, choice.since(max(choice.start_ms, lines.raw_ms)))

    def _told(self, statement: str, instant: str, value: str) -> Samples:
        found = self.server.ask(statement)
        if not found:
            return EMPTY
        return Samples(found["series"].astype(np.int64), found[instant], found[value])

    def drop_before(self, before_ms: int) -> None:
        """Forget everything before an instant, at once; files go at a later upkeep."""
        draw(self.server, "all", int(before_ms))

    def maintain(self, *, now_ms: int) -> Maintenance:
        """Roll up and drop what is old; merging is ClickHouse's own."""
        patient = Server(self._url, seconds=UPKEEP_SECONDS)
        try:
            return Upkeep(patient, self.retention).run(int(now_ms))
        finally:
            patient.close()

    def stats(self) -> StoreStats:
        """Return what the store holds; bytes and segments are those of the server asked."""
        start = questions.instant(drawn(self.server).raw_ms)
        rows = self.server.ask(
            "SELECT count() AS samples, toUnixTimestamp64Milli(min(ts)) AS oldest,"  # noqa: S608
            f" toUnixTimestamp64Milli(max(ts)) AS newest FROM {self._samples} WHERE ts >= {start}"
        )
        parts = self.server.ask(
            "SELECT sum(bytes_on_disk) AS bytes, count() AS many FROM system.parts WHERE active"  # noqa: S608
            f" AND database = '{self.server.database}'"
        )
        samples = int(rows["samples"][0])
        return StoreStats(
            samples=samples,
            bytes=int(parts["bytes"][0]),
            segments=int(parts["many"][0]),
            oldest_ms=int(rows["oldest"][0]) if samples else None,
            newest_ms=int(rows["newest"][0]) if samples else None,
        )

    def write_events(self, events: Sequence[Event]) -> int:
        """Keep the events durably and return how many are not below the drop line."""
        return kept.write(self.server, events)

    def find_events(
        self,
        *,
        start_ms: int,
        end_ms: int,
        text: str = "",
        kinds: Collection[str] = (),
        sources: ArrayLike = (),
        limit: int = 500,
    ) -> list[Event]:
        """Return the newest events of [start, end) that hold the text, newest first."""
        return kept.find(
            self.server, start_ms=start_ms, end_ms=end_ms, text=text, kinds=kinds,
            sources=chosen(sources).tolist(), limit=limit,
        )  # fmt: skip

    def close(self) -> None:
        """Let go of connections."""
        self.server.close()
