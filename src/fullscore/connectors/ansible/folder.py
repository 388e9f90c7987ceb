"""A private folder for one play, and the end of everything that was begun in it.

The folder bears a lock that the kernel gives back when its process dies, however it dies: so what a
killed process left behind is known, and is cleared away by the next play on this machine.
Everything that a play begins carries the folder's path in its environment. Ansible's workers and
SSH's masters leave their process group, so that alone finds them all.
"""

import fcntl
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MOST_LETTERS = 45  # a socket's path takes 107, of which ours and SSH's names take 60
MARK = "FULLSCORE_PLAY"
PREFIX = "fullscore-play-"
TRIES = 50  # looks for what is still ending, a twentieth of a second each
YOUNG_SECONDS = 5.0  # a folder is a moment older than its lock


@contextmanager
def private() -> Iterator[Path]:
    """Make a folder that only we can look into; in the end nothing of it is left, nor runs."""
    sweep()
    place = Path(tempfile.mkdtemp(prefix=PREFIX, dir=_parent()))  # mode 0700
    lock = os.open(place / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield place
    finally:
        clear(place)
        os.close(lock)


def sweep() -> None:
    """Clear away what processes left that were killed in the middle of a play."""
    for place in _parent().glob(f"{PREFIX}*"):
        with suppress(OSError):  # somebody else's, or just gone
            told = place.lstat()
            if told.st_uid != os.geteuid() or time.time() - told.st_mtime < YOUNG_SECONDS:
                continue
            lock = os.open(place / "lock", os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # else its play goes on
                clear(place)
            finally:
                os.close(lock)


def _parent() -> Path:
    """Return where temporary folders are; a short path, for the sockets of SSH lie in them."""
    usual = tempfile.gettempdir()
    return Path(usual if len(usual) <= MOST_LETTERS else "/tmp")  # noqa: S108  mode 0700, made new


def clear(place: Path) -> None:
    """End what runs for a folder, and remove it."""
    end(place)
    shutil.rmtree(place, ignore_errors=True)


def end(place: Path) -> None:
    """Kill what runs for a folder."""
    for _ in range(TRIES):
        found = processes(place)
        for pid in found:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if not found:
            break
        time.sleep(0.05)


def processes(place: Path) -> list[int]:
    """Return the processes that were begun for a folder, ourselves never."""
    mark = f"{MARK}={place}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with suppress(OSError):  # it has ended, or is not ours to read
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return found


def size_bytes(place: Path) -> int:
    """Return how much a folder holds; what goes away meanwhile counts nothing."""
    total = 0
    for folder, _, names in os.walk(place):
        for name in names:
            with suppress(OSError):
                total += os.lstat(os.path.join(folder, name)).st_size
    return total
