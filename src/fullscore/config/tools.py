"""Questions an assistant may ask beside those about every noun."""

from typing import Any

from fullscore.domains.foundation.estate import queries as estate
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.findings.models import Finding
from fullscore.domains.infrastructure.servers.queries import told as servers
from fullscore.domains.overview.attention import queries as attention
from fullscore.domains.response.incidents.reading import runbooks
from fullscore.domains.response.troubleshooting.reading import asked
from fullscore.interfaces.mcp.server import Tool
from fullscore.kit.models import User
from fullscore.kit.perform import find


def what_needs_me(user: User, limit: int = 10) -> dict[str, Any]:
    """Return the first rows of the queue, with what waiting costs and why."""
    found = attention.queue(user, limit=min(limit, 100))
    told = [
        {
            "title": row.told.title, "url": row.told.url, "severity": row.told.severity,
            "cost_per_hour": round(row.entry.cost_per_hour, 2), "cost": row.cost, "why": row.why,
            "owner": row.told.owner, "due": row.told.due,
        }
        for row in found.rows
    ]  # fmt: skip
    return {"headline": attention.headline(found), "total": found.total, "rows": told}


def why(user: User, finding: int) -> dict[str, Any]:
    """Return why a finding is one: figure, limit, evidence, advice, and what happened to it."""
    one = find(Finding, finding, by=user)
    events = [
        {"at": e.at.isoformat(), "what": e.kind, "to": e.after, "note": e.note}
        for e in one.events.all()[:20]
    ]
    return {
        "title": one.title, "state": one.state, "severity": one.get_severity_display(),
        "figure": one.figure, "limit": one.limit, "unit": one.unit, "evidence": one.evidence,
        "advice": one.advice, "why_it_matters": one.check_of.why, "events": events,
    }  # fmt: skip


def what_if(user: User, item: int) -> dict[str, Any]:
    """Return what goes down and what is degraded when an item fails, each with its chain."""
    found = find(Item, item, by=user)
    told = estate.what_if([found.pk], user=user, limit=200)
    rows = [
        {"item": c.name, "state": "down" if c.is_down else "degraded", "because": list(c.chain)}
        for c in told
    ]
    return {"fails": found.name, "consequences": rows}


def what_changed_before(
    user: User, incident: int = 0, item: int = 0, hours: int = 24
) -> dict[str, Any]:
    """Return what changed before an incident began, or until now at an item, worst first."""
    return asked.changed(user, incident=incident or None, item=item or None, hours=hours)


def which_runbook(user: User, incident: int = 0, item: int = 0) -> dict[str, Any]:
    """Return the runbooks that fit an incident or an item, why, and how often each helped."""
    return runbooks(user, incident=incident or None, item=item or None)


def why_access(user: User, person: str, server: str) -> dict[str, Any]:
    """Return why somebody gets in on a server, and as root: each way as a chain in words."""
    return servers.why(user, person=person, server=server)


TOOLS = (
    Tool("what_needs_me", what_needs_me.__doc__ or "", what_needs_me),
    Tool("why", why.__doc__ or "", why),
    Tool("what_if", what_if.__doc__ or "", what_if),
    Tool("which_runbook", which_runbook.__doc__ or "", which_runbook),
    Tool("why_access", why_access.__doc__ or "", why_access),
    Tool("what_changed_before", what_changed_before.__doc__ or "", what_changed_before),
)
