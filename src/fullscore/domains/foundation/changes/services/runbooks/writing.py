"""Writing runbooks: each edit of the steps is a version, and another person approves it."""

from typing import Any

from django.db import transaction

from fullscore.domains.foundation.changes.models import Runbook, RunbookVersion
from fullscore.domains.foundation.estate import queries as estate
from fullscore.engines import runbooks
from fullscore.engines.runbooks import Book, Trouble
from fullscore.kit import checks, time
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import User

MOST_TOLD = 10
MAKES_A_VERSION = ("text", "standard")


@transaction.atomic
def add_runbook(*, by: User, **values: Any) -> Runbook:
    """Write a runbook; its steps are its first version."""
    runbook = Runbook(**values)
    _check(runbook)
    with recorded(runbook, "add", by=by):
        pass
    _keep(runbook, by)
    return runbook


@transaction.atomic
def change_runbook(runbook: Runbook, *, by: User, **values: Any) -> Runbook:
    """Edit a runbook; other steps, or another standard change, are a version that nobody has
    approved yet."""
    altered = [name for name, value in values.items() if getattr(runbook, name) != value]
    with recorded(runbook, "change", by=by):
        for name in altered:
            setattr(runbook, name, values[name])
        _check(runbook)
        if is_new := bool({*altered} & {*MAKES_A_VERSION}):
            runbook.number += 1
    if is_new:
        _keep(runbook, by)
    return runbook


def _keep(runbook: Runbook, by: User) -> None:
    version = RunbookVersion(
        runbook=runbook,
        number=runbook.number,
        text=runbook.text,
        standard=runbook.standard,
        written_by=by,
        written_at=time.now(),
    )
    with recorded(version, "write", by=by):
        pass
    runbook.__dict__.pop("current", None)


def _check(runbook: Runbook) -> None:
    """Refuse steps that cannot be read, and items that cannot be selected."""
    runbook.text = runbook.text.replace("\r\n", "\n").replace("\x00", "")
    estate.selected(runbook.selector)
    if told := [str(one) for one in troubles(runbooks.read(runbook.text))]:
        more = f" And {len(told) - MOST_TOLD} more." if len(told) > MOST_TOLD else ""
        sentences = told[:MOST_TOLD]
        raise Invalid(" ".join(sentences) + more, {"text": sentences})


def troubles(book: Book) -> list[Trouble]:
    """Return what is wrong with a runbook, checks that do not exist among it."""
    unknown = [
        Trouble(step.line, f"there is no check “{step.check}”: `fullscore check list` names them.")
        for step in (*book.steps, *book.back)
        if step.check and step.check not in checks.known()
    ]
    return sorted([*book.troubles, *unknown], key=lambda one: one.line)


@transaction.atomic
def approve_runbook(runbook: Runbook, *, by: User, note: str = "") -> Runbook:
    """Say that the steps as they stand may be run on hosts. Nobody approves what they wrote."""
    version = RunbookVersion.objects.select_for_update().get(runbook=runbook, number=runbook.number)
    if version.approved_by_id is not None:
        raise Conflict("This version is approved already.")
    if version.written_by_id == by.pk:
        raise Conflict("Someone else must approve what you wrote.")
    if by.kind != User.Kind.PERSON:
        raise Conflict("A person has to approve a runbook.")
    with recorded(version, "approve", by=by, note=note):
        version.approved_by, version.approved_at = by, time.now()
    runbook.__dict__.pop("current", None)
    return runbook
