"""How a function becomes a job, and how a job is put on the clock."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from random import SystemRandom
from typing import ParamSpec, TypeVar

from django_tasks.base import Task

P = ParamSpec("P")
T = TypeVar("T")

ATTEMPTS = 5
FIRST_PAUSE_SECONDS = 10
PAUSE_GROWTH = (
    4  # 10 s, 40 s, 160 s, 640 s: a short outage passes unseen, five attempts last 14 min
)
LONGEST_PAUSE_SECONDS = 3600
MONDAY = datetime(1970, 1, 5, tzinfo=UTC)  # where `at` counts from, so that seven days mean Mondays

_dice = SystemRandom()


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(Task[P, T]):
    """A function a worker can run: `.enqueue(…)` takes JSON values; a direct call just runs it."""

    attempts: int = ATTEMPTS

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run it here and now."""
        return self.func(*args, **kwargs)

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
    *, queue: str = "default", attempts: int = ATTEMPTS
) -> Callable[[Callable[P, T]], Job[P, T]]:
    """Make a module-level function a job; after `attempts` failures it becomes a dead letter."""

    def made(function: Callable[P, T]) -> Job[P, T]:
        return Job(func=function, queue_name=queue, attempts=attempts)

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
        return Clocked(func=function, queue_name=queue, attempts=attempts, period=period, at=moment)

    return made
