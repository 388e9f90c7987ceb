"""What an item needs, and how it is joined to others."""

from typing import Any

from django.db import transaction

from fullscore.domains.foundation.estate.kinds import HARD_LINKS, SOFT_LINKS
from fullscore.domains.foundation.estate.models import Item, Link, Requirement
from fullscore.kit.audit import recorded, removed
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import User


def require(
    item: Item,
    *,
    by: User,
    to: Item,
    name: str = "",
    needed: int | None = None,
    kind: str = "needs",
) -> Link:
    """Say that an item needs another; with a name, that several serve one need (“2 of 3”).

    `needed` is how many of the need's supports must be up: empty for all, 0 for help that is
    welcome.
    """
    if kind not in (*HARD_LINKS, *SOFT_LINKS):
        raise Invalid(f"“{kind}” is not a way of needing: {', '.join((*HARD_LINKS, *SOFT_LINKS))}.")
    if needed is not None and needed < 0:
        raise Invalid("A number needed cannot be negative.")
    if to.pk == item.pk:
        raise Invalid("An item cannot need itself.")
    _check_live(item, to)
    if kind in SOFT_LINKS:
        needed = 0
    with transaction.atomic():
        requirement = item.requirements.filter(kind=kind, name=name).first()
        requirement = requirement or Requirement(dependent=item, kind=kind, name=name)
        with recorded(requirement, "require", by=by):
            requirement.needed = needed
        supports = requirement.links.exclude(to_item=to).count() + 1
        if needed is not None and needed > supports:
            raise Invalid(f"{needed} are needed, but only {supports} serve “{name or kind}”.")
        link = Link.objects.filter(kind=kind, from_item=item, to_item=to).first()
        link = link or Link(kind=kind, from_item=item, to_item=to)
        with recorded(link, "link", by=by):
            link.requirement = requirement
    return link


def link(item: Item, *, by: User, to: Item, kind: str = "part_of") -> Link:
    """Join two items without a need: part of, member of, connected to."""
    if kind in (*HARD_LINKS, *SOFT_LINKS):
        return require(item, by=by, to=to, kind=kind)
    _check_live(item, to)
    if Link.objects.filter(kind=kind, from_item=item, to_item=to).exists():
        raise Conflict(f"{item} is linked to {to} already.")
    made = Link(kind=kind, from_item=item, to_item=to)
    with recorded(made, "link", by=by):
        pass
    return made


def unlink(link: Link, *, by: User) -> None:
    """End a link; a need nobody serves any more ends with it."""
    requirement = link.requirement
    drop(link, by=by)
    if requirement is None:
        return
    left = requirement.links.count()
    if left == 0:
        drop(requirement, by=by)
    elif requirement.needed is not None and requirement.needed > left:
        with recorded(requirement, "require", by=by, note="a support was unlinked"):
            requirement.needed = left


def _check_live(*items: Item) -> None:
    """Raise Conflict where one is out of service: nothing hangs on what is gone."""
    for item in items:
        if item.state == Item.State.RETIRED:
            raise Conflict(f"{item} is retired: bring it back first, or choose what replaces it.")


def drop(record: Any, *, by: User) -> None:
    """Remove a link, a need or a word of an item."""
    with removed(record, by=by):
        pass
