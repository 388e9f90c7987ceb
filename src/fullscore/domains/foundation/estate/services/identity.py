"""Two items that are one thing, and one item that is two."""

from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import ForeignObjectRel, QuerySet

from fullscore.domains.foundation.estate.announcements import ItemsMerged
from fullscore.domains.foundation.estate.kinds import COMPUTERS
from fullscore.domains.foundation.estate.models import (
    Difference,
    Identifier,
    Item,
    Link,
    Requirement,
    Sighting,
)
from fullscore.domains.foundation.estate.services.items import retire
from fullscore.domains.foundation.estate.services.links import drop
from fullscore.kit.announcements import announce
from fullscore.kit.audit import noted, recorded
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import User


@transaction.atomic
def merge(item: Item, *, by: User, into: Item, note: str = "") -> Item:
    """Say that two items are one thing: words, sightings, needs and links go to the other one."""
    _check_merge(item, into)
    _move_words(item, into, by=by)
    _move_sightings(item, into)
    _move_found(item, into)
    _move_needs(item, into, by=by)
    _move_links(item, into, by=by)
    moved = _move_what_hangs_on(item, into)
    _end_disputes([item, into], by=by)
    with recorded(into, "merge", by=by, note=f"with {item}. {note}".strip()):
        into.attributes = {**item.attributes, **into.attributes}
        into.tags = list(dict.fromkeys([*into.tags, *item.tags]))
        into.seen_at = max(filter(None, [item.seen_at, into.seen_at]), default=None)
        announce(ItemsMerged(item.pk, into.pk))
    if moved:
        noted(into, "take over", by=by, note=f"from {item}", **moved)
    retire(item, by=by, note=f"merged into {into}")
    with recorded(item, "merge", by=by, note=note):
        item.merged_into = into
    return into


def _check_merge(item: Item, into: Item) -> None:
    if item.pk == into.pk:
        raise Invalid("An item cannot be merged into itself.", {"into": ["Choose another."]})
    if Item.State.RETIRED in (item.state, into.state):
        raise Conflict("Only items in service are merged: reopen the retired one first.")
    both = {item.kind, into.kind}
    if len(both) > 1 and not both <= {*COMPUTERS}:
        raise Conflict(f"A {item.kind} and a {into.kind} are not one thing.")


def _move_words(item: Item, into: Item, *, by: User) -> None:
    own = set(into.identifiers.values_list("kind", "value"))
    for word in item.identifiers.all():
        if (word.kind, word.value) in own:
            drop(word, by=by)
            continue
        with recorded(word, "move", by=by):
            word.item = into


def _move_sightings(item: Item, into: Item) -> None:
    """Let what was seen as the one be seen as the other; each source says a thing once."""
    said = set(into.claims.values_list("attribute", "source"))
    for claim in item.claims.all():
        if (claim.attribute, claim.source_id) in said:
            claim.delete()
    item.claims.update(item=into)
    Sighting.objects.filter(item=item).update(item=into)
    Sighting.objects.filter(proposed=item).update(proposed=into)


def _move_found(item: Item, into: Item) -> None:
    sockets = set(into.listeners.values_list("address", "transport", "port"))
    for one in item.listeners.all():
        if (one.address, one.transport, one.port) not in sockets:
            type(one).objects.filter(pk=one.pk).update(item=into)
    paths = list(into.certificates.values_list("path", flat=True))
    item.certificates.exclude(path__in=paths).update(item=into)


def _move_needs(item: Item, into: Item, *, by: User) -> None:
    """Let the other need what the one needed; where both name a need alike, it is one need."""
    for need in list(item.requirements.all()):
        twin = into.requirements.filter(kind=need.kind, name=need.name).first()
        for link in list(need.links.all()):
            _move(link, by=by, from_item=into, requirement=twin or need)
        if twin is None:
            with recorded(need, "move", by=by):
                need.dependent = into
        else:
            drop(Requirement.objects.get(pk=need.pk), by=by)


