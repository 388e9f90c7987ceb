"""Every source of the ranked queue."""

from fullscore.domains.foundation.directory.models import Person
from fullscore.domains.foundation.findings import queries as findings
from fullscore.domains.foundation.findings import services
from fullscore.domains.foundation.findings.models import Finding
from fullscore.domains.overview.attention.queries import Source, Told
from fullscore.kit.models import User
from fullscore.kit.perform import find, require


def _told(finding: Finding, user: User) -> Told:
    return Told(
        title=finding.title,
        url=f"/findings/{finding.pk}",
        severity=finding.severity,
        where=str(finding.item or ""),
        owner=str(finding.owner or ""),
        assignee=finding.assignee,
        due=f"due {finding.due_on:%-d %b}" if finding.due_on else "",
        action="Take it" if finding.state == Finding.State.OPEN else "",
        action_url=f"/findings/{finding.pk}/acknowledge",
        is_default_price=finding.is_default_price,
        since=finding.opened_at,
    )


def _give(finding: Finding, *, person: Person, by: User) -> None:
    """Assign a finding as if somebody had done it on its page: seen, permitted, locked."""
    locked = find(Finding, finding.pk, by=by, lock=True)
    require("findings.acknowledge_finding", locked, by=by)
    services.assign(locked, by=by, person=person)


SOURCES = (
    Source(
        findings.concerns,
        _told,
        # What is about a person is nobody's to hand round.
        team_of=lambda finding: None if finding.person_id else finding.owner_id,
        is_taken=lambda finding: finding.assignee_id is not None,
        give=_give,
    ),
)
