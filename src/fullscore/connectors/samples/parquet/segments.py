"""Segment files.

Written once and durably, read by DuckDB. NaN is stored as NULL, and read back as NaN.
"""

import hashlib
import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import numpy as np
from numpy.typing import NDArray

from fullscore.connectors.base import Refused
from fullscore.connectors.samples.parquet.manifest import NO_ROOM, Segment
from fullscore.connectors.samples.parquet.steps import reached

Arrays = Mapping[str, NDArray[Any]]
ENDING = ".parquet"
# Sorted by series and time, dictionaries off: 3.1 bytes a sample instead of 3.6.
OPTIONS = (
    "FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd, COMPRESSION_LEVEL 3,"
    " ROW_GROUP_SIZE 122880"
)
COPY = "COPY (SELECT * FROM arrays) TO '{path}' ({options})"


class Broken(Exception):
    """A segment file cannot be read; carries its name."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class Vanished(Exception):
    """A file was unlinked between the look into the manifest and the read."""


class Files:
    """The folder of segments, and one DuckDB per thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._local = threading.local()

    def _duck(self) -> duckdb.DuckDBPyConnection:
        duck: duckdb.DuckDBPyConnection | None = getattr(self._local, "duck", None)
        if duck is None:
            duck = duckdb.connect(":memory:", config={"threads": 2, "memory_limit": "512MB"})
            duck.execute(f"SET temp_directory = '{_quoted(self.folder / 'spill')}'")
            self._local.duck = duck
        return duck

    def write(self, level: str, arrays: Arrays, *, number: int) -> Segment:
        """Write one file, durably but not yet listed; rows are sorted by series and time.

        Raises Refused when the disk is full; nothing is left behind then.
        """
        name = f"{level}-{number:012d}-{uuid4().hex[:8]}{ENDING}"
        fresh, path = self.folder / f".{name}.tmp", self.folder / name
        try:
            self._duck().register("arrays", dict(arrays))
            self._duck().execute(COPY.format(path=_quoted(fresh), options=OPTIONS))
            reached("written")
            size, digest = _sync(fresh)
            reached("synced")
            fresh.rename(path)
            reached("renamed")
            _sync_folder(self.folder)
        except (duckdb.Error, OSError) as error:
            fresh.unlink(missing_ok=True)
            path.unlink(missing_ok=True)
            if _is_full(error):
                raise Refused(NO_ROOM.format(folder=self.folder)) from error
            raise Refused(f"The sample store cannot write in {self.folder}: {error}.") from error
        reached("durable")
        series, ts_ms = arrays["series"], arrays["ts_ms"]
        return Segment(
            name, level, int(ts_ms.min()), int(ts_ms.max()), int(series.min()), int(series.max()),
            len(series), size, digest,
        )  # fmt: skip

    def read(
        self,
        segments: Sequence[Segment],
        columns: Sequence[str],
        *,
        series: NDArray[np.int64] | None,
        start_ms: int,
        end_ms: int,
    ) -> list[NDArray[Any]]:
        """Return the columns of the rows of some series in [start, end), in no order.

        Raises Vanished when a file is no longer there, Broken when one cannot be read.
        """
        if not segments:
            return [np.empty(0, np.int64) for _ in columns]
        paths = [str(self.folder / s.name) for s in segments]
        condition, values = "ts_ms >= ? AND ts_ms < ?", [paths, start_ms, end_ms]
        if series is not None:
            condition += " AND series BETWEEN ? AND ?"
            values += [int(series[0]), int(series[-1])]
            if len(series) < int(series[-1]) - int(series[0]) + 1:
                self._duck().register("wanted", {"wanted": series})
                condition += " AND series IN (SELECT wanted FROM wanted)"
        sql = f"SELECT {', '.join(columns)} FROM read_parquet(?) WHERE {condition}"  # noqa: S608
        try:
            found = self._duck().execute(sql, values).fetchnumpy()
        except duckdb.Error as error:
            self._explain(error, paths)
        return [_plain(found[c]) for c in columns]

    def _explain(self, error: duckdb.Error, paths: Sequence[str]) -> None:
        """Raise what the failure of a read means; names the file at fault."""
        for path in paths:
            if not Path(path).exists():
                raise Vanished(path) from error
        for path in paths:
            try:
                self._duck().execute(
                    "SELECT count(value) FROM read_parquet(?)", [[path]]
                ).fetchall()
            except duckdb.Error:
                try:
                    self._duck().execute(
                        "SELECT count(*) FROM read_parquet(?)", [[path]]
                    ).fetchall()
                    self._duck().execute(
                        "SELECT sum(series) FROM read_parquet(?)", [[path]]
                    ).fetchall()
                except duckdb.Error as fault:
                    raise Broken(Path(path).name) from fault
        raise Refused(f"The sample store cannot be read: {error}.") from error

    def close(self) -> None:
        """Let go of this thread's DuckDB."""
        duck = getattr(self._local, "duck", None)
        if duck is not None:
            duck.close()
            self._local.duck = None

    def unlink(self, name: str) -> None:
        """Remove a file; one that is gone already is fine."""
        (self.folder / name).unlink(missing_ok=True)


def _plain(found: Any) -> NDArray[Any]:
    """Return a column as a plain array: NULL, which only values have, is NaN."""
    if isinstance(found, np.ma.MaskedArray):
        return found.filled(np.nan) if found.dtype.kind == "f" else found.data
    array: NDArray[Any] = np.asarray(found)
    return array


def _sync(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        digest = hashlib.sha256()
        while chunk := file.read(1 << 20):
            digest.update(chunk)
        os.fsync(file.fileno())
        return file.tell(), digest.hexdigest()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _is_full(error: Exception) -> bool:
    words = str(error).lower()
    return getattr(error, "errno", None) == 28 or "no space" in words or "disk quota" in words


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
