"""The panels of a change's page: the control room."""

from typing import Any

from django.template.loader import render_to_string

from fullscore.domains.foundation.changes.facts import Draft
from fullscore.domains.foundation.changes.models import Change
from fullscore.domains.foundation.changes.queries import blast, overlaps, weighing
from fullscore.domains.foundation.changes.queries.blast import Blast
from fullscore.domains.foundation.changes.queries.overlaps import InTheWay
from fullscore.domains.foundation.changes.services import approving
from fullscore.domains.foundation.directory.models import Team
from fullscore.domains.foundation.estate.maps import drawn
from fullscore.domains.foundation.estate.models import Item, Link
from fullscore.domains.foundation.findings.models import Finding
from fullscore.interfaces.web import charts
from fullscore.kit import access, time
from fullscore.kit.models import User

BANDS = {"low": "", "medium": "warn", "high": "high"}
MOST_DRAWN = 40
MOST_LISTED = 12
MOST_TOLD = 200


def draw_plan(change: Change, user: User, at: Any) -> str:
    """Draw the steps, each with the button that ticks it off while the change runs."""
    steps = list(change.steps.select_related("done_by"))
    is_running = change.state in Change.UNDER_WAY
    may = is_running and access.may(user, "changes.execute_change")
    forth = [s for s in steps if not s.is_back]
    context = {
        "change": change,
        "forth": forth,
        "may": may,
        "back": [s for s in steps if s.is_back],
        "done": sum(1 for s in forth if s.done_at),
    }
    return render_to_string("changes/plan.html", context)


def draw_risk(change: Change, user: User, at: Any) -> str:
    """Draw the risk card as it was when the change was weighed."""
    if change.points is None:
        return ""
    return render_to_string(
        "changes/risk.html", card(change.points, change.band, change.terms) | {"change": change}
    )


def card(points: int, band: str, terms: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what the risk card is drawn from."""
    rows = [(term["name"], float(term["points"])) for term in terms]
    tones = ["high" if value >= 15 else "" for _, value in rows]
    told = f"{points} of 100 points, {band} risk"
    picture = charts.bars(rows, title="Risk by reason", tones=tones, sentence=told)
    return {
        "points": points,
        "band": band,
        "tone": BANDS.get(band, ""),
        "terms": terms,
        "picture": picture,
    }


def draw_approvals(change: Change, user: User, at: Any) -> str:
    """Draw who decided what, and what is still missing."""
    decided = list(change.approvals.select_related("person"))
    if not decided and change.points is None:
        return ""
    is_open = change.state in (Change.State.ASSESSED, Change.State.WAITING)
    context = {
        "decided": decided,
        "needed": approving.needed(change),
        "missing": approving.still_missing(change) if is_open else [],
    }
    return render_to_string("changes/approvals.html", context)


def draw_way(change: Change, user: User, at: Any) -> str:
    """Draw what gets in the way of a change that is still to come."""
    if change.state not in Change.PLANNED:
        return ""
    way = overlaps.in_the_way(weighing.draft_of(change))
    return render_to_string("changes/way.html", way_of(way, user))


def way_of(way: InTheWay, user: User) -> dict[str, Any]:
    """Return what gets in the way as somebody may know of it."""
    seen = overlaps.seen_titles(way.conflicts, user)
    items = {c.item for c in way.conflicts if c.item is not None}
    names = dict(Item.objects.visible_to(user).filter(pk__in=items).values_list("pk", "name"))
    rows = [
        {
            "change": one.change if one.change in seen else None,
            "reason": one.reason,
            "title": one.title if one.change in seen else "(restricted)",
            "item": names.get(one.item or 0, ""),
            "starts_at": one.starts_at,
            "ends_at": one.ends_at,
        }
        for one in way.conflicts
    ]
    return {"conflicts": rows, "freezes": way.freezes, "free_at": way.free_at}


def draw_blast(change: Change, user: User, at: Any) -> str:
    """Draw what would feel a failure."""
    draft = weighing.draft_of(change)
    context = blast_of(draft, blast.blast(draft.items), user)
    return render_to_string("changes/blast.html", context)


def blast_of(draft: Draft, reached: Blast, user: User) -> dict[str, Any]:
    """Return the map and list of what would feel a failure, as somebody may know of it."""
    wanted = [one.item for one in reached.touched]
    seen = set(
        Item.objects.visible_to(user)
        .filter(pk__in=[*draft.items, *wanted[:MOST_TOLD]])
        .values_list("pk", flat=True)
    )
    told = [one for one in reached.touched if one.item in seen]
    own = list(Item.objects.filter(pk__in=seen & set(draft.items)).only("pk", "name", "kind"))
    teams = Team.objects.visible_to(user).filter(pk__in=reached.teams).order_by("name")
    return {
        "picture": _map(own, told),
        "touched": told[:MOST_LISTED],
        "more": max(0, len(told) - MOST_LISTED),
        "hidden": len(reached.touched) - len(told),
        "down": len(reached.down),
        "count": len(reached.touched),
        "teams": list(teams[:20]),
        "keeps": reached.keeps_redundancy,
    }


def _map(own: list[Item], told: list[blast.Touched]) -> Any:
    """Return the picture of the changed items and the gravest of what they reach."""
    shown = told[: MOST_DRAWN - len(own[:MOST_DRAWN])]
    items = [(i.pk, i.name, i.kind) for i in own[:MOST_DRAWN]]
    items += [(one.item, one.name, one.kind) for one in shown]
    ids = [pk for pk, _, _ in items]
    links = Link.objects.filter(from_item__in=ids, to_item__in=ids)
    tones = {one.item: "high" if one.is_down else "warn" for one in shown}
    tones |= dict.fromkeys((i.pk for i in own), "crit")
    return drawn(items, links.values_list("from_item_id", "to_item_id"), tones)


def draw_verification(change: Change, user: User, at: Any) -> str:
    """Draw what the checks found before and after, and whether to roll back."""
    if change.started_at is None or change.is_recorded:
        return ""
    seen = Finding.objects.visible_to(user)
    after = seen.filter(pk__in=change.findings_after).select_related("item")
    now = time.now()
    context = {
        "change": change,
        "before": len(change.findings_before),
        "after": list(after[:20]),
        "is_watched": change.watched_until is not None and now < change.watched_until,
        "gone": seen.filter(pk__in=change.findings_before, state=Finding.State.CLOSED).count(),
    }
    return render_to_string("changes/verification.html", context)


def draw_timeline(change: Change, user: User, at: Any) -> str:
    """Draw what happened, newest first."""
    told = change.events.select_related("by")[:MOST_TOLD]
    return render_to_string("changes/timeline.html", {"told": told})
