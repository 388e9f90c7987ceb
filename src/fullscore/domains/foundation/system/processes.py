"""The processes of one installation: web, worker, scheduler, collector.

And one that minds them all.
"""

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from itertools import chain, repeat
from types import FrameType
from typing import Any

import uvicorn
from django.db import InterfaceError, OperationalError, close_old_connections, connections

from fullscore.connectors.base import ConnectorError
from fullscore.kit.errors import Problem
from fullscore.kit.jobs import Clocked, Scheduler, Worker
from fullscore.kit.log import get_logger

log = get_logger()
Work = Callable[[], None]
Makes = Callable[[], Work]
RESTART_SECONDS = (1, 2, 4, 8, 15)  # a process that dies at once is not started in a storm
GRACE_SECONDS = 35  # a job gets 30 s to end


class Collector:
    """Does each kind of collecting at its own pace.

    One that fails is tried again at its next turn.
    """

    def __init__(self, collected: Sequence[tuple[float, Makes]]) -> None:
        self._stopped = threading.Event()
        self._turns = [(seconds, make()) for seconds, make in collected]

    def run(self) -> None:
        """Collect until `stop`; a late turn is skipped, not queued."""
        due = [time.monotonic()] * len(self._turns)
        while not self._stopped.is_set():
            for place, (seconds, work) in enumerate(self._turns):
                if time.monotonic() >= due[place] and not self._stopped.is_set():
                    self._do(work)
                    due[place] += seconds * max(1, -(-(time.monotonic() - due[place]) // seconds))
            self._stopped.wait(max(0.05, min(due) - time.monotonic()))
        connections.close_all()

    def stop(self) -> None:
        """Let the present turn end, then return from `run`."""
        self._stopped.set()

    def _do(self, work: Work) -> None:
        close_old_connections()
        try:
            work()
        except (ConnectorError, Problem, OperationalError, InterfaceError) as error:
            log.warning(
                "collecting failed",
                work=getattr(work, "__name__", type(work).__name__),
                error=str(error),
            )


def serve_web(*, host: str, port: int, proxies: str = "") -> None:
    """Serve pages, API and live streams until told to stop."""
    uvicorn.run(
        "fullscore.config.asgi:application",
        host=host,
        port=port,
        log_level="warning",
        timeout_graceful_shutdown=1,
        timeout_keep_alive=75,  # senders keep a connection between their batches
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies or None,
    )


def serve_worker() -> None:
    """Run jobs as they come."""
    worker = Worker()
    worker.obey_signals()
    _keep_what_is_loaded()
    worker.serve()


def serve_scheduler(schedule: Sequence[Clocked]) -> None:
    """Queue clocked jobs when their time comes."""
    scheduler = Scheduler(schedule)
    _stops(scheduler)
    scheduler.run()


def serve_collector(
    collected: Sequence[tuple[float, Makes]], beside: Sequence[Callable[[], Any]] = ()
) -> None:
    """Collect samples and facts; beside it, what has a `run` and a `stop` of its own."""
    collector, others = Collector(collected), [make() for make in beside]
    _stops(collector)
    threads = _threads(others)
    collector.run()
    _end(others, threads)


def serve_alone(work: Any) -> None:
    """Run something that has a `run` and a `stop` of its own, until a signal."""
    _stops(work)
    work.run()


def serve_behind(
    schedule: Sequence[Clocked],
    collected: Sequence[tuple[float, Makes]],
    beside: Sequence[Callable[[], Any]] = (),
) -> None:
    """Be worker, scheduler and collector in one process: the small installation."""
    others, worker = [Collector(collected), Scheduler(schedule), *(m() for m in beside)], Worker()
    worker.obey_signals()
    _keep_what_is_loaded()
    threads = _threads(others)
    worker.serve()
    _end(others, threads)


def _threads(works: Sequence[Any]) -> list[threading.Thread]:
    """Run each in a thread of its own."""
    threads = [
        threading.Thread(target=_minded, args=(one,), name=type(one).__name__, daemon=True)
        for one in works
    ]
    for thread in threads:
        thread.start()
    return threads


def _minded(work: Any) -> None:
    """Run something until it returns; a fault nobody foresaw does not end it for good."""
    for pause in chain(RESTART_SECONDS, repeat(RESTART_SECONDS[-1])):
        try:
            work.run()
        except Exception:
            log.exception("begins again after a fault", work=type(work).__name__)
            time.sleep(pause)
        else:
            return


def _end(works: Sequence[Any], threads: Sequence[threading.Thread]) -> None:
    for one in works:
        one.stop()
    for thread in threads:
        thread.join(5)


def _keep_what_is_loaded() -> None:
    """Take the code out of the sight of Python's collector of cycles: it stays anyway."""
    gc.collect()
    gc.freeze()


def _stops(work: Any) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: work.stop())


class Supervisor:
    """Keeps some commands of this program running; ends them when it is told to end."""

    def __init__(self, commands: Sequence[Sequence[str]]) -> None:
        self._commands = [[sys.executable, "-m", "fullscore", *words] for words in commands]
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        self._deaths = [0] * len(self._commands)
        self._is_stopping = False

    def run(self) -> int:
        """Run them until SIGTERM or SIGINT; returns 0."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        for place in range(len(self._commands)):
            self._start(place)
        while not self._is_stopping:
            time.sleep(0.2)
            for place, process in list(self._running.items()):
                if process.poll() is not None and not self._is_stopping:
                    self._restart(place, process.returncode)
        self._end()
        return 0

    def _start(self, place: int) -> None:
        # A group of its own: Ctrl-C in a terminal reaches us, and we end them in order.
        self._running[place] = subprocess.Popen(self._commands[place], start_new_session=True)

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
