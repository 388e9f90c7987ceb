"""How reviews of incidents, their actions and the changes that had a part are seen."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.template.loader import render_to_string

from fullscore.domains.foundation.changes.models import Change
from fullscore.domains.foundation.directory.models import Person
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.response.incidents import services
from fullscore.domains.response.incidents.models import (
    Incident,
    IncidentChange,
    Review,
    ReviewAction,
)
from fullscore.kit import time
from fullscore.kit.perform import Verb
from fullscore.kit.resource import Panel, Resource, Searched
from fullscore.kit.time import in_words

WRITTEN = {
    "summary": "What happened", "detection": "How it was noticed",
    "factors": "What made it possible", "went_well": "What went well",
}  # fmt: skip
ACTION_QUICK = {"open": "To do", "late": "Late", "unverified": "To verify", "mine": "Mine"}


class ActionFilters(Searched):
    """What actions of reviews are found by."""

    show = django_filters.ChoiceFilter(
        choices=list(ACTION_QUICK.items()), method="showing", label="Show", empty_label=None
    )

    def showing(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Keep what one of the quick filters names."""
        open_ones = rows.filter(done_at__isnull=True)
        if value == "late":
            return open_ones.filter(due_on__lt=time.now().date())
        if value == "unverified":
            return rows.filter(done_at__isnull=False, verified_at__isnull=True)
        if value == "mine":
            return open_ones.filter(owner__user=self.request.user.pk)
        return open_ones


def draw_learnt(review: Review, user: Any, at: Any) -> str:
    """Draw what people wrote, as they set it."""
    told = [(words, getattr(review, name)) for name, words in WRITTEN.items()]
    return render_to_string("incidents/learnt.html", {"told": told})


def draw_impact(review: Review, user: Any, at: Any) -> str:
    """Draw for how long each service was touched, by name where the reader may know of it."""
    seconds = {row["item"]: row["seconds"] for row in review.impact}
    seen = {item.pk: item for item in Item.objects.visible_to(user).filter(pk__in=seconds)}
    rows = [(seen[pk], in_words(lasted)) for pk, lasted in seconds.items() if pk in seen]
    context = {"rows": rows, "hidden": len(seconds) - len(rows)}
    return render_to_string("incidents/impact.html", context)


def review_badges(review: Review) -> list[tuple[str, str]]:
    """Return the state, and whether it is late."""
    if review.state == Review.State.CLOSED:
        return [("closed", "ok")]
    is_late = review.due_on < time.now().date()
    return [("draft", ""), ("late", "warn")] if is_late else [("draft", "")]


def action_badges(action: ReviewAction) -> list[tuple[str, str]]:
    """Return where an action stands."""
    if action.verified_at:
        return [("verified", "ok")]
    if action.done_at:
        return [("done", ""), ("to verify", "info")]
    return [("late", "warn")] if action.due_on < time.now().date() else [("to do", "")]


def _closed(review: Review) -> str:
    return "It is closed." if review.state == Review.State.CLOSED else ""


def _done(action: ReviewAction) -> str:
    return "It is done." if action.done_at else ""


REVIEW = Resource(
    Review,
    columns=["incident", "state", "due_on", "closed_at"],
    fields=["incident", "summary", "detection", "factors", "went_well"],
    facts=["opened_at", "closed_by"],
    filters=["state", "due_on", "incident"],
    quick={"Draft": "state=draft", "Closed": "state=closed"},
    search=["summary", "factors"],
    order=["due_on", "-due_on"],
    icon="notebook-pen",
    group="Respond",
    under="Incidents",
    badges=review_badges,
    change=services.revise_review,
    add=services.begin_review,
    panels=[
        Panel("What was learnt", draw=draw_learnt),
        Panel("Impact", draw=draw_impact),
        Panel("Actions", rows=lambda r: r.actions.all(), adds="review",
              columns=["title", "kind", "owner", "due_on", "done_at", "verified_by", "change"]),
        Panel("Review", on=Incident, rows=lambda i: Review.objects.filter(incident=i),
              columns=["state", "due_on", "closed_at"]),
    ],
    verbs=[
        Verb(services.close_review, name="close", permission="incidents.close_review",
             icon="check-check", tone="primary", past="closed", when=_closed),
        Verb(services.add_action, permission="incidents.add_reviewaction", icon="plus",
             in_bulk=False, done="One more action follows from {}.",
             choices={"kind": ReviewAction.Kind.choices}),
        Verb(services.fill_again, permission="incidents.change_review", icon="refresh-cw",
             past="filled again", when=_closed),
        Verb(services.take_up_review, name="take_up", permission="incidents.close_review",
             icon="undo-2", past="open again",
             when=lambda r: "" if r.state == "closed" else "It is open."),
    ],
)  # fmt: skip

REVIEW_ACTION = Resource(
    ReviewAction,
    columns=["title", "kind", "owner", "due_on", "done_at", "verified_by", "review"],
    fields=["review", "title", "kind", "owner", "due_on"],
    facts=["created_at", "verified_at", "proof", "change"],
    filters=["kind", "owner", "due_on", "done_at", "review"],
    filterset=ActionFilters,
    quick={words: f"show={name}" for name, words in ACTION_QUICK.items()},
    default_query="show=open",
    search=["title"],
    order=["due_on", "-due_on"],
    icon="target",
    group="Respond",
    under="Incidents",
    badges=action_badges,
    add=services.add_action,
    change=services.change_action,
    panels=[
        Panel("Actions of reviews", on=Person,
              rows=lambda p: p.review_actions.filter(done_at__isnull=True),
              columns=["title", "kind", "due_on", "review"]),
        Panel("Wanted by reviews", on=Change, rows=lambda c: c.review_actions.all(),
              columns=["title", "owner", "due_on", "review"]),
    ],
    verbs=[
        Verb(services.finish_action, name="finish", permission="incidents.change_reviewaction",
             icon="check", tone="primary", past="done", when=_done),
        Verb(services.verify_action, name="verify", permission="incidents.close_review",
             icon="badge-check", past="verified", in_bulk=False,
             hints={"proof": "How one can tell: a test, a measurement, a drill."},
             when=lambda a: "It is verified." if a.verified_at
             else "" if a.done_at else "It is not done yet."),
        Verb(services.ask_change, permission="incidents.change_reviewaction", icon="git-branch",
             in_bulk=False, past="a change", done=lambda c: f"Change {c.pk} is drafted for it.",
             when=lambda a: "A change was asked for." if a.change_id else _done(a)),
        Verb(services.take_up_action, name="take_up", permission="incidents.change_reviewaction",
             icon="undo-2", past="to do again",
             when=lambda a: "" if a.done_at else "It is still to be done."),
    ],
)  # fmt: skip

INCIDENT_CHANGE = Resource(
    IncidentChange,
    columns=["incident", "kind", "change", "at", "by"],
    filters=["incident", "change", "kind", "at"],
    order=["-at"],
    icon="git-merge",
    panels=[
        Panel(
            "Incidents it had a part in",
            on=Change,
            rows=lambda c: c.incident_links.all(),
            columns=["kind", "incident", "at"],
        ),
    ],
)
