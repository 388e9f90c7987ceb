"""How a function becomes a job, and how a job is put on the clock."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from random import SystemRandom
from typing import Any, ParamSpec, TypeVar

from django.db import transaction
from django_tasks.base import Task, TaskResult, TaskResultStatus
from django_tasks_db.models import DBTaskResult, get_date_max

P = ParamSpec("P")
T = TypeVar("T")

ATTEMPTS = 5
FIRST_PAUSE_SECONDS = 10
PAUSE_GROWTH = (
    4  # 10 s, 40 s, 160 s, 640 s: a short outage passes unseen, five attempts last 14 min
)
LONGEST_PAUSE_SECONDS = 3600
MOST_JOINED = 500  # ids that one job is given: what fails is done again from its first
MONDAY = datetime(1970, 1, 5, tzinfo=UTC)  # where `at` counts from, so that seven days mean Mondays

_dice = SystemRandom()


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(Task[P, T]):
    """A function a worker can run: `.enqueue(…)` takes JSON values; a direct call just runs it."""

    attempts: int = ATTEMPTS
    joins: bool = False  # its arguments are lists of ids; one that waits takes on further ones

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run it here and now."""
        return self.func(*args, **kwargs)

    def enqueue(self, *args: P.args, **kwargs: P.kwargs) -> TaskResult[T]:
        """Queue it in the present transaction, or let one that waits do this as well."""
        with transaction.atomic():
            return (self._joined(kwargs) if self.joins else None) or Task.enqueue(
                self, *args, **kwargs
            )

    def _joined(self, ids: dict[str, Any]) -> Any:
        """Return the one that waits, with these ids added; None where none can take them.

        It is locked until we commit: no worker begins it without seeing what we wrote. One that
        another has locked is passed over, for nobody should wait here; so is one that has failed.
        """
        waits = DBTaskResult.objects.filter(
            status=TaskResultStatus.READY, run_after=get_date_max(),
            task_path=self.module_path, queue_name=self.queue_name,
        ).select_for_update(skip_locked=True).order_by("-enqueued_at").first()  # fmt: skip
        known = waits.args_kwargs["kwargs"] if waits else {}
        joined = {name: sorted({*known.get(name, ()), *ids[name]}) for name in ids}
        if waits is None or sum(map(len, joined.values())) > MOST_JOINED:
            return None
        if joined != known:
            waits.args_kwargs = {"args": [], "kwargs": joined}
            waits.save(update_fields=["args_kwargs"])
        return waits.task_result

    def pause_seconds(self, attempt: int) -> float:
        """Return how long to wait after a failed attempt (from 1), spread by a quarter each way."""
        growth: int = PAUSE_GROWTH ** (attempt - 1)
        pause = min(FIRST_PAUSE_SECONDS * growth, LONGEST_PAUSE_SECONDS)
        return pause * _dice.uniform(0.75, 1.25)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocked(Job[P, T]):
    """A job without arguments that the scheduler queues once per period."""

    period: timedelta
    at: time | None = None  # UTC; None: a period after the last time

    @property
    def name(self) -> str:
        """Return the name under which its last run is remembered."""
        return self.module_path

    def latest_tick(self, last: datetime, *, now: datetime) -> datetime:
        """Return the newest tick not after `now`; `last` itself when no other has come since.

        Ticks missed in between are passed over: a job that slept through ten runs once.
        """
        if self.at is None:
            return last + (now - last) // self.period * self.period
        origin = MONDAY + timedelta(hours=self.at.hour, minutes=self.at.minute)
        return max(last, origin + (now - origin) // self.period * self.period)


def job(
    *, queue: str = "default", attempts: int = ATTEMPTS, priority: int = 0, joins: bool = False
) -> Callable[[Callable[P, T]], Job[P, T]]:
    """Make a module-level function a job; after `attempts` failures it becomes a dead letter.

    What has the higher priority, up to 100, is taken first, whichever came first.
    """

    def made(function: Callable[P, T]) -> Job[P, T]:
        return Job(
            func=function, queue_name=queue, attempts=attempts, priority=priority, joins=joins
        )

    return made


def every(
    *,
    seconds: float = 0,
    minutes: float = 0,
    hours: float = 0,
    days: float = 0,
    at: str | None = None,
    queue: str = "default",
    attempts: int = ATTEMPTS,
    priority: int = 0,
) -> Callable[[Callable[P, T]], Clocked[P, T]]:
    """Mark a function with its period; it runs once `config/schedule.py` lists it.

    `at` is a time of day in UTC ("03:10"): `days=1` every night then, `days=7` on Mondays,
    `hours=1` at that minute of every hour.
    """
    period = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if period <= timedelta(0):
        raise ValueError("@every needs a period, for instance @every(hours=1).")
    moment = time.fromisoformat(at) if at else None

    def made(function: Callable[P, T]) -> Clocked[P, T]:
        return Clocked(
            func=function, queue_name=queue, attempts=attempts, priority=priority, period=period,
            at=moment,
        )  # fmt: skip

    return made
