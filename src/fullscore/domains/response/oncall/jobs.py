"""The pager, which takes what is due each second; and what the clock does beside it."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import timedelta
from functools import partial
from ipaddress import ip_network

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections, connections

from fullscore.connectors.guard import Guard
from fullscore.domains.response.oncall.models import DutyCalendar, Schedule
from fullscore.domains.response.oncall.services import (
    answering,
    bringing,
    calendars,
    escalating,
    rota,
    sending,
)
from fullscore.kit import time
from fullscore.kit.jobs import every, job
from fullscore.kit.log import get_logger
from fullscore.kit.models.user import system

TICK_SECONDS = 1.0
AT_ONCE = 16  # deliveries on their way together: one slow gateway must not hold up the others
KEPT = timedelta(days=400)
PORTS = frozenset({80, 443, *range(1024, 65536)})
log = get_logger()


class Pager:
    """Takes steps and sends pages. Several may run: each row is taken by one of them."""

    def __init__(self) -> None:
        self._stopped = threading.Event()

    def run(self) -> None:
        """Tick each second until `stop`; a database that is away for a while only delays."""
        while not self._stopped.is_set():
            try:
                close_old_connections()
                tick()
            except (OperationalError, InterfaceError) as error:
                log.warning("pager waits for the database", error=str(error))
            except Exception:  # whatever it is: the next page must not wait for somebody to see it
                log.exception("a tick of the pager failed")
            self._stopped.wait(TICK_SECONDS)
        connections.close_all()

    def stop(self) -> None:
        """Let `run` return after its present tick."""
        self._stopped.set()


def tick(send: Callable[..., sending.Outcome] = sending.send) -> int:
    """Take every step that is due and send what follows; returns how many were sent."""
    by = system()
    escalating.resume(now=time.now(), by=by)
    escalating.take_due(now=time.now(), by=by)
    count = 0
    while letters := sending.claim(now=time.now(), most=AT_ONCE):
        count += len(letters)
        one = partial(send, guard=_guard())
        if len(letters) == 1:
            sending.mark(one(letters[0]), now=time.now())
            continue
        with ThreadPoolExecutor(len(letters), "page") as pool:
            for sent in as_completed([pool.submit(one, letter) for letter in letters]):
                sending.mark(sent.result(), now=time.now())
    return count


def _guard() -> Guard:
    allowed = [n for n in settings.OPTIONS.allowed_networks.replace(",", " ").split() if n]
    return Guard(allowed=tuple(map(ip_network, allowed)), ports=PORTS)


@every(seconds=30, queue="urgent", priority=50)
def catch_up() -> None:
    """Do what a pager would, should none run."""
    tick()


@every(hours=1)
def write_shifts() -> None:
    """Write the shifts of the next 90 days."""
    for schedule in Schedule.objects.all():
        rota.refresh(schedule, by=system())


@every(minutes=15)
def read_calendars() -> None:
    """Read every calendar of duty, each in a job of its own: one that hangs holds up no other.

    A text is read anew, too: what comes again comes nearer, and people come into the directory.
    """
    rows = DutyCalendar.objects.exclude(state=DutyCalendar.State.PAUSED)
    for pk in rows.exclude(secret=None, text="").values_list("pk", flat=True):
        read_calendar.enqueue(calendar=pk)


@job(attempts=1)
def read_calendar(calendar: int) -> None:
    """Read one calendar of duty."""
    found = DutyCalendar.objects.select_related("schedule", "secret").filter(pk=calendar).first()
    if found is not None and found.state != DutyCalendar.State.PAUSED:
        calendars.read(found, by=system())


@every(days=1, at="03:50", queue="slow")
def prune() -> None:
    """Forget escalations that were over 400 days ago, and what tools told as long ago."""
    answering.forget_runs(before=time.now() - KEPT)
    bringing.forget_old(before=time.now() - KEPT, by=system())
