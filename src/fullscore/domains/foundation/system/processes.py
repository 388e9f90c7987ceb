"""The processes of one installation: web, worker, scheduler, collector.

The one that minds them all is in `supervising`.
"""

import gc
import signal
import threading
import time
from collections.abc import Callable, Sequence
from itertools import chain, repeat
from typing import Any

import uvicorn
from django.db import InterfaceError, OperationalError, close_old_connections, connections

from fullscore.connectors.base import ConnectorError
from fullscore.kit.errors import Problem
from fullscore.kit.jobs import QUEUES, Clocked, Scheduler, Worker
from fullscore.kit.log import get_logger

log = get_logger()
Work = Callable[[], None]
Makes = Callable[[], Work]
APPLICATION = "fullscore.config.asgi"
URGENT = "urgent"
RESTART_SECONDS = (1, 2, 4, 8, 15)  # a process that dies at once is not started in a storm


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
        f"{APPLICATION}:application",
        host=host,
        port=port,
        log_level="warning",
        timeout_graceful_shutdown=1,
        timeout_keep_alive=75,  # senders keep a connection between their batches
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies or None,
    )


class Lane:
    """A worker beside the main one, for what must not wait until a long job is done."""

    def __init__(self, queues: Sequence[str]) -> None:
        self._worker = Worker(queues)

    def run(self) -> None:
        """Run jobs of its queues until `stop`."""
        self._worker.serve()
        connections.close_all()

    def stop(self) -> None:
        """Take no further job; `run` returns once the present one is done."""
        self._worker.stop()


def serve_worker(queues: Sequence[str] = QUEUES) -> None:
    """Run jobs of these queues as they come."""
    _serve_jobs(queues, [])


def _serve_jobs(queues: Sequence[str], others: Sequence[Any]) -> None:
    """Run jobs, the urgent ones in a lane of their own, and beside them what runs by itself."""
    rest = [queue for queue in queues if queue != URGENT]
    worker = Worker(rest or queues)
    lanes = [Lane([URGENT])] if rest and URGENT in queues else []
    worker.obey_signals()
    _keep_what_is_loaded()
    others = [*others, *lanes]
    threads = _threads(others)
    worker.serve()
    _end(others, threads)


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
    _serve_jobs(QUEUES, [Collector(collected), Scheduler(schedule), *(make() for make in beside)])


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
