"""Receipts become alerts, alerts incidents, and what the clock does to both."""

import asyncio
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta

from django.conf import settings
from django.db import close_old_connections

from fullscore.connectors.base import Unreachable
from fullscore.connectors.syslog.listener import Doors, Listener
from fullscore.connectors.syslog.parse import Came
from fullscore.domains.foundation.changes import services as changes
from fullscore.domains.foundation.changes.models import RunbookStepRun
from fullscore.domains.response.incidents import queries, services
from fullscore.domains.response.incidents.models import (
    AlertSource,
    Incident,
    StatusDelivery,
    StatusSubscriber,
    StatusUpdate,
)
from fullscore.kit import time
from fullscore.kit.jobs import every, job
from fullscore.kit.log import get_logger
from fullscore.kit.models import User
from fullscore.kit.models.user import system

RECEIPT_DAYS = 30
READ_SECONDS = 1.0  # then what was read is placed, and people are called for it
# A page leaves within seconds: what calls people is taken before what finds out for whom to call.
PAGING, READING = 50, 10
MOST_WEIGHED = 200  # each takes some milliseconds, and the clock comes again in a minute
LISTEN_AGAIN_SECONDS = 30  # a port that another process has is free once that has ended
log = get_logger()
UNTOLD = "An incident that is not for everybody"


