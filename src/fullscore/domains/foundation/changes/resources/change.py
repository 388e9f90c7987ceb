"""How a change is seen, asked for and worked on."""

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.timezone import localtime

from fullscore.domains.foundation.changes import drawing, services
from fullscore.domains.foundation.changes.models import Change
from fullscore.domains.foundation.estate.models import Difference, Item
from fullscore.domains.foundation.findings.models import Finding
from fullscore.kit import time
from fullscore.kit.perform import Unmet, Verb
from fullscore.kit.resource import Panel, Resource, Searched

QUICK = {
    "planned": "Planned",
    "mine": "Mine",
    "waiting": "Waiting",
    "running": "Under way",
    "unreviewed": "To review",
    "over": "Over",
}
TONES = {
    "waiting": "warn",
    "running": "info",
    "verifying": "info",
    "done": "ok",
    "failed": "high",
    "rolled_back": "high",
}
LOCAL = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class ChangeForm(forms.ModelForm):
    """What a change is asked for."""

    starts_at = forms.DateTimeField(label="window from", widget=LOCAL)
    ends_at = forms.DateTimeField(label="window to", widget=LOCAL)

    class Meta:
        model = Change
        widgets = {
            "items": forms.SelectMultiple(attrs={"size": 8}),
            "findings": forms.SelectMultiple(attrs={"size": 4}),
            "description": forms.Textarea(attrs={"rows": 3}),
            "plan": forms.Textarea(attrs={"rows": 5}),
            "rollback_plan": forms.Textarea(attrs={"rows": 3}),
        }
        fields = (
            "title",
            "kind",
            "standard",
            "items",
            "description",
            "starts_at",
            "ends_at",
            "plan",
            "rollback",
            "rollback_plan",
            "verification",
            "owner",
            "findings",
            "external_ref",
        )


class ChangeFilters(Searched):
    """What changes are found by."""

    show = django_filters.ChoiceFilter(
        choices=list(QUICK.items()), method="showing", label="Show", empty_label=None
    )
    item = django_filters.ModelChoiceFilter(
        queryset=lambda request: Item.objects.visible_to(request.user),
        method="touching",
        label="Item",
    )

    def showing(self, rows: QuerySet[Change], name: str, value: str) -> QuerySet[Change]:
        """Keep what one of the quick filters names."""
        me = self.request.user.pk
        kept = {
            "planned": Q(state__in=Change.PLANNED),
            "waiting": Q(state=Change.State.WAITING),
            "mine": Q(requested_by=me) | Q(executor=me),
            "over": ~Q(state__in=Change.PLANNED),
            "running": Q(state__in=Change.UNDER_WAY),
            "unreviewed": Q(
                state__in=Change.CLOSED, reviewed_at__isnull=True, review_due_at__isnull=False
            ),
        }
        return rows.filter(kept[value])

    def touching(self, rows: QuerySet[Change], name: str, value: Item) -> QuerySet[Change]:
        """Keep the changes that touch an item."""
        through = Change.items.through.objects.filter(item=value)
        return rows.filter(pk__in=through.values("change"))


def badges(change: Change) -> list[tuple[str, str]]:
    """Return state, risk, and whatever is special about a change."""
    told = [(change.get_state_display(), TONES.get(change.state, ""))]
    if change.band:
        told.append((f"{change.band} risk", drawing.BANDS[change.band]))
    if change.kind != "normal":
        told.append((change.kind, "high" if change.kind == "emergency" else ""))
    if change.is_recorded:
        told.append(("recorded", ""))
    if change.rollback_proposed_at and change.state == Change.State.VERIFYING:
        told.append(("roll back?", "crit"))
    now = time.now()
    if change.state in (Change.State.APPROVED, Change.State.RUNNING) and change.ends_at < now:
        told.append(("window missed", "warn"))
    if change.review_due_at and not change.reviewed_at:
        is_late = change.review_due_at < now
        day = f"{localtime(change.review_due_at):%-d %b}"
        told.append((f"review due {day}", "high" if is_late else ""))
    return told


def _only(*states: str) -> Any:
    return lambda change: "" if change.state in states else f"It is {change.get_state_display()}."


def _may_decide(change: Change) -> str:
    is_early = change.kind == "emergency" and change.state in ("draft", "assessed")
    if change.state == "waiting" or is_early:
        return ""
    return f"It is {change.get_state_display()}: submit it first."


def _may_rush(change: Change) -> str:
    if change.kind != "emergency":
        return "Only an emergency starts at once."
    return "" if change.state in Change.EDITABLE else f"It is {change.get_state_display()}."


def _may_finish(change: Change) -> str:
    if change.state != "verifying":
        return "Verify it first." if change.state == "running" else _only("verifying")(change)
    return "" if change.result == "good" else "Its result is not good."


def _may_review(change: Change) -> str:
    if change.reviewed_at:
        return "It was reviewed."
    return "" if change.state in Change.CLOSED else "It is not over."


def _submitted(change: Change) -> str:
    if change.state == Change.State.APPROVED:
        return "Approved: it goes ahead by itself."
    return "Submitted: those who may approve it were told."


def _approved(change: Change) -> str:
    if change.state == Change.State.APPROVED:
        return "Approved: it may start when its window opens."
    return "Your approval counts; others are still needed."


def _verified(change: Change) -> str:
    if change.result == "good":
        return "Good. It is watched for half an hour; finish it when you are content."
    return Unmet("Bad: look at the new findings, then verify again, or roll it back.")


