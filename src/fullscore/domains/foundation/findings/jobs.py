"""Checks on the clock, and what follows from their findings."""

from django.db.models import F

from fullscore.domains.foundation.directory.models import Membership, Person
from fullscore.domains.foundation.findings import services
from fullscore.domains.foundation.findings.models import Check, Finding, Waiver
from fullscore.domains.foundation.findings.services.folding import is_concerned
from fullscore.domains.foundation.findings.services.running import due_checks
from fullscore.kit import access, notify, time
from fullscore.kit.jobs import every, job
from fullscore.kit.models import User
from fullscore.kit.models.user import system


@every(seconds=15)
def run_due() -> None:
    """Run every check whose time has come."""
    for check in due_checks(time.now()):
        services.run_check(check, by=system())


@every(hours=1)
def keep_promises() -> None:
    """Open what nobody confirmed, end exceptions whose day has come."""
    services.reopen_unanswered(by=system())
    services.end_expired(by=system())


@every(days=1, at="05:00")
def tell_overdue() -> None:
    """Announce what has become overdue."""
    services.announce_overdue(by=system())


@every(days=1, at="03:40")
def prune() -> None:
    """Remove closed findings after 800 days and runs after 90."""
    services.forget_old(by=system(), now=time.now())


@job()
def notify_opened(ids: list[int]) -> None:
    """Fold what follows from something else, and tell the people who answer for the rest."""
    _fold(ids)
    _notify(ids)


@job()
def unfold(ids: list[int]) -> None:
    """Let what followed from a closed finding stand by itself, and tell whoever answers for it."""
    _notify(_fold(ids))


def _fold(ids: list[int]) -> list[int]:
    """Fold anew if findings came or went that others follow from; returns those set free."""
    idents = Check.objects.filter(findings__in=ids).values_list("ident", flat=True).distinct()
    return services.fold(by=system()) if is_concerned(idents) else []


def _notify(ids: list[int]) -> None:
    # Muted and excepted findings are counted, and never told; nor is what a told one explains.
    rows = Finding.objects.pressing().filter(pk__in=ids, severity__gte=2)
    told = Finding.objects.pressing().values("pk")
    rows = rows.exclude(because_of__severity__gte=F("severity"), because_of__in=told)
    findings = rows.select_related("item", "assignee__user").order_by("-severity", "pk")
    for finding in findings[:100]:
        for user in _told(finding):
            notify.notify(
                user, finding.title, body=finding.advice, url=f"/findings/{finding.pk}",
                severity=finding.severity,
            )  # fmt: skip


@job()
def return_to_teams(person: int) -> None:
    """Give what somebody who left was on back to the teams that own it."""
    for gone in Person.objects.filter(pk=person):
        services.return_to_teams(gone, by=system())


@job()
def follow_merge(item: int, into: int) -> None:
    """Find the findings of a merged item again as those of the other one."""
    services.follow_merge(into, by=system())


@job()
def notify_asked(ids: list[int]) -> None:
    """Tell those who may grant an exception that somebody asks for one."""
    for waiver in Waiver.objects.filter(pk__in=ids).select_related("finding", "asked_by"):
        for user in User.objects.filter(is_active=True, kind=User.Kind.PERSON).exclude(
            pk=waiver.asked_by_id
        ):
            if access.may(user, "findings.grant_waiver") and _may_see(user, waiver.finding):
                title = f"{waiver.asked_by} asks for an exception: {waiver.finding}"
                notify.notify(
                    user, title, body=waiver.reason, url=f"/exceptions/{waiver.pk}", severity=3
                )


@job()
def notify_ending(ids: list[int]) -> None:
    """Tell who asked that an exception is about to end."""
    for waiver in Waiver.objects.filter(pk__in=ids).select_related("finding", "asked_by"):
        title = f"Your exception ends on {waiver.expires_on}: {waiver.finding}"
        notify.notify(waiver.asked_by, title, url=f"/exceptions/{waiver.pk}", severity=3)


def _told(finding: Finding) -> list[User]:
    """Return the assignee, else the members of the owning team who have an account."""
    assignee = finding.assignee.user if finding.assignee else None
    if assignee is not None and assignee.is_active and _may_see(assignee, finding):
        return [assignee]
    if finding.owner_id is None:
        return []
    today = Membership.objects.on(time.now().date()).filter(team=finding.owner_id)
    members = User.objects.filter(is_active=True, person__memberships__in=today).distinct()
    return [user for user in members if _may_see(user, finding)]


def _may_see(user: User, finding: Finding) -> bool:
    return Finding.objects.visible_to(user).filter(pk=finding.pk).exists()
