"""The half of the store that answers: each answer from one snapshot of the manifest."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fullscore.connectors.base import Garbled, Refused
from fullscore.connectors.samples.contract import (
    EMPTY,
    FUNCTIONS,
    LOOKBACK_MS,
    Function,
    Samples,
    chosen,
)
from fullscore.connectors.samples.parquet import questions
from fullscore.connectors.samples.parquet.damage import set_aside
from fullscore.connectors.samples.parquet.duck import Duck
from fullscore.connectors.samples.parquet.files import Files
from fullscore.connectors.samples.parquet.manifest import RAW, ROLLED, Manifest, Snapshot
from fullscore.connectors.samples.parquet.questions import Choice

ATTEMPTS = 5  # a question that meets a swap or a damaged file looks into the manifest again
FIVE_MS, HOUR_MS = ROLLED["r5"], ROLLED["r60"]
Statement = Callable[[Snapshot], str]  # empty: there is nothing to ask


class Asking:
    """Answers questions about the segments a manifest lists."""

    def __init__(self, manifest: Manifest, files: Files, duck: Duck) -> None:
        self.manifest, self.files, self.duck = manifest, files, duck

    def latest(self, series: ArrayLike, *, at_ms: int, lookback_ms: int = LOOKBACK_MS) -> Samples:
        """Return the newest row of each series in (at - lookback, at], unless it is a marker."""
        choice = Choice(chosen(series), at_ms - lookback_ms + 1, at_ms + 1)
        return self._samples(choice, questions.latest)

    def read(
        self, series: ArrayLike, *, start_ms: int, end_ms: int, limit: int | None = None
    ) -> Samples:
        """Return the rows of [start, end), markers included."""
        if limit is not None and limit < 0:
            raise Garbled("A limit counts from 0.")
        choice = Choice(chosen(series), start_ms, end_ms)
        return self._samples(choice, lambda source: questions.rows(source, limit))

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
        return _as_samples(self._asked(choice, statement, before_ms=lookback_ms), "bucket")

    def _aggregated(
        self, choice: Choice, step_ms: int, function: Function, lookback_ms: int
    ) -> Statement:
        """Return what makes the statement of an aggregate from what there is. Raises Garbled."""
        if step_ms < 1 or lookback_ms < 0:
            raise Garbled("A step is at least one millisecond, a lookback not negative.")
        if function not in FUNCTIONS:
            raise Garbled(f"There is no function “{function}”: {', '.join(FUNCTIONS)}.")
        start, before = choice.start_ms, lookback_ms if function in ("increase", "rate") else 0
        is_fit = start % FIVE_MS == 0 and step_ms % FIVE_MS == 0

        def statement(there: Snapshot) -> str:
            if is_fit and start < there.raw_floor_ms and there.of(*ROLLED):
                parts = self._parts(choice, there, step_ms, min(lookback_ms, LOOKBACK_MS))
                return (
                    questions.combined(parts, start_ms=start, step_ms=step_ms, function=function)
                    if parts
                    else ""
                )
            source = self._source(there, choice, start_ms=max(start - before, there.raw_floor_ms))
            return source and questions.aggregate(
                source, start_ms=start, step_ms=step_ms, function=function, lookback_ms=lookback_ms
            )

        return statement

    def _parts(self, choice: Choice, there: Snapshot, step_ms: int, lookback_ms: int) -> list[str]:
        """Return partial results: of hours, five minutes and raw samples, as far as each goes."""
        raw_floor, begin = there.raw_floor_ms, max(choice.start_ms, there.floor_ms)
        fives = min((s.first_ms for s in there.of("r5")), default=raw_floor) // HOUR_MS * HOUR_MS
        parts = [self._rolled(there, "r5", Choice(choice.series, max(begin, fives), choice.end_ms))]
        if choice.start_ms % HOUR_MS == 0 and step_ms % HOUR_MS == 0:
            older = Choice(choice.series, begin, min(fives, choice.end_ms))
            parts.append(self._rolled(there, "r60", older))
        before = max(there.floor_ms, raw_floor - lookback_ms)
        if source := self._source(there, choice, start_ms=before):
            parts.append(
                questions.partials(
                    source, start_ms=raw_floor, step_ms=FIVE_MS, lookback_ms=lookback_ms
                )
            )
        return [part for part in parts if part]

    def _rolled(self, there: Snapshot, level: str, choice: Choice) -> str:
        """Return SQL for the rollups chosen; one that reaches beyond the end is left out whole."""
        end = min(there.raw_floor_ms, choice.end_ms - ROLLED[level] + 1)
        inside = Choice(choice.series, choice.start_ms, end)
        near = [s.name for s in there.of(level) if inside.may_be_in(s)]
        if not near:
            return ""
        return f"SELECT * FROM read_parquet({self.files.quoted(near)}) WHERE {inside.condition()}"  # noqa: S608

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
        values = self._plain(choice)
        if step_ms is not None:
            values = self._aggregated(choice, step_ms, function, lookback_ms)
        grouped = {
            "place": np.repeat(np.arange(len(names)), [len(series) for series in members]),
            "series": np.concatenate(members),
        }

        def statement(there: Snapshot) -> str:
            told = values(there)
            return told and questions.quantiles(told, float(q))

        found = self._asked(choice, statement, before_ms=lookback_ms, grouped=grouped)
        if not found:
            return {}
        told = zip(found["place"].tolist(), found["value"].tolist(), strict=True)
        return {names[place]: value for place, value in told}

    def _plain(self, choice: Choice) -> Statement:
        """Return what makes the statement of the raw rows themselves."""
        return lambda there: self._source(there, choice)

    def _samples(self, choice: Choice, told: Callable[[str], str]) -> Samples:
        """Return raw samples as a statement over their source tells them."""

        def statement(there: Snapshot) -> str:
            source = self._source(there, choice)
            return source and told(source)

        return _as_samples(self._asked(choice, statement), "ts_ms")

    def _source(self, there: Snapshot, choice: Choice, *, start_ms: int | None = None) -> str:
        """Return SQL for the raw rows chosen, each instant once; empty when there are none."""
        start = max(choice.start_ms, there.raw_floor_ms) if start_ms is None else start_ms
        inside = Choice(choice.series, start, choice.end_ms)
        near = [s for s in there.of(*RAW) if s.last_ms >= start and inside.may_be_in(s)]
        return questions.source(self.files, near, inside) if near else ""

    def _asked(
        self, choice: Choice, statement: Statement, *, before_ms: int = 0,
        **tables: dict[str, NDArray[Any]],
    ) -> Mapping[str, NDArray[Any]]:  # fmt: skip
        """Return an answer from one snapshot; from a newer one when files went meanwhile."""
        if choice.series is None or not choice.series.size or choice.end_ms <= choice.start_ms:
            return {}
        import duckdb

        tables["wanted"] = {"series": choice.series}
        # A rollup counts from its bucket's start, up to an hour before the last sample in it.
        begin = choice.start_ms - before_ms - HOUR_MS
        for _ in range(ATTEMPTS):
            there = self.manifest.snapshot((*RAW, *ROLLED), start_ms=begin, end_ms=choice.end_ms)
            if not (sql := statement(there)):
                return {}
            try:
                return self.duck.ask(sql, arrays=tables)
            except duckdb.Error as error:
                if not set_aside(self.manifest, self.files, there.segments):
                    raise Refused(f"The sample store cannot be read: {error}.") from error
        raise Refused("The sample store changes faster than it can be read: try again.")


def _as_samples(found: Mapping[str, NDArray[Any]], instant: str) -> Samples:
    return Samples(found["series"], found[instant], found["value"]) if found else EMPTY
