"""Bodies that wait on the disk until they are taken."""

import fcntl
import threading
from pathlib import Path

from fullscore.kit.errors import Conflict

MOST_BYTES = 512 * 1024 * 1024


class Spool:
    """A folder of bodies, oldest first. Over its limit the oldest are dropped, and counted.

    A body is there whole or not at all. One process writes to a folder: another gets Conflict.
    Its threads may put, look and remove as they come.
    """

    def __init__(self, folder: Path, *, most_bytes: int = MOST_BYTES) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder, self._most = folder, most_bytes
        self._alone = threading.RLock()  # one thread puts in, another takes out
        self._lock = (folder / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock.close()
            raise Conflict(
                f"Another collector uses {folder}: give this one a folder with --spool."
            ) from error
        for half in folder.glob("*.part"):
            half.unlink()
        self._sizes = {file.name: file.stat().st_size for file in sorted(folder.glob("*.gz"))}
        self._last = int(max(self._sizes, default="0").partition(".")[0])
        self.dropped = 0

    @property
    def waiting(self) -> int:
        """Return how many bodies wait."""
        return len(self._sizes)

    def put(self, body: bytes) -> None:
        """Keep a body, and drop the oldest if they are too many.

        Raises OSError where the disk takes no more: then this one is dropped, and counted.
        """
        with self._alone:
            self._last += 1
            name = f"{self._last:020d}.gz"
            self._write(name, body)
            self._sizes[name] = len(body)
            while sum(self._sizes.values()) > self._most:
                self.remove(min(self._sizes))
                self.dropped += 1

    def _write(self, name: str, body: bytes) -> None:
        part = self._folder / f"{name}.part"
        try:
            part.write_bytes(body)
            part.rename(self._folder / name)
        except OSError:
            self.dropped += 1
            part.unlink(missing_ok=True)  # half a body would only take the room of a whole one
            raise

    def oldest(self) -> tuple[str, bytes] | None:
        """Return the name and content of what has waited longest. Raises OSError."""
        with self._alone:
            while (name := min(self._sizes, default=None)) is not None:
                try:
                    return name, (self._folder / name).read_bytes()
                except FileNotFoundError:  # somebody tidied up: the next one is the oldest
                    del self._sizes[name]
                    self.dropped += 1
        return None

    def set_back(self, name: str) -> str:
        """Let a body wait behind all others, and return its new name; it may be gone already."""
        with self._alone:
            self._last += 1
            last = f"{self._last:020d}.gz"
            if (size := self._sizes.pop(name, None)) is not None:
                (self._folder / name).rename(self._folder / last)
                self._sizes[last] = size
            return last

    def remove(self, name: str) -> None:
        """Forget a body."""
        with self._alone:
            (self._folder / name).unlink(missing_ok=True)
            self._sizes.pop(name, None)

    def close(self) -> None:
        """Let another process have the folder."""
        self._lock.close()
