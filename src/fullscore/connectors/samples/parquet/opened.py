"""Files of `writing` read where they lie: the rows of some series, without unpacking any other."""

import mmap
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from fullscore.connectors.samples.parquet import writing

Integers = NDArray[np.int64]
Numbers = NDArray[np.float64]


class Unreadable(Exception):
    """A file is gone, or not what was written."""


class Columns:
    """Rows sorted by series, in one part or several."""

    def __init__(self, series: Integers, ts_ms: Integers, values: Numbers) -> None:
        """Keep three arrays as they are."""
        self._series, self._first = series, np.arange(len(series) + 1)
        self._starts: Integers = np.array([0, len(series)])
        self.ts_ms, self.values = [ts_ms], [values]

    def find(self, series: Integers) -> tuple[Integers, Integers]:
        """Return the first row of each series asked for, and how many there are."""
        first = self._first[np.searchsorted(self._series, series, "left")]
        return first, self._first[np.searchsorted(self._series, series, "right")] - first

    def taken(self, parts: list[NDArray[Any]], rows: Integers) -> NDArray[Any]:
        """Return some rows of a column; ascending."""
        if len(parts) == 1:
            return parts[0][rows]
        cuts = [0, *np.searchsorted(rows, self._starts[1:]).tolist()]
        return np.concatenate([
            part[rows[cuts[n] : cuts[n + 1]] - self._starts[n]] for n, part in enumerate(parts)
        ])  # fmt: skip

    def windows(self, parts: list[NDArray[Any]], first: Integers, width: int) -> NDArray[Any]:
        """Return so many rows of a column from each of some on: a line each, copied as a whole."""
        if len(parts) == 1:
            return _lines(parts[0], width)[first]
        found = np.empty((len(first), width), parts[0].dtype)
        cuts = np.searchsorted(first, self._starts)
        for group in np.flatnonzero(np.diff(cuts)).tolist():
            part, start = parts[group], int(self._starts[group])
            begin, end = int(cuts[group]), int(cuts[group + 1])
            whole = begin + int(np.searchsorted(first[begin:end], start + len(part) - width + 1))
            if whole > begin:
                found[begin:whole] = _lines(part, width)[first[begin:whole] - start]
            if end > whole:  # these go on in the next row group
                rows = first[whole:end, np.newaxis] + np.arange(width)
                found[whole:end] = self.taken(parts, rows.ravel()).reshape(-1, width)
        return found


class Opened(Columns):
    """The columns of one file. The mapping outlives the file's name, as every open file does."""

    def __init__(self, path: Path, *, size: int) -> None:
        """Map a file of the size the manifest tells; a cut one would end the process when read."""
        try:
            with path.open("rb") as file:
                self._content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:  # an empty file cannot be mapped
            raise Unreadable(path.name) from error
        if len(self._content) != size:
            raise Unreadable(path.name)
        try:
            self._read_index()
        except ValueError as error:  # NumPy's word for what lies beyond the file's end
            raise Unreadable(path.name) from error

    def _read_index(self) -> None:
        end = len(self._content) - 8
        end -= int.from_bytes(self._content[end : end + 4], "little") + 8
        (many,) = self._numbers(end, 1)
        index = self._numbers(end - 8 * int(many), int(many))
        width = 1 + len(writing.INDEXED)
        groups = index[1 : 1 + width * int(index[0])].reshape(-1, width)
        self._starts: Integers = np.concatenate([[0], np.cumsum(groups[:, 0])])
        columns = [self._column(groups, place) for place in range(1, width)]
        self.ts_ms, self.values = columns[1], [one.view(np.float64) for one in columns[2]]
        runs = index[1 + groups.size :].reshape(2, -1)
        if runs.size:
            self._series, self._first = runs[0], np.append(runs[1], self._starts[-1])
        else:
            self._series = np.concatenate(columns[0])
            self._first = np.arange(len(self._series) + 1)

    def _column(self, groups: Integers, place: int) -> list[Integers]:
        """Return a column's numbers by row group, in place; one told once looks like many."""
        parts = []
        for group in groups:
            rows, at = int(group[0]), int(group[place])
            part = self._numbers(abs(at), 1 if at < 0 else rows)
            parts.append(np.broadcast_to(part, rows))
        return parts

    def _numbers(self, at: int, many: int) -> Integers:
        found: Integers = np.frombuffer(self._content, "<i8", many, at)
        return found


def _lines(part: NDArray[Any], width: int) -> NDArray[Any]:
    """Return what looks like all runs of so many neighbours of a column; nothing is copied."""
    (apart,) = part.strides
    return as_strided(part, (len(part) - width + 1, width), (apart, apart), writeable=False)