def _move_links(item: Item, into: Item, *, by: User) -> None:
    for link in list(Link.objects.filter(from_item=item)):
        _move(link, by=by, from_item=into)
    for link in list(Link.objects.filter(to_item=item)):
        _move(link, by=by, to_item=into)


def _move(link: Link, *, by: User, **ends: object) -> None:
    """Give a link another end; one that would be there twice, or join a thing to itself, ends."""
    for name, value in ends.items():
        setattr(link, name, value)
    same = Link.objects.filter(
        kind=link.kind, from_item=link.from_item, to_item=link.to_item
    ).exclude(pk=link.pk)
    if link.from_item_id == link.to_item_id or same.exists():
        drop(Link.objects.get(pk=link.pk), by=by)
        return
    with recorded(link, "move", by=by):
        pass


def _move_what_hangs_on(item: Item, into: Item) -> dict[str, int]:
    """Let what other rooms keep of the one be the other's; returns how much, by noun.

    Findings, samples, servers, alerts and whatever comes to hang on items: so no room is asked.
    What the other has already and may have once stays with the retired one. What a person may do
    at a site is no part of this: nobody gains a right by a merge.
    """
    moved: dict[str, int] = {}
    for relation in Item._meta.get_fields(include_hidden=True):
        if not isinstance(relation, ForeignObjectRel) or relation.many_to_many:
            continue
        model, field = relation.related_model, relation.field
        app = model._meta.app_label
        if app == "access" or (app == "estate" and field.name not in ("site", "service")):
            continue  # a right, or moved above
        rows = model._base_manager.filter(**{field.name: item})
        if count := _move_rows(rows, field.name, into):
            moved[model._meta.label_lower] = moved.get(model._meta.label_lower, 0) + count
    return moved


def _move_rows(rows: QuerySet[Any], field: str, into: Item) -> int:
    """Move rows at once; where one of them may not stand twice, one by one."""
    try:
        with transaction.atomic():
            return rows.update(**{field: into})
    except IntegrityError:
        return sum(
            _move_one(rows.filter(pk=pk), field, into)
            for pk in [*rows.values_list("pk", flat=True)]
        )


def _move_one(row: QuerySet[Any], field: str, into: Item) -> int:
    try:
        with transaction.atomic():
            return row.update(**{field: into})
    except IntegrityError:
        return 0


def _end_disputes(items: Sequence[Item], *, by: User) -> None:
    rows = Difference.objects.filter(item__in=items, attribute="identity")
    for one in rows.filter(state__in=Difference.UNDECIDED):
        with recorded(one, "end", by=by, note="the two were merged"):
            one.state = Difference.State.GONE


@transaction.atomic
def split(item: Item, *, by: User, name: str, identifiers: str, note: str = "") -> Item:
    """Make a second item of one: these of its words, and what was seen by them, are the new one's.

    `identifiers` are values of its words with commas between.
    """
    wanted = {value.strip().lower() for value in identifiers.split(",") if value.strip()}
    words = [word for word in item.identifiers.all() if word.value.lower() in wanted]
    if missing := wanted - {word.value.lower() for word in words}:
        raise Invalid(f"{item} is not known by {', '.join(sorted(missing))}.")
    if not words:
        raise Invalid("Say by which words the second one is recognised.")
    other = Item(
        kind=item.kind, name=name, site=item.site, environment=item.environment, owner=item.owner
    )
    with recorded(other, "split", by=by, note=f"from {item}. {note}".strip()):
        pass
    for word in words:
        with recorded(word, "move", by=by):
            word.item = other
    _divide_sightings(item, other, words)
    _end_disputes([item], by=by)
    return other


def _divide_sightings(item: Item, other: Item, words: Sequence[Identifier]) -> None:
    """Give the new item what was seen by its words and by no word of the old one."""
    moved = {(word.kind, word.value) for word in words}
    kept = set(item.identifiers.values_list("kind", "value"))
    for sighting in item.sightings.all():
        seen = {(kind, value) for kind, value, *_ in sighting.words}
        if seen & moved and not seen & kept:
            Sighting.objects.filter(pk=sighting.pk).update(item=other)
            sighting.claims.update(item=other)
