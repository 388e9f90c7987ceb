"""Asking for a change, and editing what was asked: an edit that matters voids every approval."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from fullscore.domains.foundation.changes.models import Change, ChangeStep, StandardChange
from fullscore.domains.foundation.changes.models.words import Kind
from fullscore.domains.foundation.changes.services.telling import happened, need
from fullscore.domains.foundation.directory.models import Person
from fullscore.domains.foundation.estate import queries as estate
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.findings.models import Finding
from fullscore.kit import time
from fullscore.kit.audit import noted, recorded
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import User

State = Change.State
MOST_STEPS = 100
MOST_ITEMS = 500
FROM_STANDARD = ("plan", "rollback", "rollback_plan", "verification")


@transaction.atomic
def request(
    *, by: User, items: Iterable[Item], findings: Iterable[Finding] = (), **values: Any
) -> Change:
    """Ask for a change; it is a draft until it is assessed and submitted."""
    change = Change(requested_by=by, **values)
    touched = list(items)
    _check_items(touched)
    _check_standard(change, touched)
    change.owner_id = change.owner_id or _owner(touched)
    with recorded(change, "request", by=by, note=_named(touched)):
        pass
    change.items.set(touched)
    change.findings.set(findings)
    _write_steps(change)
    happened(change, "requested", by=by, text=change.description)
    return change


@transaction.atomic
def revise(change: Change, *, by: User, **values: Any) -> Change:
    """Edit a change; other items, another window or another plan make it a draft again."""
    need(change, *Change.EDITABLE, to="an edit")
    items, findings = values.pop("items", None), values.pop("findings", None)
    altered = [name for name, value in values.items() if getattr(change, name) != value]
    before = set(change.items.values_list("pk", flat=True))
    touched = list(change.items.all()) if items is None else list(items)
    _check_items(touched)
    moved = {item.pk for item in touched} != before
    is_void = moved or bool({*altered} & {*Change.VOIDING})
    with recorded(change, "revise", by=by, note=_named(touched) if moved else ""):
        for name in altered:
            setattr(change, name, values[name])
        _check_standard(change, touched)
        if is_void:
            _unweigh(change)
    change.items.set(touched)
    if findings is not None:
        change.findings.set(findings)
    if "plan" in altered or "rollback_plan" in altered:
        _write_steps(change)
    if is_void:
        void(change, by=by, why=", ".join([*altered, *(["items"] if moved else [])]))
    return change


def void(change: Change, *, by: User, why: str) -> None:
    """Let what was approved count no more."""
    live = change.approvals.filter(voided_at__isnull=True)
    count = live.update(voided_at=time.now())
    if count:
        noted(change, "void approvals", by=by, note=why, approvals=count)
    happened(change, "edited", by=by, text=f"Altered: {why}. {_voided(count)}")


def _voided(count: int) -> str:
    if not count:
        return "It has to be assessed anew."
    return f"{count} {'decision' if count == 1 else 'decisions'} about it no longer count."


def assign(change: Change, *, by: User, person: Person) -> Change:
    """Say who carries the change out."""
    need(change, *Change.EDITABLE, to="another executor")
    if person.user_id is None or person.state == Person.State.LEFT:
        raise Conflict(f"{person} has no account to carry it out with.")
    with recorded(change, "assign", by=by):
        change.executor_id = person.user_id
    happened(change, "assigned", by=by, text=f"{person} carries it out.")
    return change


def _unweigh(change: Change) -> None:
    change.state, change.points, change.band, change.terms = State.DRAFT, None, "", []
    change.may_auto_approve, change.assessed_at, change.freeze_broken_by = False, None, None


def _check_items(items: list[Item]) -> None:
    if not items:
        raise Invalid("Say what it touches.", {"items": ["Choose one item at least."]})
    if len(items) > MOST_ITEMS:
        wanted = f"At most {MOST_ITEMS} items in one change."
        raise Invalid(wanted, {"items": [wanted]})


def _check_standard(change: Change, items: list[Item]) -> None:
    """Fill a standard change from its template; it may touch what that allows, nothing else."""
    standard = change.standard
    if (change.kind == Kind.STANDARD) != (standard is not None):
        wanted = "A standard change is made from a template, and only a standard change is."
        raise Invalid(wanted, {"standard": [wanted]})
    if standard is None:
        return
    allowed = estate.selected(standard.selector).filter(pk__in=[item.pk for item in items])
    if allowed.count() < len({item.pk for item in items}):
        wanted = f"“{standard}” is not meant for all of these items."
        raise Invalid(wanted, {"items": [wanted]})
    _fill(change, standard)


def _fill(change: Change, standard: StandardChange) -> None:
    for name in FROM_STANDARD:
        setattr(change, name, getattr(standard, name))


def _owner(items: list[Item]) -> int | None:
    """Return the team that answers for the first item that has one."""
    owners = estate.owners_of(item.pk for item in items)
    return next((owners[i.pk] for i in items if owners.get(i.pk)), None)


def _write_steps(change: Change) -> None:
    """Let the steps be the lines of the plans; only before it starts, so none is done yet."""
    change.steps.all().delete()
    rows = []
    for is_back, text in ((False, change.plan), (True, change.rollback_plan)):
        lines = [line.strip(" -*\t") for line in text.splitlines() if line.strip(" -*\t")]
        if len(lines) > MOST_STEPS:
            name = "rollback_plan" if is_back else "plan"
            raise Invalid(f"At most {MOST_STEPS} steps.", {name: [f"At most {MOST_STEPS} steps."]})
        rows += [
            ChangeStep(change=change, is_back=is_back, place=place, title=line[:300])
            for place, line in enumerate(lines, 1)
        ]
    ChangeStep.objects.bulk_create(rows)


def _named(items: list[Item]) -> str:
    names = ", ".join(item.name for item in items[:20])
    return f"items: {names}" + (f" and {len(items) - 20} more" if len(items) > 20 else "")
