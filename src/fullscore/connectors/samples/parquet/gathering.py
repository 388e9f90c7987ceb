"""The samples of some series from several sources, sorted, without sorting them.

Where each series begins in each source is known, so the place of every row in the answer is, too.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from time import monotonic

import numpy as np
from numpy.typing import NDArray

from fullscore.connectors.samples.contract import Samples, settled
from fullscore.connectors.samples.parquet.duck import too_much
from fullscore.connectors.samples.parquet.files import Files
from fullscore.connectors.samples.parquet.manifest import Segment
from fullscore.connectors.samples.parquet.opened import Columns, Opened
from fullscore.connectors.samples.parquet.questions import Choice

AT_ONCE = 200_000  # rows counted at a time: fewer cost calls, more leave the processor's cache
Integers = NDArray[np.int64]
Numbers = NDArray[np.float64]


class Gathering:
    """Open files that share no instant of a series, oldest first, and what is asked of them."""

    def __init__(self, files: Files, segments: Sequence[Segment], choice: Choice) -> None:
        """Raises Unreadable when a file is gone or damaged."""
        assert choice.series is not None  # noqa: S101 - only upkeep asks for all there are
        self.choice, self.series = choice, choice.series
        self._begin_ms = min((segment.first_ms for segment in segments), default=0)
        self._are_inside = all(choice.holds(segment) for segment in segments)
        self._is_sorted = True
        self._sources: list[Columns] = [
            Opened(files.folder / segment.name, size=segment.bytes) for segment in segments
        ]

    def add(self, samples: Samples) -> None:
        """Add samples from elsewhere, inside what is asked, that none of the files has."""
        if len(samples):
            self._is_sorted = int(samples.ts_ms.max()) < self._begin_ms
            self._sources.insert(0, Columns(samples.series, samples.ts_ms, samples.values))

    def parts(self, *, seconds: float) -> Iterator[Samples]:
        """Yield the samples of a few series at a time, sorted by series, then time.

        Raises Refused when it takes longer than `seconds`.
        """
        if not self._sources:
            return
        until, found = monotonic() + seconds, [one.find(self.series) for one in self._sources]
        first, many = np.array(found).transpose(1, 0, 2)  # by source, then series
        through = np.cumsum(many.sum(axis=0))
        number = (through - 1) // AT_ONCE
        cuts = [0, *(np.flatnonzero(np.diff(number)) + 1).tolist(), len(self.series)]
        for begin, end in pairwise(cuts):
            if monotonic() > until:
                raise too_much(seconds)
            yield self._part(self.series[begin:end], first[:, begin:end], many[:, begin:end])

    def _part(self, series: Integers, first: Integers, many: Integers) -> Samples:
        """Return the samples of some series, of which there are so many from a row of a source."""
        are_alike = bool((many == many[:, :1]).all())
        ts_ms, values = (self._lines if are_alike else self._rows)(first, many)
        found = self._inside(Samples(np.repeat(series, many.sum(axis=0)), ts_ms, values))
        return found if self._is_sorted else settled(found)

    def _lines(self, first: Integers, many: Integers) -> tuple[Integers, Numbers]:
        """Return instants and values when a source has as many of every series: the usual case."""
        shape = (many.shape[1], int(many[:, 0].sum()))
        ts_ms, values, at = np.empty(shape, np.int64), np.empty(shape, np.float64), 0
        for place, one in enumerate(self._sources):
            if width := int(many[place, 0]):
                ts_ms[:, at : at + width] = one.windows(one.ts_ms, first[place], width)
                values[:, at : at + width] = one.windows(one.values, first[place], width)
                at += width
        return ts_ms.ravel(), values.ravel()

    def _rows(self, first: Integers, many: Integers) -> tuple[Integers, Numbers]:
        """Return instants and values whatever there is of each series."""
        starts = np.cumsum(many.sum(axis=0)) - many.sum(axis=0)
        ts_ms = np.empty(int(many.sum()), np.int64)
        values = np.empty(len(ts_ms), np.float64)
        for place, one in enumerate(self._sources):
            rows, to = _ranges(first[place], many[place]), _ranges(starts, many[place])
            ts_ms[to] = one.taken(one.ts_ms, rows)
            values[to] = one.taken(one.values, rows)
            starts = starts + many[place]
        return ts_ms, values

    def _inside(self, samples: Samples) -> Samples:
        if self._are_inside:
            return samples
        kept = (samples.ts_ms >= self.choice.start_ms) & (samples.ts_ms < self.choice.end_ms)
        return Samples(samples.series[kept], samples.ts_ms[kept], samples.values[kept])


def _ranges(first: Integers, many: Integers) -> Integers:
    """Return first, first + 1, … so many of each, one range after the other."""
    before = np.cumsum(many) - many
    ranges: Integers = np.arange(int(many.sum())) + np.repeat(first - before, many)
    return ranges
