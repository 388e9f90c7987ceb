"""Runs jobs: the queue package's own worker, with leases, retries and a clean stop added."""

import os
import signal
import socket
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from types import FrameType
from typing import Any
from uuid import UUID, uuid4

from django.db import (
    InterfaceError,
    OperationalError,
    close_old_connections,
    connections,
    transaction,
)
from django_tasks.base import TaskResultStatus
from django_tasks.signals import task_enqueued
from django_tasks_db.management.commands import db_worker
from django_tasks_db.models import DBTaskResult, get_date_max

from fullscore.kit.jobs.deadletters import settle
from fullscore.kit.log import get_logger
from fullscore.kit.models.jobs import WorkerBeat
from fullscore.kit.time import now

QUEUES = ("urgent", "default", "slow")
POLL_SECONDS = 0.5
BEAT_SECONDS = 10
LEASE = timedelta(seconds=60)  # a worker silent for longer has lost its jobs to others
GRACE_SECONDS = 30  # what a running job gets after SIGTERM

log = get_logger()
_wake = (
    threading.Event()
)  # set when this very process queued something; others are found by polling


def _woken(**_: Any) -> None:
    transaction.on_commit(_wake.set)


task_enqueued.connect(_woken, dispatch_uid="fullscore.kit.jobs.worker")


class OutOfTime(BaseException):
    """Raised inside a job that did not finish in the time left after SIGTERM."""


class Worker(db_worker.Worker):
    """One job at a time. Several workers share a queue on PostgreSQL; on SQLite run one."""

    def __init__(self, queues: Sequence[str] = QUEUES, *, name: str = "") -> None:
        super().__init__(
            queue_names=list(queues), interval=0, batch=True, backend_name="default",
            startup_delay=False, max_tasks=None,
            worker_id=name or f"{socket.gethostname()[:40]}-{uuid4().hex[:12]}",
            excluded_queue_names=[],
        )  # fmt: skip
        self._stopped = threading.Event()
        self._is_out_of_time = False
        self._present: UUID | None = None  # the job it runs or ran last

    def serve(self) -> None:
        """Run jobs as they come until `stop`; call `obey_signals` first in a process of its own."""
        beating = threading.Thread(target=self._beat_on, name="beat", daemon=True)
        beating.start()
        while self.running:
            _wake.clear()
            try:
                close_old_connections()
                self.drain()
            except (OperationalError, InterfaceError) as error:
                log.warning("worker waits for the database", error=str(error))
            _wake.wait(POLL_SECONDS)
        self._stopped.set()
        beating.join(BEAT_SECONDS)

    def drain(self) -> None:
        """Run every job that is ready, then return."""
        if self._is_anything_ready():  # a plain read: an idle worker takes no write lock
            self.run()

    def stop(self) -> None:
        """Take no further job; `serve` returns once the present one is done."""
        self.running = (
            False  # no event is set: a signal may find its lock taken by this very thread
        )

    def obey_signals(self) -> None:
        """Stop at SIGTERM and SIGINT; a job still running 30 s later goes back to the queue."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        signal.signal(signal.SIGALRM, self._on_alarm)

    def run_task(self, db_task_result: DBTaskResult) -> None:
        """Run one claimed job and see to what follows from a failure."""
        self._present = db_task_result.pk
        super().run_task(db_task_result)
        if db_task_result.status == TaskResultStatus.FAILED:
            if self._is_out_of_time:
                self._hand_back(db_task_result)
            else:
                settle(db_task_result.pk)

    def _is_anything_ready(self) -> bool:
        ready = DBTaskResult.objects.ready().filter(backend_name=self.backend_name)
        return ready.filter(queue_name__in=self.queue_names).exists()

    def _hand_back(self, result: DBTaskResult) -> None:
        """Make it ready again as if this worker had never taken it."""
        DBTaskResult.objects.filter(pk=result.pk, status=TaskResultStatus.FAILED).update(
            status=TaskResultStatus.READY,
            run_after=get_date_max(),  # the package's word for "at once"
            finished_at=None,
            worker_ids=result.worker_ids[:-1],
        )

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.stop()
        if self.running_task:
            signal.setitimer(signal.ITIMER_REAL, GRACE_SECONDS)

    def _on_alarm(self, number: int, frame: FrameType | None) -> None:
        if self.running_task:
            self._is_out_of_time = True
            raise OutOfTime("The worker was told to stop and this job took too long.")

    def _beat_on(self) -> None:
        """Say that this worker lives and take over from those that do not, until it stops."""
        started_at = now()
        while True:
            try:
                close_old_connections()
                self._beat(started_at)
                recover(by=self.worker_id, present=self._present)
            except (OperationalError, InterfaceError) as error:
                log.warning("worker could not beat", error=str(error))
            if self._stopped.wait(BEAT_SECONDS):
                break
        WorkerBeat.objects.filter(worker=self.worker_id).delete()
        connections.close_all()

    def _beat(self, started_at: datetime) -> None:
        WorkerBeat.objects.update_or_create(
            worker=self.worker_id,
            defaults={
                "host": socket.gethostname(),
                "process": os.getpid(),
                "queues": ",".join(self.queue_names)[:200],
                "started_at": started_at,
                "beat_at": now(),
            },
        )


def recover(*, by: str = "", present: UUID | None = None) -> int:
    """Settle the jobs of workers that died, and failures nobody settled; return how many.

    A job taken less than a lease ago is left alone: its worker may not have beaten yet. The worker
    that asks lost those of its own jobs that are not its present one: the database was away when
    it wanted to note their end.
    """
    living = set(
        WorkerBeat.objects.filter(beat_at__gt=now() - LEASE).values_list("worker", flat=True)
    )
    running = DBTaskResult.objects.filter(
        status=TaskResultStatus.RUNNING, started_at__lt=now() - LEASE
    )
    orphans = [
        result.pk
        for result in running
        if result.worker_ids[-1] not in living
        or (result.worker_ids[-1] == by and result.pk != present)
    ]
    for pk in orphans:
        DBTaskResult.objects.filter(pk=pk, status=TaskResultStatus.RUNNING).update(
            status=TaskResultStatus.FAILED, finished_at=now(), traceback="", exception_class_path=""
        )
        log.warning("job taken over from a dead worker", result=str(pk))
    unsettled = DBTaskResult.objects.filter(
        status=TaskResultStatus.FAILED, finished_at__lt=now() - LEASE
    ).values_list("pk", flat=True)
    for pk in [*orphans, *unsettled]:
        settle(pk)
    return len(orphans)
