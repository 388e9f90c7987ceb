"""The store of one host: any number of processes append, read and keep it up side by side."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fullscore.connectors.base import Garbled, Refused
from fullscore.connectors.samples import reckoning
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
)
from fullscore.connectors.samples.parquet import rollups
from fullscore.connectors.samples.parquet.manifest import Manifest, Segment
from fullscore.connectors.samples.parquet.segments import ENDING, Broken, Files, Vanished
from fullscore.connectors.samples.parquet.steps import reached
from fullscore.connectors.samples.parquet.upkeep import COLUMNS, RAW, Upkeep

T = TypeVar("T")
ATTEMPTS = 5  # a read that meets a swap looks into the manifest again


class ParquetStore:
    """Samples in one folder; see `contract.SampleStore` for the rules."""

    def __init__(self, folder: str, retention: Retention) -> None:
        self.folder = Path(folder)
        try:
            self.folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        except OSError as error:
            raise Refused(f"The sample store's folder {folder} cannot be made: {error}.") from error
        self.retention = retention
        self.manifest = Manifest(self.folder)
        self.files = Files(self.folder)
        self._refuse_old_manifest()

    def _refuse_old_manifest(self) -> None:
        """Refuse a manifest restored from an older copy than the segments beside it."""
        newest = self.manifest.sequence()
        numbers = [
            int(p.name.split("-")[1])
            for p in self.folder.glob(f"*{ENDING}")
            if p.name.count("-") == 2
        ]
        if numbers and max(numbers) > newest:
            raise Refused(
                f"The manifest in {self.folder} is older than the segments beside it: it was"
                " restored from another day. Restore folder and manifest of one backup; or move"
                " newer segments away to go on without them."
            )

    def append(self, samples: Samples) -> int:
        """Store samples durably; return how many are not below the drop line."""
        samples = checked(samples)
        kept = samples.ts_ms >= self.manifest.floor_ms()
        count = int(kept.sum())
        if not count:
            return 0
        place = np.arange(len(samples))[kept]
        rows = reckoning.without_repeats(
            samples.series[kept], samples.ts_ms[kept], samples.values[kept], place
        )
        number = self.manifest.next_sequence()
        reached("numbered")
        arrays = {
            "series": rows.series, "ts_ms": rows.ts_ms, "value": rows.values,
            "seq": np.full(len(rows), number, dtype=np.int64),
        }  # fmt: skip
        segment = self.files.write("hot", arrays, number=number)
        try:
            self.manifest.add(segment)
        except Refused:
            self.files.unlink(segment.name)
            raise
        return count

    def latest(self, series: ArrayLike, *, at_ms: int, lookback_ms: int = LOOKBACK_MS) -> Samples:
        """Return the newest row of each series in (at - lookback, at], unless it is a marker."""
        return reckoning.latest(self._raw(chosen(series), at_ms - lookback_ms + 1, at_ms + 1))

    def read(
        self, series: ArrayLike, *, start_ms: int, end_ms: int, limit: int | None = None
    ) -> Samples:
        """Return the rows of [start, end), markers included."""
        rows = self._raw(chosen(series), start_ms, end_ms)
        if limit is None or len(rows) <= limit:
            return rows
        return Samples(rows.series[:limit], rows.ts_ms[:limit], rows.values[:limit])

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
        if step_ms <= 0:
            raise Garbled("A step is at least one millisecond.")
        if function not in FUNCTIONS:
            raise Garbled(f"There is no function “{function}”: {', '.join(FUNCTIONS)}.")
        wanted = chosen(series)
        old_end = self._rollups_end(start_ms, end_ms, step_ms)
        recent = self._aggregate_raw(wanted, start_ms, end_ms, step_ms, function, lookback_ms)
        if old_end <= start_ms:
            return recent
        old = self._aggregate_rolled(wanted, start_ms, old_end, step_ms, function)
        newer = recent.ts_ms >= old_end
        recent = Samples(recent.series[newer], recent.ts_ms[newer], recent.values[newer])
        return reckoning.joined(old, recent)

    def _aggregate_raw(
        self, series: NDArray[np.int64], start_ms: int, end_ms: int, step_ms: int,
        function: Function,
        lookback_ms: int,
    ) -> Samples:  # fmt: skip
        before = lookback_ms if function in ("increase", "rate") else 0
        rows = self._raw(series, start_ms - before, end_ms)
        return reckoning.aggregate(
            rows, start_ms=start_ms, end_ms=end_ms, step_ms=step_ms, function=function,
            lookback_ms=lookback_ms,
        )  # fmt: skip

    def _rollups_end(self, start_ms: int, end_ms: int, step_ms: int) -> int:
        """Return up to where rollups answer: raw is gone before, and the buckets fit."""
        floor, raw_floor = self.manifest.floors()
        is_fit = step_ms % rollups.LEVELS["r5"] == 0 and start_ms % rollups.LEVELS["r5"] == 0
        if not is_fit or raw_floor <= max(start_ms, floor):
            return start_ms
        whole = start_ms + (min(raw_floor, end_ms) - start_ms) // step_ms * step_ms
        return whole

    def _aggregate_rolled(
        self,
        series: NDArray[np.int64],
        start_ms: int,
        end_ms: int,
        step_ms: int,
        function: Function,
    ) -> Samples:
        hour = rollups.LEVELS["r60"]
        is_coarse = step_ms % hour == 0 and start_ms % hour == 0
        start = max(start_ms, self.manifest.floors()[0])
        for level in ("r60", "r5") if is_coarse else ("r5",):
            columns = ("series", "ts_ms", *rollups.FIGURES)
            found = self._columns([level], columns, series, start, end_ms)
            if len(found[0]):
                arrays = dict(zip(columns, found, strict=True))
                return rollups.answered(arrays, function, start_ms=start_ms, step_ms=step_ms)
        return EMPTY

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
        asked = {name: chosen(series) for name, series in groups.items()}
        if not asked:
            return {}
        union = np.unique(np.concatenate(list(asked.values())))
        if step_ms is None:
            rows = self._raw(union, start_ms, end_ms)
        else:
            rows = self.aggregate(
                union, start_ms=start_ms, end_ms=end_ms, step_ms=step_ms, function=function,
                lookback_ms=lookback_ms,
            )  # fmt: skip
        told = {}
        for name, series in asked.items():
            values = rows.values[np.isin(rows.series, series) & ~np.isnan(rows.values)]
            if len(values):
                with np.errstate(invalid="ignore"):
                    told[name] = float(np.quantile(values, q))
        return told

    def drop_before(self, before_ms: int) -> None:
        """Forget everything before an instant, at once; files go at the next upkeep."""
        self.manifest.raise_floor(int(before_ms))

    def maintain(self, *, now_ms: int) -> Maintenance:
        """Compact, roll up and drop what is old."""
        return Upkeep(self.manifest, self.files, self.retention).run(int(now_ms))

    def stats(self) -> StoreStats:
        """Return what the store holds.

        Samples count as stored, repeats not yet compacted included.
        """
        marks = ", ".join(f"'{level}'" for level in RAW)
        (row,) = self.manifest.ask(
            f"SELECT coalesce(sum(rows) FILTER (WHERE level IN ({marks})), 0),"  # noqa: S608
            f" coalesce(sum(bytes), 0), count(*), min(first_ms) FILTER (WHERE level IN ({marks})),"
            f" max(last_ms) FILTER (WHERE level IN ({marks}))"
            " FROM segment WHERE dead_at IS NULL AND quarantined = 0"
        )
        samples, size, segments, oldest, newest = row
        return StoreStats(
            int(str(samples)), int(str(size)), int(str(segments)),
            None if oldest is None else int(str(oldest)),
            None if newest is None else int(str(newest)),
            self.manifest.quarantined(),
        )  # fmt: skip

    def write_events(self, events: Sequence[Event]) -> int:
        """Store events durably; returns how many."""
        rows = [
            (e.at_ms, e.source, e.kind, e.severity, e.text, json.dumps(dict(e.attributes)))
            for e in events
        ]
        with self.manifest.writing() as db:
            db.executemany(
                "INSERT INTO event (at_ms, source, kind, severity, text, attributes)"
                " VALUES (?, ?, ?, ?, ?, ?)", rows,
            )  # fmt: skip
        return len(rows)

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
        """Return the newest events of [start, end) that hold the text, whatever its case."""
        where, values = "at_ms >= ? AND at_ms < ?", [start_ms, end_ms]
        more: list[Any] = []
        if text:
            where += " AND instr(lower(text), lower(?)) > 0"
            more.append(text)
        for column, wanted in (("kind", list(kinds)), ("source", chosen(sources).tolist())):
            if wanted:
                where += f" AND {column} IN ({', '.join('?' * len(wanted))})"
                more += wanted
        rows = self.manifest.ask(
            "SELECT at_ms, source, kind, severity, text, attributes FROM event"  # noqa: S608
            f" WHERE {where} ORDER BY at_ms DESC, id DESC LIMIT ?", [*values, *more, limit],
        )  # fmt: skip
        return [_event(row) for row in rows]

    def close(self) -> None:
        """Let go of files and connections."""
        self.manifest.close()
        self.files.close()

    def _raw(self, series: NDArray[np.int64], start_ms: int, end_ms: int) -> Samples:
        """Return the raw rows of some series in [start, end), sorted, each instant once."""
        if not len(series) or end_ms <= start_ms:
            return EMPTY
        start = max(start_ms, self.manifest.floor_ms())
        return reckoning.without_repeats(*self._columns(RAW, COLUMNS, series, start, end_ms))

    def _columns(
        self,
        levels: Iterable[str],
        columns: Sequence[str],
        series: NDArray[np.int64],
        start: int,
        end: int,
    ) -> list[NDArray[Any]]:
        levels = list(levels)

        def ask() -> list[NDArray[Any]]:
            found = self.manifest.segments(levels, start_ms=start, end_ms=end)
            near = [s for s in found if _may_hold(s, series)]
            return self.files.read(near, columns, series=series, start_ms=start, end_ms=end)

        return self._again(ask)

    def _again(self, ask: Callable[[], T]) -> T:
        """Ask; once more when files were swapped meanwhile; without what cannot be read."""
        for _ in range(ATTEMPTS):
            try:
                return ask()
            except Vanished as gone:
                self._note_lost(Path(gone.args[0]).name)
            except Broken as broken:
                self.manifest.quarantine(broken.name)
        raise Refused("The sample store changes faster than it can be read: try again.")

    def _note_lost(self, name: str) -> None:
        """Quarantine a segment that is listed as live though its file is gone."""
        alive = self.manifest.ask(
            "SELECT 1 FROM segment WHERE name = ? AND dead_at IS NULL", (name,)
        )
        if alive:
            self.manifest.quarantine(name)


def _may_hold(segment: Segment, series: NDArray[np.int64]) -> bool:
    place = int(np.searchsorted(series, segment.min_series))
    return place < len(series) and int(series[place]) <= segment.max_series


def _event(row: Sequence[Any]) -> Event:
    at_ms, source, kind, severity, text, attributes = row
    return Event(
        int(at_ms), int(source), str(kind), int(severity), str(text), json.loads(attributes)
    )
