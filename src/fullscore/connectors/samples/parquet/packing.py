"""Writing packed segments: sorted, compressed, in parts that can be sorted in little memory."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fullscore.connectors.samples.parquet import questions
from fullscore.connectors.samples.parquet.duck import Duck
from fullscore.connectors.samples.parquet.files import Files
from fullscore.connectors.samples.parquet.manifest import OPEN, Manifest, Segment
from fullscore.connectors.samples.parquet.questions import Choice
from fullscore.connectors.samples.parquet.steps import reached
from fullscore.connectors.samples.parquet.writing import parquet

# Sorted by series and time. Half of DuckDB's usual row group: one series is read in half the time,
# for 4 % more bytes. Dictionaries only as large as the series of a row group need, which are found
# a third faster in them; of values they would make 3.6 bytes a sample out of 3.1 (all measured).
OPTIONS = (
    "FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd, COMPRESSION_LEVEL 3,"
    " ROW_GROUP_SIZE 61440, DICTIONARY_SIZE_LIMIT "
)
DICTIONARY_ROWS = {"day": 128}  # a sample a minute: 43 to 86 series
# About 1.5 MB a file of a day and 17 MB of an hour, which takes 80 MB of memory while it is made;
# far below the 256 MB a segment may have; sorted within DuckDB's memory limit.
MOST_ROWS = 1_000_000
UNCUT_SECONDS = 3600.0  # nobody waits for upkeep


@dataclass(frozen=True, slots=True)
class Span:
    """The instants of [start, end)."""

    start_ms: int
    end_ms: int

    def holds(self, segment: Segment) -> bool:
        """Return whether all of a segment's samples lie inside."""
        return self.start_ms <= segment.first_ms and segment.last_ms < self.end_ms

    def meets(self, segment: Segment) -> bool:
        """Return whether a segment may have samples inside."""
        return segment.first_ms < self.end_ms and segment.last_ms >= self.start_ms


class Packing:
    """Writes segments from other segments; `alive` is called before each file and may raise."""

    def __init__(
        self, manifest: Manifest, files: Files, duck: Duck, *, alive: Callable[[], None]
    ) -> None:
        self.manifest, self.files, self.duck, self.alive = manifest, files, duck, alive

    def spans(self, segments: Sequence[Segment], width_ms: int) -> list[int]:
        """Return the starts of the spans of one width that hold any sample of some segments."""
        found = self.duck.ask(
            f"SELECT DISTINCT ts_ms // {width_ms} * {width_ms} AS start"  # noqa: S608
            f" FROM read_parquet({self.files.quoted([s.name for s in segments])})",
            seconds=UNCUT_SECONDS,
        )
        return sorted(found["start"].tolist())

    def pack(self, segments: Sequence[Segment], level: str, span: Span) -> list[Segment]:
        """Write the samples of a span anew, each instant once, in parts by series."""
        near = [segment for segment in segments if span.meets(segment)]
        new = []
        for part in self.parts(near, span):
            source = questions.source(self.files, near, part, with_seq=True)
            new += self.write(level, source)
            reached("merged")
        return new

    def parts(self, segments: Sequence[Segment], span: Span) -> Iterator[Choice]:
        """Return choices that cut a span by series into parts of at most so many rows."""
        whole = Choice(None, span.start_ms, span.end_ms)
        if sum(segment.rows for segment in segments) <= MOST_ROWS:
            yield whole
            return
        counted = self.duck.ask(
            "SELECT series, count(*) AS many"  # noqa: S608
            f" FROM read_parquet({self.files.quoted([s.name for s in segments])})"
            f" WHERE {whole.condition()} GROUP BY series ORDER BY series",
            seconds=UNCUT_SECONDS,
        )
        part = (np.cumsum(counted["many"]) - 1) // MOST_ROWS
        for number in np.unique(part):
            series = counted["series"][part == number]
            yield replace(whole, between=(int(series[0]), int(series[-1])))

    def write(self, level: str, source: str) -> list[Segment]:
        """Write a statement's rows as one durable file, not yet listed; none without rows."""
        self.alive()
        name = self.files.name(level, self.manifest.next_number())
        sorted_rows = f"SELECT * FROM ({source}) ORDER BY series, ts_ms"  # noqa: S608
        written = self._open if level in OPEN else self._packed
        return written(name, level, sorted_rows)

    def _open(self, name: str, level: str, rows: str) -> list[Segment]:
        """Write rows in a file whose instants and values lie open."""
        arrays = self.duck.ask(rows, seconds=UNCUT_SECONDS)
        many = len(arrays["series"])
        if not many:
            return []
        content = parquet(arrays, packed=("series", "seq"))
        digest = self.files.write(name, content)
        first, last = int(arrays["ts_ms"].min()), int(arrays["ts_ms"].max())
        low, high = int(arrays["series"][0]), int(arrays["series"][-1])
        return [Segment(name, level, first, last, low, high, many, len(content), digest)]

    def _packed(self, name: str, level: str, rows: str) -> list[Segment]:
        """Write rows as tight as DuckDB can."""
        fresh = self.files.fresh(name)
        path = str(fresh).replace("'", "''")
        most = DICTIONARY_ROWS.get(level, 1)
        try:
            copied = self.duck.ask(
                f"COPY ({rows}) TO '{path}' ({OPTIONS}{most})", seconds=UNCUT_SECONDS
            )
        except Exception:
            fresh.unlink(missing_ok=True)
            raise
        many = int(copied["Count"][0])
        if not many:
            fresh.unlink()
            return []
        size, digest = self.files.adopt(name)
        told = self.duck.ask(
            "SELECT min(ts_ms) AS first, max(ts_ms) AS last, min(series) AS low,"  # noqa: S608
            f" max(series) AS high FROM read_parquet({self.files.quoted([name])})"
        )
        first, last, low, high = (int(told[k][0]) for k in ("first", "last", "low", "high"))
        return [Segment(name, level, first, last, low, high, many, size, digest)]
