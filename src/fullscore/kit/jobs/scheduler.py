"""Puts what is due on the queue: once, however many schedulers run."""

import socket
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import InterfaceError, OperationalError, close_old_connections, transaction
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from fullscore.kit import time
from fullscore.kit.jobs.declare import Clocked
from fullscore.kit.log import get_logger
from fullscore.kit.models.jobs import ClockedRun, Lease

LEASE = timedelta(seconds=30)
TICK_SECONDS = 1.0

log = get_logger()


class Scheduler:
    """Leads by a lease that others take over in 30 s; a tick is claimed in the row of its job."""

    def __init__(self, schedule: Sequence[Clocked], *, name: str = "") -> None:
        self.schedule = schedule
        self.name = name or f"{socket.gethostname()[:40]}-{uuid4().hex[:12]}"
        self._stopping = threading.Event()

    def run(self) -> None:
        """Tick every second until stopped; a database that is away for a while only delays."""
        while not self._stopping.is_set():
            try:
                close_old_connections()
                self.tick(time.now())
            except (OperationalError, InterfaceError) as error:
                log.warning("scheduler waits for the database", error=str(error))
            self._stopping.wait(TICK_SECONDS)
        self.resign()

    def stop(self) -> None:
        """Let `run` return after its present tick."""
        self._stopping.set()

    def tick(self, now: datetime) -> list[str]:
        """Queue what is due and return its names; nothing while another scheduler leads."""
        if not self._leads(now):
            return []
        return [clocked.name for clocked in self.schedule if self._queued(clocked, now)]

    def resign(self) -> None:
        """Give the lease up, so that another scheduler need not wait for its end."""
        Lease.objects.filter(name="scheduler", holder=self.name).delete()

    def _leads(self, now: datetime) -> bool:
        with transaction.atomic():
            fresh = {"holder": self.name, "ends_at": now + LEASE}
            lease, made = Lease.objects.get_or_create(name="scheduler", defaults=fresh)
            if made:
                return True
            lease = Lease.objects.select_for_update().get(pk=lease.pk)
            # One that ends further off than any could was written before the clock was put back.
            is_held = now < lease.ends_at <= now + 2 * LEASE
            if is_held and lease.holder != self.name:
                return False
            if lease.holder != self.name or lease.ends_at - now < LEASE / 2:
                Lease.objects.filter(pk=lease.pk).update(**fresh)
            return True

    def _queued(self, clocked: Clocked, now: datetime) -> bool:
        """Claim the newest tick and queue its job, both or neither."""
        known = ClockedRun.objects.filter(name=clocked.name).first()
        if known is not None and not self._is_due(clocked, known, now):
            return False
        with transaction.atomic():
            if known is None:
                # A new job starts at once; one with a time of day waits for that time.
                known, made = ClockedRun.objects.get_or_create(
                    name=clocked.name, defaults={"last_enqueued_at": now}
                )
                if not made or clocked.at is not None:
                    return False
                tick = now
            else:
                tick = clocked.latest_tick(known.last_enqueued_at, now=now)
            return self._claim(clocked, known, tick)

    def _is_due(self, clocked: Clocked, run: ClockedRun, now: datetime) -> bool:
        if (
            run.last_enqueued_at > now + clocked.period
        ):  # the clock was put back: start anew from here
            ClockedRun.objects.filter(pk=run.pk).update(last_enqueued_at=now)
            return False
        return clocked.latest_tick(run.last_enqueued_at, now=now) > run.last_enqueued_at

    def _claim(self, clocked: Clocked, run: ClockedRun, tick: datetime) -> bool:
        unclaimed = ClockedRun.objects.filter(pk=run.pk, last_enqueued_at=run.last_enqueued_at)
        if not unclaimed.update(last_enqueued_at=tick):
            return False  # another scheduler, which thinks it leads, was faster
        if self._is_on_its_way(run):
            return False  # the last one still waits or runs: it will see what this one would
        result = clocked.enqueue()
        ClockedRun.objects.filter(pk=run.pk).update(result_id=result.id)
        return True

    def _is_on_its_way(self, run: ClockedRun) -> bool:
        under_way = [TaskResultStatus.READY, TaskResultStatus.RUNNING]
        last = DBTaskResult.objects.filter(pk__in=[run.result_id] if run.result_id else [])
        return last.filter(status__in=under_way).exists()
