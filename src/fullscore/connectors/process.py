"""Running a program on this machine: no shell, a bare environment, bounded time and output."""

import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass

from fullscore.connectors.base import Garbled, Limits, Refused, Unreachable

# A program sees none of our environment: it holds the database's address and keys.
_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8"}
MOST_COMPLAINT = 8000


@dataclass(frozen=True, slots=True)
class Done:
    """How a program ended: its status, what it printed, and what it complained of."""

    status: int
    output: bytes
    complaint: str


def run(command: Sequence[str], *, limits: Limits) -> Done:
    """Run a program to its end.

    Raises Refused when it is not installed, Unreachable when it takes too long, Garbled when it
    prints more than the limit. Output goes to files, so that a flood of it fills no memory.
    """
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as complaints:
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=complaints, check=False,
                env=_ENVIRONMENT, timeout=limits.timeout_seconds, start_new_session=True,
            )  # fmt: skip
        except FileNotFoundError as error:
            raise Refused(f"{command[0]} is not installed on this machine.") from error
        except subprocess.TimeoutExpired as error:
            told = f"{command[0]} did not end within {limits.timeout_seconds:g} seconds."
            raise Unreachable(told) from error
        if output.seek(0, os.SEEK_END) > limits.size_bytes:
            raise Garbled(f"{command[0]} printed more than {limits.size_bytes:,} bytes.")
        output.seek(0)
        complaints.seek(0)
        said = complaints.read(MOST_COMPLAINT).decode("utf-8", "replace").strip()
        return Done(done.returncode, output.read(), said)
