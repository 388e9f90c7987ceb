"""What Brightwater's people did with what the checks found; and going on from day to day."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import F

from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.findings import services as findings
from fullscore.domains.foundation.findings.models import Event, Finding, Waiver
from fullscore.domains.infrastructure.servers.models import Server
from fullscore.domains.overview.demo import names, truth
from fullscore.domains.overview.demo.services import lessons, outage, responding, samples, servers
from fullscore.domains.overview.demo.services.people import address
from fullscore.domains.overview.demo.truth import Planted
from fullscore.kit import history, time
from fullscore.kit.models import User

TAKEN = {
    "unit_failed": "Mark de Wit",
    "disk_filling": "Priya Raman",
    "clock_off": "Amara Okafor",
    "reboot_needed": "Pieter Bakker",
    "raid_degraded": "Li Wei",
    "weak_key": "Amara Okafor",
}
MUTED_DAYS = 14


def live_through(*, now: datetime | None = None) -> None:
    """Give findings their ages, and let people take, mute, except and repair some of them."""
    now = now or time.now()
    maya = _user(names.OPERATIONS_MANAGER)
    for one in truth.PLANTED:
        _age(_found(one), timedelta(days=one.since_days))
    for one in truth.PLANTED:
        if one.id in TAKEN:
            for finding in _found(one):
                findings.acknowledge(finding, by=_user(TAKEN[one.id]))
        if one.is_repaired:
            _repair(one, now)
    outage.report(now=now)
    responding.respond()
    lessons.learn(by=maya, now=now)
    _discuss(maya)
    _except(maya, now)
    for finding in _found(_planted("journal_unlimited")):
        findings.mute(
            finding, by=maya, reason="It goes with the move to the new cluster.",
            until=now + timedelta(days=MUTED_DAYS),
        )  # fmt: skip


def _planted(ident: str) -> Planted:
    return next(one for one in truth.PLANTED if one.id == ident)


def _user(name: str) -> User:
    return User.objects.get(email=address(name))


def _found(one: Planted) -> list[Finding]:
    """Return the live findings of what was planted, in the order of its places."""
    rows = Finding.objects.live().filter(check_of__ident=one.check, item__name__in=one.where)
    return list(rows.select_related("item", "check_of").order_by("item__name"))


def _age(rows: Iterable[Finding], age: timedelta) -> None:
    """Let findings have been opened some days earlier: their day, their due day and their
    versions."""
    ids = [finding.pk for finding in rows]
    for finding in Finding.objects.filter(pk__in=ids):
        # What falls due by itself, such as a certificate, keeps its day.
        if (
            finding.due_on
            and "due_at" not in finding.cost
            and finding.check_of.ident != "servers.disk_filling"
        ):
            finding.due_on -= age
            finding.save(update_fields=["due_on"])
    Finding.objects.filter(pk__in=ids).update(opened_at=F("opened_at") - age)
    Event.objects.filter(finding__in=ids).update(at=F("at") - age)
    history.versions_of(Finding).filter(record__in=ids).update(starts_at=F("starts_at") - age)


def _repair(one: Planted, now: datetime) -> None:
    """Let the host tell that it is repaired; its owner says so, and the check closes with a
    proof."""
    for finding in _found(one):
        if finding.item is None:
            continue
        servers.repair(finding.item.name, now=now)
        findings.say_fixed(
            finding, by=_user("Grace Mensah"), note="Restarted with the right settings."
        )


def _discuss(maya: User) -> None:
    for finding in _found(_planted("disk_filling")):
        findings.comment(
            finding,
            by=_user("Priya Raman"),
            text="The archive job for shipments older than two years has not run since "
            "the move. A larger volume is ordered as well.",
        )
        findings.comment(
            finding,
            by=maya,
            text="Please keep the carriers' messages: customs asks for seven years.",
        )


def _except(maya: User, now: datetime) -> None:
    """Let two old systems stay for a while: one exception granted, one still asked for."""
    old = _found(_planted("end_of_life"))[:2]
    lead = _user("Jonas Lindqvist")
    for place, finding in enumerate(old):
        asked: Waiver = findings.ask_exception(
            finding, by=maya, expires_on=(now + timedelta(days=80 - 40 * place)).date(),
            reason="The scanner software runs on nothing newer; its replacement is in test.",
            compensating_control="Reachable from the warehouse network only.",
        )  # fmt: skip
        if place == 0:
            findings.grant(asked, by=lead, note="Until the replacement is live, not longer.")


def go_on(*, now: datetime) -> None:
    """Let every host but the silent one tell once more that it is as it was."""
    silent = list(
        Server.objects.filter(state=Server.State.SILENT).values_list("item_id", flat=True)
    )
    Server.objects.exclude(item__in=silent).update(facts_at=now)
    alive = Server.objects.exclude(item__in=silent).values("item")
    Item.objects.filter(pk__in=alive).update(seen_at=now)
    samples.go_on(now=now, silent=silent)
