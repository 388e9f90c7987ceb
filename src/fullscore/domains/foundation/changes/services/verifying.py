"""Looking at the result: checks before and after, and figures and troubles for half an hour."""

from datetime import datetime, timedelta
from typing import Literal

from django.db import transaction
from django.db.models import QuerySet

from fullscore.domains.foundation.changes.announcements import RollbackProposed
from fullscore.domains.foundation.changes.models import Change, Trouble
from fullscore.domains.foundation.changes.models.words import Result, Verification
from fullscore.domains.foundation.changes.queries import blast
from fullscore.domains.foundation.changes.queries.shifted import shifted
from fullscore.domains.foundation.changes.services.telling import happened, need
from fullscore.domains.foundation.findings import services as findings
from fullscore.domains.foundation.findings.models import Check, Finding
from fullscore.kit import time
from fullscore.kit.announcements import announce
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import User

State = Change.State
WATCHED = timedelta(minutes=30)
LEAST = 3  # severity from which a new finding speaks for rolling back
MOST = 1000  # items looked at: the gravest come first


@transaction.atomic
def verify(
    change: Change, *, by: User, result: Literal["", "good", "bad"] = "", note: str = ""
) -> Change:
    """Look at the result: the checks of its items and of what depends on them run now.

    Without a result said by hand it is theirs. From now on it is watched for half an hour.
    """
    need(change, *Change.UNDER_WAY, to="verifying")
    left = change.steps.filter(is_back=False, done_at__isnull=True).count()
    if left:
        raise Conflict(f"{left} of its steps {'is' if left == 1 else 'are'} not done yet.")
    if not result and change.verification != Verification.AUTOMATED:
        wanted = "Say what you saw: good or bad."
        raise Invalid(wanted, {"result": [wanted]})
    run_checks(within(change), by=by)
    fresh = new_findings(change)
    with recorded(change, "verify", by=by, note=note):
        change.findings_after = list(fresh.values_list("pk", flat=True))
        change.result = result or (Result.BAD if change.findings_after else Result.GOOD)
        change.state, change.verified_at = State.VERIFYING, time.now()
        if change.result == Result.GOOD:  # somebody looked again: what was proposed is answered
            change.rollback_proposed_at, change.rollback_why = None, ""
        change.watched_until = change.watched_until or change.verified_at + WATCHED
    count = len(change.findings_after)
    seen = "nothing new" if not count else f"{count} new {'finding' if count == 1 else 'findings'}"
    happened(change, "verified", by=by, text=f"{change.result}: {seen}. {note}")
    return change


def within(change: Change) -> list[int]:
    """Return its items and what would feel their failure, the gravest first."""
    items = list(change.items.values_list("pk", flat=True))
    reached = [one.item for one in blast.blast(items).touched]
    return [*items, *reached][:MOST]


def bad_now(change: Change) -> list[int]:
    """Return the live findings in the blast set."""
    rows = Finding.objects.live().filter(item__in=within(change))
    return sorted(rows.values_list("pk", flat=True))


def new_findings(change: Change) -> QuerySet[Finding]:
    """Return what was found wrong in the blast set since it started, and matters."""
    rows = Finding.objects.pressing().filter(item__in=within(change), severity__gte=LEAST)
    return rows.exclude(pk__in=change.findings_before)


def run_checks(items: list[int], *, by: User) -> None:
    """Run every enabled check over some items."""
    for check in Check.objects.filter(is_enabled=True):
        findings.run_check(check, by=by, items=items)


def check_linked(change: Change, *, by: User) -> None:
    """Run the checks of the findings that a change was to repair, over their items."""
    wanted: dict[int, set[int]] = {}
    for pk, item in change.findings.values_list("check_of_id", "item_id"):
        wanted.setdefault(pk, set()).update({item} if item else set())
    for check in Check.objects.filter(pk__in=wanted, is_enabled=True):
        items = wanted[check.pk]
        findings.run_check(check, by=by, items=sorted(items) if items else None)


@transaction.atomic
def watch(change: Change, *, by: User, now: datetime) -> bool:
    """Look whether something went wrong in the blast set; propose to roll back when it did.

    A person decides. Returns whether a proposal was made now; one is made once.
    """
    change = Change.objects.select_for_update().get(pk=change.pk)
    is_watched = change.watched_until is not None and now <= change.watched_until
    if change.state != State.VERIFYING or not is_watched or change.rollback_proposed_at:
        return False
    reasons = _went_wrong(change, now)
    if not reasons:
        return False
    with recorded(change, "propose_rollback", by=by):
        change.rollback_proposed_at, change.rollback_why = now, "; ".join(reasons)
        change.result = Result.BAD
    happened(change, "proposal", by=by, text=f"Roll it back? {change.rollback_why}.")
    announce(RollbackProposed(change.pk))
    return True


def _went_wrong(change: Change, now: datetime) -> list[str]:
    """Return what speaks for rolling back: new findings, troubles and worse figures since."""
    known = set(change.findings_after) if change.result == Result.GOOD else set()
    found = new_findings(change).exclude(pk__in=known).order_by("-severity")[:5]
    told = [f"new finding “{finding}”" for finding in found]
    troubles = Trouble.objects.filter(
        until__isnull=True, since__gte=change.started_at, item__in=within(change)
    )
    names = dict(troubles.order_by("-since").values_list("reference", "title"))
    told += [f"{reference}: {title}" for reference, title in list(names.items())[:5]]
    return told + worse_figures(change, now)


def worse_figures(change: Change, now: datetime) -> list[str]:
    """Say which figures in the blast set are worse than before it began, once it has settled."""
    if change.started_at is None or change.verified_at is None:
        return []
    return shifted(within(change), began=change.started_at, settled=change.verified_at, now=now)