class SyslogListener:
    """Hears syslog where an option names a port, and keeps what are alerts."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped = threading.Event()
        self._inbox = services.Inbox()

    def run(self) -> None:
        """Listen until `stop`; returns at once where no port is named."""
        while not self.doors().are_closed and not self._stopped.is_set():
            try:
                asyncio.run(self._run())
            except Unreachable as error:
                log.warning("syslog is not heard", error=str(error))
                self._stopped.wait(LISTEN_AGAIN_SECONDS)

    def stop(self) -> None:
        """Let `run` return once what was heard is kept."""
        self._stopped.set()
        if self._loop is not None:
            with suppress(RuntimeError):  # it has ended already
                self._loop.call_soon_threadsafe(self._ended.set)

    def doors(self) -> Doors:
        """Return where to listen."""
        given = settings.OPTIONS
        return Doors(
            given.syslog_host, given.syslog_udp_port, given.syslog_tcp_port, given.syslog_tls_port,
            given.syslog_certificate, given.syslog_key, given.syslog_authorities,
        )  # fmt: skip

    async def _run(self) -> None:
        self._ended, self._loop = asyncio.Event(), asyncio.get_running_loop()
        if not self._stopped.is_set():
            await Listener(self.doors(), self._take).run(self._ended)

    def _take(self, came: Sequence[Came], lost: Mapping[str, int]) -> None:
        close_old_connections()
        self._inbox.take(came, lost)


@every(minutes=1)
def read_mailboxes() -> None:
    """Look into the mailbox of each source of e-mail; one that fails holds up no other."""
    rows = AlertSource.objects.filter(kind=AlertSource.Kind.EMAIL, revoked_at=None)
    for pk in rows.exclude(mailbox="").values_list("pk", flat=True):
        read_mailbox.enqueue(source=pk)


@job(attempts=1)
def read_mailbox(source: int) -> None:
    """Take what is new in one mailbox."""
    found = AlertSource.objects.select_related("credential").filter(pk=source).first()
    if found is not None and found.mailbox and found.revoked_at is None:
        services.read_mailbox(found)


@job(queue="urgent", priority=READING, joins=True)
def take_in() -> None:
    """Read what came in, and put each alert into its incident."""
    _take_in()


@every(seconds=10, queue="urgent", priority=READING)
def keep_up() -> None:
    """Resolve what ran out, hear who is silent, and take in what a lost job left behind.

    Nothing runs out while bodies wait that may say it again.
    """
    by, now = system(), time.now()
    services.expire_acknowledgements(now=now, by=by)
    if _take_in():
        now = time.now()
        services.resolve_due(now=now, by=by)
        services.hear_silence(now=now, by=by)
        _group()


@job(queue="urgent", priority=READING, joins=True)
def alert_findings(ids: list[int]) -> None:
    """Let urgent findings of our own be alerts, and resolve those of findings that are closed."""
    services.tell_findings(ids, now=time.now(), by=system())
    _group()


@job(joins=True)
def tell_changes(ids: list[int]) -> None:
    """Let changes know which items are in trouble, and who commands the response."""
    rows = Incident.objects.filter(pk__in=ids).select_related("assignee__user", "commander__user")
    known = {incident.pk: incident for incident in rows}
    services.in_pieces(known, lambda pk: _tell_change(known[pk]))


def _tell_change(incident: Incident) -> None:
    leader = incident.commander or incident.assignee
    is_over = incident.state == Incident.State.RESOLVED
    items = queries.items_in(incident).values_list("pk", flat=True)
    changes.tell_trouble(
        f"incident {incident.pk}",
        by=system(),
        items=[] if is_over else list(items),
        title=UNTOLD if incident.is_security else incident.title,
        since=incident.starts_at,
        commander=leader.user if leader else None,
        url=f"/incidents/{incident.pk}",
    )


@job(queue="urgent", priority=PAGING)
def call_people(ids: list[int]) -> None:
    """Let people be called for incidents that opened, or became worse."""
    services.call_people(ids, by=system())


@job(queue="urgent", priority=PAGING)
def call_after_change(change: int) -> None:
    """Let people be called for what a change left behind."""
    services.call_after(change, by=system())


@job()
def tell_runbook(step: int) -> None:
    """Put what a step of a runbook showed on the timeline of the incident it is run for."""
    rows = RunbookStepRun.objects.select_related("run__runbook", "run__driver", "by")
    for one in rows.filter(pk=step):
        services.tell_runbook(one)


@job(joins=True)
def weigh_incidents(ids: list[int]) -> None:
    """Work out how urgent incidents are that opened or became others."""
    services.weigh(ids, now=time.now(), by=system())


@every(minutes=1)
def weigh_live() -> None:
    """Work out anew how urgent the incidents are that are not over, the worst first."""
    live = Incident.objects.live().order_by("-severity", "-pk").values_list("pk", flat=True)
    services.weigh(list(live[:MOST_WEIGHED]), now=time.now(), by=system())


@job(queue="urgent", priority=PAGING)
def leave_people(ids: list[int]) -> None:
    """Let nobody be called for incidents that are over."""
    services.leave_people(ids, by=system())


@job()
def owe_reviews(ids: list[int]) -> None:
    """Let grave incidents that are over have a review, filled as far as is known."""
    services.owe_reviews(ids, by=system())


@job(queue="urgent", priority=PAGING)
def take_answered(subject: str, record: int, user: int | None, who: str) -> None:
    """Let an incident be taken by whoever answered the page."""
    if subject == services.NOUN:
        by = User.objects.filter(pk=user).first() or system()
        services.take_answered(record, by=by, who=who)


@job(joins=True)
def tell_alerts(ids: list[int]) -> None:
    """Let what calls people know when the alerts of incidents began."""
    services.tell_alerts(ids)


@job(queue="urgent", priority=PAGING)
def grant_step(subject: str, record: int, what: str, policy: str) -> None:
    """Do to an incident what a step of a policy wants of it."""
    if subject == services.NOUN:
        services.grant_step(record, what, policy=policy, by=system())


@every(minutes=1)
def measure_objectives() -> None:
    """Measure what is left of the error budgets of services."""
    services.measure_objectives(now=time.now())


@job()
def write_status(update: int | None) -> None:
    """Write the public page anew."""
    services.write_page()


@job()
def tell_subscribers(update: int | None) -> None:
    """Queue what is published for each subscriber; one that fails holds up no other."""
    found = StatusUpdate.objects.filter(pk=update).first() if update is not None else None
    for pk in services.lay_out_deliveries(found) if found else ():
        deliver_status.enqueue(delivery=pk)


@job()
def deliver_status(delivery: int) -> None:
    """Bring one update to one subscriber."""
    rows = StatusDelivery.objects.select_related("subscriber", "update__notice")
    if found := rows.filter(pk=delivery).first():
        services.deliver(found)


@job()
def ask_subscriber(subscriber: int) -> None:
    """Ask an address whether it wants to be told."""
    if found := StatusSubscriber.objects.filter(pk=subscriber, confirmed_at=None).first():
        services.ask(found)


@every(days=1, at="03:50", queue="slow")
def write_figures() -> None:
    """Keep the figures of the last 28 days as series."""
    services.write_figures(now=time.now())


@every(days=1, at="03:40", queue="slow")
def prune() -> None:
    """Forget receipts after 30 days, events of alerts after 400, unproven subscribers after 2."""
    now = time.now()
    services.forget_old(before=now - timedelta(days=RECEIPT_DAYS))
    services.forget_events(now=now)
    services.forget_unconfirmed(now=now)


def _take_in() -> bool:
    """Read for a while and place what was read; False, and queued again, where more is left."""
    is_all = services.read_receipts(by=system(), seconds=READ_SECONDS)
    _group()
    if not is_all:
        take_in.enqueue()
    return is_all


def _group() -> None:
    now = time.now()
    services.place_new(now=now, by=system())
    services.settle(now=now, by=system())
