"""The data folder: made, checked, and held by one installation at a time."""

import fcntl
import os
import socket
from pathlib import Path
from typing import IO

from fullscore.kit.errors import Conflict, Invalid


def make(home: Path) -> None:
    """Make the data folder if there is none. Raises Invalid when it cannot be written."""
    try:
        home.mkdir(mode=0o750, parents=True, exist_ok=True)
        (home / "static").mkdir(mode=0o750, exist_ok=True)  # looked for, though nothing need be in
        probe = home / f".write-{os.getpid()}"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        reason = error.strerror or str(error)
        raise Invalid(
            f"The data folder {home} cannot be written ({reason}): choose another with"
            " --data-dir, or give this account the right to write there."
        ) from error


def hold(home: Path) -> IO[str]:
    """Take the folder for this process, as long as the answer is kept.

    Raises Conflict when it is taken.
    """
    lock = (home / "running").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.seek(0)
        other = lock.read().strip() or "another process"
        lock.close()
        raise Conflict(
            f"Fullscore runs on {home} already ({other}): stop that, or choose another --data-dir."
        ) from error
    lock.truncate(0)
    lock.write(f"process {os.getpid()}")
    lock.flush()
    return lock


def tell_address(held: IO[str], address: str) -> None:
    """Let other processes of this machine know where the pages are, while the folder is held."""
    held.write(f" at {address}")
    held.flush()


def address_of(home: Path) -> str:
    """Return where the pages of whoever holds the folder are; empty when nobody does."""
    try:
        with (home / "running").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return (home / "running").read_text().partition(" at ")[2]
    except OSError:
        pass
    return ""


def check_port(host: str, port: int) -> None:
    """Raise Conflict when nothing can listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((host, port))
        except OverflowError as error:
            raise Invalid(f"{port} is no port: they go from 1 to 65535.") from error
        except OSError as error:
            reason = error.strerror or str(error)
            raise Conflict(
                f"Port {port} on {host} is not free ({reason}): choose another with --port."
            ) from error
