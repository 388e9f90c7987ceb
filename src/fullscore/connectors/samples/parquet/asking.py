"""The half of the store that answers: each answer from one snapshot of the manifest.

Samples of open files are taken from where they lie and counted in memory; where a packed file, a
rollup or a repeat is among what is asked, DuckDB is asked for all.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import compress
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
from fullscore.connectors.samples.parquet import buckets, questions
from fullscore.connectors.samples.parquet.damage import set_aside
from fullscore.connectors.samples.parquet.duck import QUERY_SECONDS, Duck
from fullscore.connectors.samples.parquet.files import Files
from fullscore.connectors.samples.parquet.gathering import Gathering
from fullscore.connectors.samples.parquet.manifest import (
    OPEN,
    RAW,
    ROLLED,
    Manifest,
    Segment,
    Snapshot,
)
from fullscore.connectors.samples.parquet.opened import Unreadable
from fullscore.connectors.samples.parquet.questions import Choice

ATTEMPTS = 5  # a question that meets a swap or a damaged file looks into the manifest again
FIVE_MS, HOUR_MS = ROLLED["r5"], ROLLED["r60"]
Statement = Callable[[Snapshot], str]  # empty: there is nothing to ask
FEW_ROWS = 500_000  # fetched at once, sorted: 12 MB; five times that where series lie thinly
PAIRED = ("increase", "rate")  # a sample with the one before it, also from before the start
Parts = Iterator[Samples]  # sorted, a few series at a time


class Asking:
    """Answers questions about the segments a manifest lists."""

    def __init__(self, manifest: Manifest, files: Files, duck: Duck) -> None:
        self.manifest, self.files, self.duck = manifest, files, duck

    def latest(self, series: ArrayLike, *, at_ms: int, lookback_ms: int = LOOKBACK_MS) -> Samples:
        """Return the newest row of each series in (at - lookback, at], unless it is a marker."""
        choice = Choice(chosen(series), at_ms - lookback_ms + 1, at_ms + 1)
        return self._samples(choice, questions.latest, buckets.latest)

    def read(
        self, series: ArrayLike, *, start_ms: int, end_ms: int, limit: int | None = None
    ) -> Samples:
        """Return the rows of [start, end), markers included."""
        if limit is not None and limit < 0:
            raise Garbled("A limit counts from 0.")
        choice = Choice(chosen(series), start_ms, end_ms)
        found = self._samples(choice, lambda source: questions.rows(source, limit), _unchanged)
        return Samples(found.series[:limit], found.ts_ms[:limit], found.values[:limit])

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
        asked = {"start_ms": start_ms, "step_ms": step_ms, "lookback_ms": lookback_ms}
        before = lookback_ms if function in PAIRED else 0

        def in_memory(there: Snapshot) -> Samples | None:
            if _is_rolled(there, start_ms, step_ms):
                return None
            parts = self._gathered(there, choice, start_ms=start_ms - before)
            if parts is None:
                return None
            return _joined(buckets.aggregate(part, function=function, **asked) for part in parts)

        return self._told(choice, statement, "bucket", in_memory, before_ms=lookback_ms)

    def _aggregated(
        self, choice: Choice, step_ms: int, function: Function, lookback_ms: int
    ) -> Statement:
        """Return what makes the statement of an aggregate from what there is. Raises Garbled."""
        if step_ms < 1 or lookback_ms < 0:
            raise Garbled("A step is at least one millisecond, a lookback not negative.")
        if function not in FUNCTIONS:
            raise Garbled(f"There is no function “{function}”: {', '.join(FUNCTIONS)}.")
        start, before = choice.start_ms, lookback_ms if function in PAIRED else 0

        def statement(there: Snapshot) -> str:
            if _is_rolled(there, start, step_ms):
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

    def _samples(
        self, choice: Choice, told: Callable[[str], str], counted: Callable[[Samples], Samples]
    ) -> Samples:
        """Return raw samples as a statement over their source tells them, or counted in memory."""

        def statement(there: Snapshot) -> str:
            source = self._source(there, choice)
            return source and told(source)

        def in_memory(there: Snapshot) -> Samples | None:
            parts = self._gathered(there, choice, start_ms=choice.start_ms)
            return None if parts is None else _joined(counted(part) for part in parts)

        return self._told(choice, statement, "ts_ms", in_memory)

    def _gathered(self, there: Snapshot, choice: Choice, *, start_ms: int) -> Parts | None:
        """Return the raw samples chosen; None when DuckDB had better answer the whole question.

        Rows that lie packed, or may be there twice, are fetched by DuckDB when they are few.
        """
        inside = replace(choice, start_ms=max(start_ms, there.raw_floor_ms))
        near = _near(there, inside)
        is_packed = np.array([s.level not in OPEN for s in near], dtype=bool)
        is_closed = questions.contested(near) | is_packed
        closed = list(compress(near, is_closed))
        if closed and (len(closed) == len(near) or _estimated(closed, inside) > FEW_ROWS):
            return None
        gathering = Gathering(self.files, list(compress(near, ~is_closed)), inside)
        if closed:
            sql = questions.rows(questions.source(self.files, closed, inside), None)
            found = self.duck.ask(sql, arrays={"wanted": {"series": gathering.series}})
            gathering.add(Samples(found["series"], found["ts_ms"], found["value"]))
        return gathering.parts(seconds=QUERY_SECONDS)

    def _source(self, there: Snapshot, choice: Choice, *, start_ms: int | None = None) -> str:
        """Return SQL for the raw rows chosen, each instant once; empty when there are none."""
        start = max(choice.start_ms, there.raw_floor_ms) if start_ms is None else start_ms
        inside = replace(choice, start_ms=start)
        near = _near(there, inside)
        return questions.source(self.files, near, inside) if near else ""

    def _told(
        self, choice: Choice, statement: Statement, instant: str,
        in_memory: Callable[[Snapshot], Samples | None], *, before_ms: int = 0,
    ) -> Samples:  # fmt: skip
        """Return samples as they are told in memory, or else by DuckDB."""
        answers: list[Samples] = []

        def statement_unless_told(there: Snapshot) -> str:
            if (told := in_memory(there)) is None:
                return statement(there)
            answers.append(told)
            return ""

        found = self._asked(choice, statement_unless_told, before_ms=before_ms)
        if answers:
            return answers[0]
        return Samples(found["series"], found[instant], found["value"]) if found else EMPTY

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
            try:
                return self.duck.ask(sql, arrays=tables) if (sql := statement(there)) else {}
            except (duckdb.Error, Unreadable) as error:
                if not set_aside(self.manifest, self.files, there.segments):
                    raise Refused(f"The sample store cannot be read: {error}.") from error
        raise Refused("The sample store changes faster than it can be read: try again.")


def _is_rolled(there: Snapshot, start_ms: int, step_ms: int) -> bool:
    """Return whether rollups answer: raw samples are gone from the start, and buckets fit."""
    is_fit = start_ms % FIVE_MS == 0 and step_ms % FIVE_MS == 0
    return is_fit and start_ms < there.raw_floor_ms and bool(there.of(*ROLLED))


def _estimated(segments: list[Segment], choice: Choice) -> float:
    """Return about how many rows of some segments are chosen, if series and instants lie evenly."""
    return sum(
        segment.rows * choice.share_of_time(segment) * choice.share_of_series(segment)
        for segment in segments
    )


def _near(there: Snapshot, choice: Choice) -> list[Segment]:
    """Return the raw segments that may hold what is chosen, oldest first."""
    return [s for s in there.of(*RAW) if s.last_ms >= choice.start_ms and choice.may_be_in(s)]


def _joined(parts: Parts) -> Samples:
    """Return the samples of all parts."""
    told = list(parts)
    if len(told) < 2:
        return told[0] if told else EMPTY
    return Samples(
        np.concatenate([part.series for part in told]),
        np.concatenate([part.ts_ms for part in told]),
        np.concatenate([part.values for part in told]),
    )


def _unchanged(samples: Samples) -> Samples:
    return samples
