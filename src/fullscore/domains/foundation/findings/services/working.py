"""What people do with a finding until it is gone.

Nobody closes by hand: a check does, with proof.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef

from fullscore.domains.foundation.directory import queries as directory
from fullscore.domains.foundation.directory.models import Person, Team
from fullscore.domains.foundation.findings.announcements import FindingsOverdue
from fullscore.domains.foundation.findings.models import CheckRun, Comment, Event, Finding
from fullscore.domains.foundation.findings.services.changes import CHUNK
from fullscore.domains.foundation.findings.services.running import run_check
from fullscore.domains.foundation.findings.services.settling import take_turn
from fullscore.kit import search, time
from fullscore.kit.announcements import announce
from fullscore.kit.audit import bulk, noted, recorded
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import User

LONGEST_MUTE_DAYS = 30
KEPT_DAYS, RUNS_KEPT_DAYS = 800, 90
UNANSWERED = timedelta(hours=24)


def acknowledge(finding: Finding, *, by: User, note: str = "") -> Finding:
    """Take a finding: others see that somebody is on it."""
    if finding.state != Finding.State.OPEN:
        raise Conflict(f"Only an open finding can be taken; this one is {finding.state}.")
    person = directory.person_of(by)
    with recorded(finding, "acknowledge", by=by, note=note):
        finding.state = Finding.State.ACKNOWLEDGED
        finding.assignee = person or finding.assignee
        _happened(finding, by, "acknowledged", after=str(finding.assignee or by), note=note)
    return finding


def assign(
    finding: Finding,
    *,
    by: User,
    team: Team | None = None,
    person: Person | None = None,
    note: str = "",
) -> Finding:
    """Hand a finding to a team, to a person, or to both."""
    if finding.state == Finding.State.CLOSED:
        raise Conflict("A closed finding needs nobody.")
    if team is None and person is None:
        raise Invalid("Choose a team or a person.")
    if person is not None and person.state == Person.State.LEFT:
        raise Conflict(f"{person} has left.")
    before = f"{finding.owner or 'nobody'} / {finding.assignee or 'nobody'}"
    with recorded(finding, "assign", by=by, note=note):
        finding.owner = team or finding.owner or _team_of(person)
        finding.assignee = person if person or team is None else None
        if person and finding.state == Finding.State.OPEN:
            finding.state = Finding.State.ACKNOWLEDGED
        after = f"{finding.owner or 'nobody'} / {finding.assignee or 'nobody'}"
        _happened(finding, by, "assigned", before=before, after=after, note=note)
    return finding


def _team_of(person: Person | None) -> Team | None:
    teams = directory.teams_of(person) if person else []
    return Team.objects.filter(pk__in=teams).first()


def comment(finding: Finding, *, by: User, text: str) -> Comment:
    """Say something about a finding, in Markdown."""
    if not text.strip():
        raise Invalid("Write something first.", {"text": ["Write something first."]})
    said = Comment(finding=finding, by=by, at=time.now(), text=text.strip())
    with recorded(said, "comment", by=by):
        pass
    _happened(finding, by, "commented", note=text.strip()[:200])
    noted(finding, "comment", by=by)
    return said


@transaction.atomic
def say_fixed(finding: Finding, *, by: User, note: str = "") -> Finding:
    """Say that it is done; the check looks at once, and closes it or opens it again."""
    if finding.state not in (Finding.State.OPEN, Finding.State.ACKNOWLEDGED):
        raise Conflict(f"This finding is {finding.state}: there is nothing to say.")
    take_turn(finding.check_of)
    with recorded(finding, "say_fixed", by=by, note=note):
        finding.state, finding.fixed_at = Finding.State.FIXED, time.now()
        _happened(finding, by, "said fixed", note=note)
    return verify(finding, by=by)


def verify(finding: Finding, *, by: User) -> Finding:
    """Run the check on this finding's item now; what it sees decides."""
    if finding.state == Finding.State.CLOSED:
        raise Conflict("This finding is closed; should it come back, the check opens it.")
    items = [finding.item_id] if finding.item_id is not None else None
    run_check(finding.check_of, by=by, items=items)
    noted(finding, "verify", by=by)
    finding.refresh_from_db()
    return finding


