"""Every source of the ranked queue."""

from fullscore.domains.foundation.changes import services as changing
from fullscore.domains.foundation.changes.models import Change
from fullscore.domains.foundation.changes.queries import standing as changes
from fullscore.domains.foundation.directory.models import Person
from fullscore.domains.foundation.findings import queries as findings
from fullscore.domains.foundation.findings import services
from fullscore.domains.foundation.findings.models import Finding
from fullscore.domains.infrastructure.patching.models import Campaign
from fullscore.domains.infrastructure.patching.queries import campaigns
from fullscore.domains.overview.attention.queries import Source, Told
from fullscore.domains.response.incidents import queries as incidents
from fullscore.domains.response.incidents import services as responding
from fullscore.domains.response.incidents.models import Incident
from fullscore.kit.errors import Conflict
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
        late_since=finding.late_since,
    )


def _give(finding: Finding, *, person: Person, by: User) -> None:
    """Assign a finding as if somebody had done it on its page: seen, permitted, locked."""
    locked = find(Finding, finding.pk, by=by, lock=True)
    require("findings.acknowledge_finding", locked, by=by)
    services.assign(locked, by=by, person=person)


def _told_incident(incident: Incident, user: User) -> Told:
    return Told(
        title=incident.title,
        url=f"/incidents/{incident.pk}/room",
        severity=incident.severity,
        where=incidents.where(incident, user),
        owner=str(incident.owner or ""),
        assignee=incident.assignee,
        action="" if incident.acknowledged_at else "Take it",
        action_url=f"/incidents/{incident.pk}/acknowledge",
        is_default_price=incident.is_default_price,
        since=incident.detected_at,
    )


def _give_incident(incident: Incident, *, person: Person, by: User) -> None:
    """Assign an incident as if somebody had done it on its page: seen, permitted, locked."""
    locked = find(Incident, incident.pk, by=by, lock=True)
    require("incidents.acknowledge_incident", locked, by=by)
    responding.assign(locked, by=by, person=person)


WAITS_FOR = {"approval": "Approve", "review": "Review", "window": "Window missed"}
RISK_SEVERITY = {"low": 2, "medium": 3, "high": 4}


def _told_change(change: Change, user: User) -> Told:
    due_at = {"review": change.review_due_at, "window": change.ends_at}.get(
        change.waits_for, change.starts_at
    )
    verb = {"approval": "approve", "review": "review"}.get(change.waits_for, "")
    return Told(
        title=f"{WAITS_FOR[change.waits_for]}: {change.title}",
        url=f"/changes/{change.pk}/{verb}".removesuffix("/"),
        severity=RISK_SEVERITY.get(change.band, 2),
        owner=str(change.owner or ""),
        due=f"{due_at:%-d %b %H:%M}" if due_at else "",
        is_default_price=change.is_default_price,
        since=change.assessed_at,
    )


def _give_change(change: Change, *, person: Person, by: User) -> None:
    """Let somebody carry a change out: what waits for a yes or a review is nobody's to give."""
    locked = find(Change, change.pk, by=by, lock=True)
    require("changes.change_change", locked, by=by)
    changing.assign(locked, by=by, person=person)


CAMPAIGN_WAITS = {
    "proposed": ("Approve the plan", "approve"),
    "paused": ("Paused", ""),
    "approved": ("Start", "start"),
}


def _severity_of_campaign(campaign: Campaign) -> int:
    return 4 if campaign.state == Campaign.State.PAUSED else 3


def _told_campaign(campaign: Campaign, user: User) -> Told:
    words, verb = CAMPAIGN_WAITS[campaign.state]
    return Told(
        title=f"{words}: {campaign.title}",
        url=f"/patch-campaigns/{campaign.pk}/{verb}".removesuffix("/"),
        severity=_severity_of_campaign(campaign),
        where=str(campaign.baseline),
        owner=str(campaign.drafted_by),
        due=campaign.why[:60],
        since=campaign.planned_at,
    )


def _keep_campaign(campaign: Campaign, *, person: Person, by: User) -> None:
    raise Conflict("A decision about a campaign cannot be handed round.")


SOURCES = (
    Source(
        findings.concerns,
        _told,
        severity=lambda finding: finding.severity,
        # What is about a person is nobody's to hand round.
        team_of=lambda finding: None if finding.person_id else finding.owner_id,
        is_taken=lambda finding: finding.assignee_id is not None,
        give=_give,
    ),
    Source(
        incidents.concerns,
        _told_incident,
        severity=lambda incident: incident.severity,
        team_of=lambda incident: incident.owner_id,
        is_taken=lambda incident: incident.assignee_id is not None,
        give=_give_incident,
    ),
    Source(
        changes.concerns,
        _told_change,
        severity=lambda change: RISK_SEVERITY.get(change.band, 2),
        # A decision or a review cannot be handed round, only the work itself.
        team_of=lambda change: change.owner_id if change.waits_for == "window" else None,
        is_taken=lambda change: change.executor_id is not None,
        give=_give_change,
    ),
    Source(
        campaigns.concerns,
        _told_campaign,
        severity=_severity_of_campaign,
        team_of=lambda campaign: None,
        is_taken=lambda campaign: True,
        give=_keep_campaign,
    ),
)