CHANGE = Resource(
    Change,
    columns=["title", "kind", "state", "points", "starts_at", "ends_at", "owner", "executor"],
    fields=[
        "title",
        "kind",
        "standard",
        "items",
        "description",
        "starts_at",
        "ends_at",
        "plan",
        "rollback",
        "rollback_plan",
        "verification",
        "owner",
        "findings",
        "external_ref",
    ],
    facts=[
        "band",
        "requested_by",
        "standard",
        "rollback",
        "verification",
        "started_at",
        "ended_at",
        "result",
        "outcome",
        "commanded_for",
        "freeze_broken_by",
        "review_due_at",
        "reviewed_at",
        "review",
        "external_ref",
        "is_recorded",
    ],
    filters=["state", "kind", "band", "owner", "starts_at"],
    filterset=ChangeFilters,
    quick={words: f"show={name}" for name, words in QUICK.items()},
    default_query="show=planned",
    search=["title", "external_ref"],
    order=["-starts_at", "-points"],
    icon="git-branch",
    group="Change",
    form=ChangeForm,
    add=services.request,
    change=services.revise,
    adds_by_page=True,
    takes_files=False,
    in_bulk=False,
    badges=badges,
    subtitle=lambda c: (
        f"Change {c.pk} · {localtime(c.starts_at):%-d %b %H:%M}"
        f" to {localtime(c.ends_at):%-d %b %H:%M}"
    ),
    panels=[
        Panel("Plan", draw=drawing.draw_plan),
        Panel("Verification", draw=drawing.draw_verification),
        Panel("Approvals", draw=drawing.draw_approvals),
        Panel("Risk", draw=drawing.draw_risk),
        Panel("In the way", draw=drawing.draw_way),
        Panel("What it reaches", draw=drawing.draw_blast),
        Panel(
            "Items",
            rows=lambda c: Item.objects.filter(changes=c),
            columns=["name", "kind", "environment", "criticality", "owner"],
        ),
        Panel(
            "To repair",
            rows=lambda c: Finding.objects.filter(changes=c),
            columns=["severity", "title", "item", "state"],
        ),
        Panel("What happened", draw=drawing.draw_timeline, is_history=True),
        Panel(
            "Changes",
            on=Item,
            rows=lambda item: Change.objects.filter(items=item),
            columns=["title", "kind", "state", "starts_at", "points"],
        ),
        Panel(
            "Change that brings it back",
            on=Difference,
            rows=lambda d: Change.objects.filter(external_ref=services.reference(d)),
            columns=["title", "state", "starts_at"],
        ),
        Panel(
            "Changes to repair it",
            on=Finding,
            rows=lambda finding: Change.objects.filter(findings=finding),
            columns=["title", "state", "starts_at"],
        ),
    ],
    verbs=[
        Verb(
            services.assess,
            permission="changes.change_change",
            icon="gauge",
            done=lambda c: f"Assessed: {c.points} points, {c.band} risk.",
            when=_only("draft", "assessed"),
        ),
        Verb(
            services.submit,
            permission="changes.change_change",
            icon="send",
            tone="primary",
            done=_submitted,
            when=_only("assessed"),
        ),
        Verb(
            services.approve,
            permission="changes.approve_change",
            icon="check",
            done=_approved,
            when=_may_decide,
        ),
        Verb(
            services.reject,
            permission="changes.approve_change",
            icon="x",
            past="rejected",
            when=_may_decide,
        ),
        Verb(
            services.start,
            permission="changes.execute_change",
            icon="play",
            past="started",
            in_bulk=False,
            when=_only("approved"),
        ),
        Verb(
            services.start_emergency,
            permission="changes.execute_change",
            icon="siren",
            tone="danger",
            past="started",
            in_bulk=False,
            when=_may_rush,
        ),
        Verb(
            services.verify,
            permission="changes.execute_change",
            icon="scan-search",
            done=_verified,
            in_bulk=False,
            when=_only("running", "verifying"),
            hints={"result": "Empty: what the checks say, where it is verified by them."},
        ),
        Verb(
            services.finish,
            permission="changes.execute_change",
            icon="check-check",
            past="done",
            in_bulk=False,
            when=_may_finish,
        ),
        Verb(
            services.roll_back,
            permission="changes.execute_change",
            icon="undo-2",
            tone="danger",
            past="rolled back",
            in_bulk=False,
            when=_only("running", "verifying"),
        ),
        Verb(
            services.fail,
            permission="changes.execute_change",
            icon="circle-x",
            past="failed",
            in_bulk=False,
            when=_only("running", "verifying"),
        ),
        Verb(
            services.assign,
            permission="changes.change_change",
            icon="user-plus",
            past="assigned",
            when=_only(*Change.EDITABLE),
        ),
        Verb(
            services.break_freeze,
            permission="changes.break_freeze",
            icon="hourglass",
            past="let into the freeze",
            in_bulk=False,
            when=_only(*Change.EDITABLE),
        ),
        Verb(
            services.review,
            permission="changes.close_change",
            icon="clipboard-check",
            past="reviewed",
            in_bulk=False,
            when=_may_review,
        ),
        Verb(
            services.abandon,
            permission="changes.change_change",
            icon="ban",
            past="abandoned",
            when=_only(*Change.EDITABLE),
        ),
    ],
)