def mute(finding: Finding, *, by: User, reason: str, until: datetime) -> Finding:
    """Keep a finding out of queue and mail for a while; it is still checked and counted."""
    if finding.severity == 5:
        raise Conflict("What is critical cannot be muted: fix it, or ask for an exception.")
    if finding.state == Finding.State.CLOSED:
        raise Conflict("This finding is closed.")
    if not reason.strip():
        raise Invalid("Say why.", {"reason": ["Say why."]})
    ahead = until - time.now()
    if ahead <= timedelta(0) or ahead > timedelta(days=LONGEST_MUTE_DAYS):
        raise Invalid(
            f"Mute until a moment in the coming {LONGEST_MUTE_DAYS} days.", {"until": ["Not then."]}
        )
    with recorded(finding, "mute", by=by, note=reason):
        finding.muted_until = until
        _happened(finding, by, "muted", after=f"{until:%F %H:%M} UTC", note=reason)
    return finding


def unmute(finding: Finding, *, by: User) -> Finding:
    """Bring a muted finding back into the queue."""
    if finding.muted_until is None or finding.muted_until <= time.now():
        raise Conflict("This finding is not muted.")
    with recorded(finding, "unmute", by=by):
        finding.muted_until = None
        _happened(finding, by, "unmuted")
    return finding


@transaction.atomic
def reopen_unanswered(*, by: User) -> int:
    """Open again what was said to be fixed a day ago and no check has confirmed."""
    unanswered = Finding.objects.filter(state="fixed", fixed_at__lt=time.now() - UNANSWERED)
    late = list(unanswered.select_for_update())
    for finding in late:
        with recorded(finding, "reopen", by=by, note="no check confirmed it within 24 h"):
            finding.state, finding.fixed_at = Finding.State.OPEN, None
            _happened(finding, by, "unconfirmed", note="no check confirmed it within 24 h")
    return len(late)


@transaction.atomic
def return_to_teams(person: Person, *, by: User) -> int:
    """Give what somebody who left was on back to the teams that own it; returns how much."""
    held = Finding.objects.live().select_for_update().filter(assignee=person)
    for finding in held:
        with recorded(finding, "return", by=by, note=f"{person} has left"):
            finding.assignee = None
            if finding.state == Finding.State.ACKNOWLEDGED:
                finding.state = Finding.State.OPEN
            _happened(finding, by, "returned", before=str(person), note=f"{person} has left")
    return len(held)


def announce_overdue(*, by: User) -> int:
    """Announce each finding that is overdue, once for each day it was due."""
    told = Event.objects.filter(
        finding=OuterRef("pk"), kind="overdue", at__date__gt=OuterRef("due_on")
    )
    late = Finding.objects.pressing().filter(due_on__lt=time.now().date())
    due = dict(late.exclude(Exists(told)).values_list("pk", "due_on"))
    if due:
        with transaction.atomic():
            Event.objects.bulk_create(
                Event(finding_id=pk, at=time.now(), by=by, kind="overdue", before=str(day))
                for pk, day in due.items()
            )
            bulk("findings.finding", "overdue", by=by, counts={"overdue": len(due)}, rows=due)
            announce(FindingsOverdue(list(due)))
    return len(due)


@transaction.atomic
def forget_old(*, by: User, now: datetime) -> int:
    """Let go of what was closed 800 days ago with all that hangs on it, and of runs after 90."""
    closed_before = now - timedelta(days=KEPT_DAYS)
    gone = list(Finding.objects.filter(closed_at__lt=closed_before).values_list("pk", flat=True))
    for start in range(0, len(gone), CHUNK):
        some = gone[start : start + CHUNK]
        search.forget_many(Finding, some)
        Finding.objects.filter(pk__in=some).delete()
    Event.objects.filter(at__lt=closed_before, finding__state="closed").delete()
    CheckRun.objects.filter(started_at__lt=now - timedelta(days=RUNS_KEPT_DAYS)).delete()
    if gone:
        bulk("findings.finding", "forget", by=by, counts={"forgotten": len(gone)}, rows=gone)
    return len(gone)


def _happened(
    finding: Finding, by: User, kind: str, *, before: str = "", after: str = "", note: str = ""
) -> None:
    Event.objects.create(
        finding=finding, at=time.now(), by=by, kind=kind, before=before[:120], after=after[:120],
        note=note
    )  # fmt: skip
