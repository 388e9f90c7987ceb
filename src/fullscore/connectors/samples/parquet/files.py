"""The folder of segments: written durably, named by number, checked against the manifest."""

import errno
import hashlib
import os
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from uuid import uuid4

from fullscore.connectors.base import Refused
from fullscore.connectors.samples.parquet.database import NO_ROOM
from fullscore.connectors.samples.parquet.manifest import Segment
from fullscore.connectors.samples.parquet.steps import reached

ENDING = ".parquet"


class Files:
    """One folder of immutable files; what is written is there after a power cut, or not at all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def name(self, level: str, number: int) -> str:
        """Return a name no other file has."""
        return f"{level}-{number:012d}-{uuid4().hex[:8]}{ENDING}"

    def fresh(self, name: str) -> Path:
        """Return where a file is written before it has its name."""
        return self.folder / f".{name}.tmp"

    def write(self, name: str, content: bytes) -> str:
        """Write a whole file durably; return its SHA-256. Raises Refused when the disk is full."""
        fresh = self.fresh(name)
        try:
            with fresh.open("wb") as file:
                file.write(content)
                reached("written")
                file.flush()
                os.fsync(file.fileno())
                reached("synced")
        except OSError as error:
            fresh.unlink(missing_ok=True)
            raise self.sentence(error) from error
        self._publish(name)
        return hashlib.sha256(content).hexdigest()

    def adopt(self, name: str) -> tuple[int, str]:
        """Make a file that lies at `fresh(name)` durable; return its bytes and SHA-256."""
        fresh = self.fresh(name)
        reached("written")
        try:
            with fresh.open("rb") as file:
                os.fsync(file.fileno())
                digest, size = hashlib.file_digest(file, "sha256").hexdigest(), file.tell()
                reached("synced")
        except OSError as error:
            fresh.unlink(missing_ok=True)
            raise self.sentence(error) from error
        self._publish(name)
        return size, digest

    def _publish(self, name: str) -> None:
        """Give a synced file its name, durably."""
        try:
            self.fresh(name).rename(self.folder / name)
            reached("renamed")
            handle = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as error:
            self.fresh(name).unlink(missing_ok=True)
            self.unlink(name)
            raise self.sentence(error) from error
        reached("durable")

    def sentence(self, error: Exception) -> Refused:
        """Return what a failed write means to a person."""
        if is_full(error):
            return Refused(NO_ROOM.format(folder=self.folder))
        return Refused(f"The sample store cannot write in {self.folder}: {error}.")

    def numbers(self) -> list[int]:
        """Return the numbers of all segment files that are there, in no order."""
        parts = (path.name.split("-") for path in self.folder.glob(f"*{ENDING}"))
        return [int(part[1]) for part in parts if len(part) == 3 and part[1].isdigit()]

    def missized(self, sizes: dict[str, int]) -> list[str]:
        """Return the names of the files that are missing or not of the size listed; no reading."""
        with os.scandir(self.folder) as entries:
            found = {entry.name: entry.stat().st_size for entry in entries if entry.name in sizes}
        return [name for name, size in sizes.items() if found.get(name) != size]

    def damaged(self, segments: Iterable[Segment]) -> list[str]:
        """Return the names of the segments whose files are not what was written; reads them all."""
        return [segment.name for segment in segments if not self._is_whole(segment)]

    def _is_whole(self, segment: Segment) -> bool:
        try:
            with (self.folder / segment.name).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == segment.sha256
        except OSError:
            return False

    def unlink(self, name: str) -> None:
        """Remove a file; one that is gone already is fine."""
        (self.folder / name).unlink(missing_ok=True)

    def sweep(self, *, listed: set[str], older_than_seconds: float) -> int:
        """Remove files that a killed process left unlisted; return how many."""
        line, gone = time.time() - older_than_seconds, 0
        for path in (*self.folder.glob(f"*{ENDING}"), *self.folder.glob(f".*{ENDING}.tmp")):
            if path.name not in listed and _changed_at(path) < line:
                path.unlink(missing_ok=True)
                gone += 1
        return gone

    def quoted(self, names: Sequence[str]) -> str:
        """Return the paths of some files as a list in SQL."""
        paths = (str(self.folder / name).replace("'", "''") for name in names)
        return "[" + ", ".join(f"'{path}'" for path in paths) + "]"


def is_full(error: Exception) -> bool:
    """Return whether a write failed for want of room; DuckDB tells it in words only."""
    words = str(error).lower()
    is_told = "no space left" in words or "quota exceeded" in words
    return is_told or getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT)


def _changed_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return time.time()
