"""The process that minds the others: it starts them, starts them again, and ends them in order."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import FrameType

from fullscore.kit.log import get_logger

log = get_logger()
RESTART_SECONDS = (1, 2, 4, 8, 15)  # a process that dies at once is not started in a storm
GRACE_SECONDS = 35  # a job gets 30 s to end
LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1  # prctl(2)


class Supervisor:
    """Keeps some commands of this program running; ends them when it is told to end."""

    def __init__(self, commands: Sequence[Sequence[str]]) -> None:
        self._commands = [[sys.executable, "-m", "fullscore", *words] for words in commands]
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        self._waiting: dict[int, tuple[subprocess.Popen[bytes], int]] = {}
        self._deaths = [0] * len(self._commands)
        self._is_stopping = False

    def run(self, tell: Callable[[], bool] = lambda: True) -> int:
        """Run them until SIGTERM or SIGINT; returns 0.

        `tell` is asked again and again until it says that it has told what there was to tell.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        for place in range(len(self._commands)):
            self._start(place)
        is_told = False
        while not self._is_stopping:
            time.sleep(0.2)
            is_told = is_told or tell()
            for place, process in list(self._running.items()):
                if process.poll() is not None and not self._is_stopping:
                    self._restart(place, process.returncode)
        self._end()
        return 0

    def prepare(self, place: int) -> None:
        """Start one that loads itself, but serves nothing before `run`; it ends when we do."""
        reader, writer = os.pipe()
        words = [*self._commands[place], "--on-word"]
        process = _begun(words, stdin=reader)
        os.close(reader)
        self._waiting[place] = process, writer

    def give_up(self) -> None:
        """End what was prepared and will not be run."""
        for process, _ in self._waiting.values():
            process.terminate()
            process.wait()

    def _start(self, place: int) -> None:
        if place in self._waiting:
            self._running[place], writer = self._waiting.pop(place)
            with suppress(BrokenPipeError):  # it died, which `run` sees
                os.write(writer, b"begin\n")
            os.close(writer)
            return
        self._running[place] = _begun(self._commands[place])

    def _restart(self, place: int, code: int) -> None:
        pause = RESTART_SECONDS[min(self._deaths[place], len(RESTART_SECONDS) - 1)]
        self._deaths[place] += 1
        log.warning(
            "process ended", command=self._commands[place][3], code=code, restart_seconds=pause
        )
        ends = time.monotonic() + pause
        while time.monotonic() < ends and not self._is_stopping:
            time.sleep(0.1)
        if not self._is_stopping:
            self._start(place)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._is_stopping = True

    def _end(self) -> None:
        for process in self._running.values():
            if process.poll() is None:
                process.terminate()
        ends = time.monotonic() + GRACE_SECONDS
        for process in self._running.values():
            try:
                process.wait(max(0.1, ends - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def _begun(words: Sequence[str], stdin: int | None = None) -> subprocess.Popen[bytes]:
    """Start a process in a group of its own: Ctrl-C reaches us, and we end them in order."""
    return subprocess.Popen(words, stdin=stdin, start_new_session=True, preexec_fn=_end_with_parent)


def _end_with_parent() -> None:
    """Have the kernel end this process when the one that minds it is killed: it holds the port."""
    if sys.platform == "linux":
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
