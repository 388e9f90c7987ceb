"""Starting a run: of which version, for what, with which values, and who may."""

from django.db import IntegrityError, transaction

from fullscore.domains.foundation.changes.models import (
    CommandAccess,
    Runbook,
    RunbookRun,
    RunbookVersion,
    Trouble,
)
from fullscore.domains.foundation.estate.models import Item
from fullscore.engines import runbooks
from fullscore.engines.runbooks import Parameter
from fullscore.kit import access, time
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict, Invalid, NotAllowed
from fullscore.kit.models import User

RUN, ALTER = "changes.run_runbook", "changes.execute_change"
ITEM = Parameter("item", "name")


@transaction.atomic
def run(
    runbook: Runbook,
    *,
    by: User,
    item: Item,
    parameters: str = "",
    reference: str = "",
    is_dry: bool = False,
) -> RunbookRun:
    """Begin to run a runbook for an item; a dry run reads and measures, and alters nothing."""
    version = runbook.current
    if troubles := version.book.troubles:  # it was written when more, or less, could be read
        raise Conflict(f"Version {version.number} cannot be read: {troubles[0]} Edit it first.")
    given = _given(version, item, parameters)
    if not may(by, RUN, item):
        raise NotAllowed(f"You may not run runbooks for {item}; ask whoever grants access.")
    book = version.book
    if book.has_commands and not is_dry:
        _check_ready(version, item)
    started = RunbookRun(
        runbook=runbook,
        version=version,
        item=item,
        given=given,
        reference=_reference(reference),
        is_dry=is_dry,
        started_by=by,
        driver=by,
        started_at=time.now(),
    )
    try:
        with recorded(started, "rehearse" if is_dry else "run", by=by):
            pass
    except IntegrityError as error:  # two windows at the same moment
        raise Conflict("It is being run for this item already: go on there.") from error
    return started


def may(user: User, permission: str, item: Item) -> bool:
    """Say whether somebody holds a permission for an item."""
    reach = access.reach(user, permission)
    return reach.is_anything and Item.objects.in_reach(reach).filter(pk=item.pk).exists()


def _check_ready(version: RunbookVersion, item: Item) -> None:
    """Refuse to run commands that nobody else has read, or where there is no way in."""
    if version.approved_by_id is None:
        raise Conflict(
            f"Version {version.number} has commands and nobody has approved it: let somebody"
            " who did not write it approve it, or make a dry run."
        )
    if why := no_way(item):
        raise Conflict(why)


def no_way(item: Item) -> str:
    """Say why no command can be run on an item, and what to do; empty: it can."""
    way = CommandAccess.objects.filter(item=item).first()
    if way is None:
        return f"{item} is not read over SSH: add it under SSH hosts, and trust its key."
    if not way.host_key:
        return f"Nobody has trusted the key of {item}: do so on its page under SSH hosts."
    if way.credential_id is None:
        return f"{way} has no key: make one on its page under command accesses."
    return ""


def _reference(words: str) -> str:
    """Return for what it is run: a trouble that is known, such as “incident 12”."""
    words = words.strip()
    if words and not Trouble.objects.filter(reference=words).exists():
        told = f"“{words[:40]}” is no trouble: write such as “incident 12”, or nothing."
        raise Invalid(told, {"reference": [told]})
    return words


def values_of(text: str) -> dict[str, str]:
    """Read values, one “name=value” a line."""
    told = {}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        name, sign, value = line.partition("=")
        if not sign:
            words = f"“{line[:40]}” gives no value: write a name, = and a value, one a line."
            raise Invalid(words, {"parameters": [words]})
        told[name.strip()] = value.strip()
    return told


def _given(version: RunbookVersion, item: Item, text: str) -> dict[str, str]:
    book = version.book
    told, problems = runbooks.given(book.parameters, values_of(text))
    if book.has_commands and (why := runbooks.wrong(ITEM, item.name)):
        problems["item"] = f"This item's name cannot stand in a command: {why}"
    if problems:
        sentences = list(problems.values())
        raise Invalid(" ".join(sentences), {"parameters": sentences})
    return {**told, ITEM.name: item.name}


def planned(version: RunbookVersion, values: dict[str, str]) -> list[tuple[str, str]]:
    """Return the commands of a run with their values, by the titles of their steps."""
    book = version.book
    return [
        (step.title, runbooks.filled(step.command, values))
        for step in (*book.steps, *book.back)
        if step.kind == "command"
    ]


__all__ = ["ALTER", "RUN", "may", "no_way", "planned", "run", "values_of"]
