"""How steps, approvals, policies, freezes, templates and troubles are seen."""

from fullscore.domains.foundation.changes import services
from fullscore.domains.foundation.changes.models import (
    Approval,
    ApprovalPolicy,
    Change,
    ChangeEvent,
    ChangeStep,
    Freeze,
    StandardChange,
    Trouble,
)
from fullscore.domains.foundation.changes.queries import standing
from fullscore.domains.foundation.estate.models import Item
from fullscore.kit import time
from fullscore.kit.perform import Verb
from fullscore.kit.resource import Panel, Resource

STANDARD_CHANGE = Resource(
    StandardChange,
    columns=[
        "title",
        "selector",
        "rollback",
        "verification",
        "written_by",
        "approved_by",
        "approved_at",
    ],
    facts=["description", "plan", "rollback_plan"],
    fields=[
        "title",
        "description",
        "selector",
        "plan",
        "rollback",
        "rollback_plan",
        "verification",
    ],
    filters=["rollback", "verification"],
    search=["title"],
    order=["title"],
    icon="copy",
    group="Change",
    under="Changes",
    add=services.add_standard,
    change=services.change_standard,
    badges=lambda s: [
        ("approved", "ok") if s.approved_by_id else ("not approved", "warn"),
        *_rate(s),
    ],
    panels=[
        Panel(
            "Changes made from it",
            rows=lambda s: s.changes.all(),
            columns=["title", "state", "starts_at", "points"],
        ),
    ],
    verbs=[
        Verb(
            services.approve_standard,
            name="approve",
            icon="check",
            tone="primary",
            permission="changes.approve_standardchange",
            when=lambda s: "It is approved." if s.approved_by_id else "",
        ),
    ],
)


def _rate(standard: StandardChange) -> list[tuple[str, str]]:
    """Return how often changes made from a template went well."""
    rate = standing.success_rate(standard)
    return [] if rate is None else [(f"{rate:.0%} went well", "" if rate >= 0.9 else "warn")]


APPROVAL_POLICY = Resource(
    ApprovalPolicy,
    columns=["name", "kind", "band", "environment", "tag", "needed", "team", "person"],
    fields=["name", "kind", "band", "environment", "tag", "needed", "team", "person"],
    filters=["kind", "band"],
    search=["name"],
    order=["name"],
    icon="file-check",
    group="Change",
    under="Changes",
    can_delete=True,
)

FREEZE = Resource(
    Freeze,
    columns=["name", "selector", "starts_at", "ends_at", "reason"],
    fields=["name", "reason", "selector", "starts_at", "ends_at"],
    filters=["starts_at"],
    search=["name", "reason"],
    order=["-starts_at"],
    icon="hourglass",
    group="Change",
    under="Changes",
    can_delete=True,
    add=services.add_freeze,
    change=services.change_freeze,
    badges=lambda f: [("holds now", "info")] if f.starts_at <= time.now() < f.ends_at else [],
)

APPROVAL = Resource(
    Approval,
    columns=["change", "person", "decision", "at", "rule", "note", "voided_at"],
    filters=["decision", "change"],
    search=["note"],
    order=["-at"],
    icon="check",
)

CHANGE_STEP = Resource(
    ChangeStep,
    columns=["change", "is_back", "place", "title", "done_at", "done_by", "note"],
    filters=["change"],
    order=["place"],
    icon="list-ordered",
    verbs=[
        Verb(
            services.finish_step,
            name="finish",
            permission="changes.execute_change",
            icon="check",
            done="Step done: {}.",
            when=lambda s: (
                "It is done."
                if s.done_at
                else ""
                if s.change.state in Change.UNDER_WAY
                else "The change is not under way."
            ),
        ),
    ],
)

CHANGE_EVENT = Resource(
    ChangeEvent,
    columns=["change", "at", "kind", "text", "by"],
    filters=["change", "kind", "at"],
    order=["-at"],
    icon="history",
)

TROUBLE = Resource(
    Trouble,
    columns=["title", "item", "reference", "since", "until", "commander"],
    filters=["item", "since"],
    search=["title", "reference"],
    order=["-since"],
    icon="siren",
    panels=[
        Panel(
            "Troubles",
            on=Item,
            rows=lambda item: item.troubles.open(),
            columns=["title", "reference", "since"],
        ),
    ],
)
