"""Writing an inventory, a chunk at a time, set by set; and taking it back while untouched."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import models
from django.db.models import ProtectedError, RestrictedError
from django.db.models.deletion import Collector

from fullscore.domains.foundation.estate.kinds import HARD_LINKS, SOFT_LINKS
from fullscore.domains.foundation.estate.models import Identifier, Item, Link, Requirement
from fullscore.domains.foundation.estate.queries import joining
from fullscore.domains.foundation.estate.queries.joining import Tie
from fullscore.domains.foundation.estate.queries.planning import Planned, Standing
from fullscore.domains.foundation.estate.services import claiming
from fullscore.engines import identity
from fullscore.kit import history, live, search, time
from fullscore.kit.audit import bulk, snapshot
from fullscore.kit.models import AuditEntry, User, VersionBase
from fullscore.kit.time import FOREVER

ITEM, LINK, NEED = "estate.item", "estate.link", "estate.requirement"
Key = tuple[int, str, str]  # an item, and the kind and name of its need


def write_things(
    planned: Sequence[Planned], standing: Standing, *, by: User, items: dict[int, int], start: int,
    inventory: str = "",
) -> None:  # fmt: skip
    """Write a chunk of things; `items` learns which item each thing, from place `start`, is.

    One entry for what is new and one for what is changed: their rows are the versions that name
    the entry.
    """
    for place, one in enumerate(planned, start):
        if one.item is not None and not one.error:
            items[place] = one.item
    fresh = [(place, one) for place, one in enumerate(planned, start) if one.kind == "new"]
    # A site first: what stands at it needs its number.
    for is_site in (True, False):
        some = [pair for pair in fresh if (pair[1].thing.kind == "site") is is_site]
        _add(some, standing, items, by=by)
    _change([one for one in planned if one.kind == "changed"], standing, by=by)
    _learn([one for one in planned if one.kind in ("new", "changed")], standing, by=by)
    told = {one.item: one for one in planned if one.item is not None and not one.error}
    for one in told.values():
        one.site = _site(one, standing)  # which may be new
    if told:
        claiming.say(told, inventory=inventory, by=by, now=time.now())
    live.publish(ITEM, "")


def _add(
    fresh: Sequence[tuple[int, Planned]], standing: Standing, items: dict[int, int], *, by: User
) -> None:
    if not fresh:
        return
    made = [
        Item(kind=one.thing.kind, name=one.thing.name, site_id=_site(one, standing), **one.values)
        for _, one in fresh
    ]
    Item.objects.bulk_create(made, batch_size=100)
    for (place, one), item in zip(fresh, made, strict=True):
        items[place] = one.item = item.pk
        standing.rows[item.pk] = ()
        standing.stands(item.pk, item.kind, item.site_id, item.name)
    _record(Item, made, "add", by=by)


def _site(one: Planned, standing: Standing) -> int | None:
    if one.thing.kind == "site":
        return None
    return standing.sites[one.thing.site.lower()] if one.thing.site else None


def _change(changed: Sequence[Planned], standing: Standing, *, by: User) -> None:
    altered = [one for one in changed if one.values]
    if not altered:
        return
    known = Item.objects.in_bulk([one.item for one in altered if one.item])
    rows = []
    for one in altered:
        item = known[one.item or 0]
        for name, value in one.values.items():
            setattr(item, name, value)
        rows.append(item)
    names = sorted({name for one in altered for name in one.values})
    Item.objects.bulk_update(rows, [name.removesuffix("_id") for name in names], batch_size=100)
    _record(Item, rows, "change", by=by)


def _record(
    model: type[models.Model], rows: Sequence[models.Model], verb: str, *, by: User
) -> AuditEntry:
    """Write one entry for many rows, and the versions that name it."""
    states = [(row, snapshot(row)) for row in rows]
    entry = bulk(
        model._meta.label_lower, f"import: {verb}", by=by, counts={verb: len(rows)},
        rows=[state for _, state in states],
    )  # fmt: skip
    history.keep_many(model, states, entry=entry)
    search.refresh_many(model, [row.pk for row in rows])
    return entry


def _learn(planned: Sequence[Planned], standing: Standing, *, by: User) -> None:
    """Keep new words; a strong one that is another item's is not taken."""
    made = []
    for one in planned:
        for word in one.words:
            holders = standing.words.get((word.kind, word.value), {})
            is_others = any(pk != one.item and vendor == word.vendor
                            for pk, vendor in holders.items())  # fmt: skip
            if one.item is None or (identity.is_strong(word) and is_others):
                continue
            made.append(
                Identifier(item_id=one.item, kind=word.kind, value=word.value, vendor=word.vendor)
            )
            standing.learns(one.item, word)
    if not made:
        return
    _free(made, by=by)
    Identifier.objects.bulk_create(made, batch_size=200, ignore_conflicts=True)
    told = [[row.item_id, row.kind, row.value, row.vendor] for row in made]
    bulk("estate.identifier", "import: add", by=by, counts={"add": len(made)}, rows=told,
         facts={"words": told})  # fmt: skip


def _free(words: Iterable[Identifier], *, by: User) -> None:
    """Let retired items give up the words that are found elsewhere now, and no other."""
    wanted = {(word.kind, word.value, word.vendor) for word in words}
    retired = Identifier.objects.filter(
        value__in={value for _, value, _ in wanted}, item__state=Item.State.RETIRED
    )
    told = retired.values_list("pk", "item_id", "kind", "value", "vendor")
    given_up = [row for row in told if row[2:] in wanted]
    if given_up:
        Identifier.objects.filter(pk__in=[row[0] for row in given_up]).delete()
        bulk("estate.identifier", "import: give up", by=by, counts={"given up": len(given_up)},
             rows=[list(row[1:]) for row in given_up])  # fmt: skip


def write_links(
    planned: Sequence[Planned],
    standing: Standing,
    *,
    by: User,
    items: Mapping[int, int],
    start: int,
) -> int:
    """Write the links of a chunk of things; returns how many were new."""
    wanted: dict[tuple[str, int, int], Tie] = {}
    needs: dict[Key, int | None] = {}
    joined = standing.joined
    for place, one in enumerate(planned, start):
        own = items.get(place)
        if own is None or one.error:
            continue
        for tie in one.ties:
            other = tie.item if tie.place is None else items.get(tie.place)
            if other is not None and other != own:
                wanted.setdefault((tie.kind, own, other), tie)
        needs |= {(own, *key): needed for key, needed in one.needs.items()}
    fresh = {ends: tie for ends, tie in wanted.items() if ends not in joined.links}
    for (kind, own, _), tie in fresh.items():
        if kind in (*HARD_LINKS, *SOFT_LINKS):
            needs.setdefault((own, kind, tie.need or ""), _usual(kind, own, tie, standing))
    _need(needs, fresh, standing, by=by)
    made = [
        Link(
            kind=kind, from_item_id=own, to_item_id=other, source="import",
            requirement_id=joined.needs.get((own, kind, tie.need or ""), (None,))[0],
            confidence=1.0 if tie.confidence is None else tie.confidence,
            attributes=dict(tie.attributes or {}),
        )
        for (kind, own, other), tie in fresh.items()
    ]  # fmt: skip
    if made:
        Link.objects.bulk_create(made, batch_size=100)
        _record(Link, made, "link", by=by)
    _tell({ends: tie for ends, tie in wanted.items() if ends not in fresh}, standing, by=by)
    for link in made:
        standing.joined.learns((link.kind, link.from_item_id, link.to_item_id),
                               joining.Standing(link.requirement_id, link.confidence,
                                                link.attributes))  # fmt: skip
    return len(made)


def _usual(kind: str, own: int, tie: Tie, standing: Standing) -> int | None:
    """Return how many are needed where nobody said it: as many as were, all of a new need."""
    known = standing.joined.needs.get((own, kind, tie.need or ""))
    return known[1] if known else 0 if kind in SOFT_LINKS else None


def _need(
    wanted: Mapping[Key, int | None], fresh: Mapping[tuple[str, int, int], Tie],
    standing: Standing, *, by: User,
) -> None:  # fmt: skip
    """Make the needs that are new, and give the others the number that is told."""
    joined = standing.joined
    serving = Counter[Key]()
    for key in wanted:
        known = joined.needs.get(key)
        serving[key] = len(joined.served.get(known[0], ())) if known else 0
    for (kind, own, _), tie in fresh.items():
        serving[own, kind, tie.need or ""] += 1
    # What serves it may have been refused: no more are needed than there are.
    told = {key: n if n is None else min(n, serving[key]) for key, n in wanted.items()}
    made = [
        Requirement(dependent_id=own, kind=kind, name=name, needed=told[own, kind, name])
        for own, kind, name in told
        if (own, kind, name) not in joined.needs and serving[own, kind, name]
    ]
    if made:
        Requirement.objects.bulk_create(made, batch_size=150)
        _record(Requirement, made, "require", by=by)
    anew = {joined.needs[key][0]: n for key, n in told.items()
            if key in joined.needs and joined.needs[key][1] != n}  # fmt: skip
    altered = list(Requirement.objects.filter(pk__in=anew))
    for row in altered:
        row.needed = anew[row.pk]
    if altered:
        Requirement.objects.bulk_update(altered, ["needed"], batch_size=100)
        _record(Requirement, altered, "change", by=by)
    for row in (*made, *altered):
        joined.needs[row.dependent_id, row.kind, row.name] = (row.pk, row.needed)


def _tell(known: Mapping[tuple[str, int, int], Tie], standing: Standing, *, by: User) -> None:
    """Write what is told anew of links that are there."""
    links = standing.joined.links
    told = {ends: joining.told_of(tie, links[ends]) for ends, tie in known.items()}
    told = {ends: said for ends, said in told.items() if said != links[ends][1:]}
    if not told:
        return
    owners = {own for _, own, _ in told}
    rows = [row for row in Link.objects.filter(from_item__in=owners)
            if (row.kind, row.from_item_id, row.to_item_id) in told]  # fmt: skip
    for row in rows:
        ends = (row.kind, row.from_item_id, row.to_item_id)
        row.confidence, row.attributes = told[ends][0], dict(told[ends][1])
        links[ends] = joining.Standing(row.requirement_id, row.confidence, row.attributes)
    Link.objects.bulk_update(rows, ["confidence", "attributes"], batch_size=100)
    _record(Link, rows, "change", by=by)


# ── taking it back ─────────────────────────────────────────────────────────────────────────────


def take_back(entry: AuditEntry, *, by: User) -> tuple[int, list[str]]:
    """Undo what one entry of an import wrote, as far as nobody has touched it since.

    Returns how many rows were taken back, and sentences about those that were kept.
    """
    if entry.noun == "estate.identifier":
        return _forget_words((entry.after or {}).get("words", []), by=by)
    if entry.noun == "estate.sighting":
        claiming.unsay(entry)
        return 0, []  # it goes with what it says something of
    model = {ITEM: Item, LINK: Link, NEED: Requirement}[entry.noun]
    versions = list(history.versions_of(model).filter(entry=entry))
    fresh = {version.record_id: version for version in versions}
    kept = [f"{entry.noun} {pk} was touched since." for pk, v in fresh.items()
            if v.ends_at != FOREVER]  # fmt: skip
    mine = [pk for pk, v in fresh.items() if v.ends_at == FOREVER]
    if entry.verb == "import: change":
        return _restore(model, mine, entry, by=by), kept
    gone, used = _remove(model, mine, by=by)
    return gone, [*kept, *used]


def _restore(model: type[models.Model], keys: Sequence[int], entry: AuditEntry, *, by: User) -> int:
    """Bring rows back to the version before."""
    rows = []
    known = model._base_manager.in_bulk(keys)
    fields = {f.attname: f for f in model._meta.concrete_fields}
    for pk in keys:
        before = history.of(known[pk]).exclude(entry=entry).order_by("-starts_at").first()
        if before is None:
            continue
        for name, value in before.state.items():
            if name in fields and name not in ("id", "key"):
                field: Any = fields[name]
                plain = isinstance(field, models.JSONField | models.ForeignKey)
                setattr(known[pk], name, value if plain else field.to_python(value))
        rows.append(known[pk])
    if rows:
        names = [f.name for f in model._meta.concrete_fields if f.name not in ("id", "key")]
        model._base_manager.bulk_update(rows, names, batch_size=40)
        _record(model, rows, "undo", by=by)
    return len(rows)


def _remove(model: type[models.Model], keys: Sequence[int], *, by: User) -> tuple[int, list[str]]:
    """Remove rows that an import made; those that others have come to use stay."""
    rows = list(model._base_manager.filter(pk__in=keys))
    used: list[models.Model] = []
    if rows and _is_used(model, rows):
        used = [row for row in rows if _is_used(model, [row])]
    gone = [row.pk for row in rows if row not in used]
    if gone:
        told = [snapshot(row) for row in rows if row not in used]
        bulk(model._meta.label_lower, "import: undo", by=by, counts={"removed": len(gone)},
             rows=told)  # fmt: skip
        open_ones = history.versions_of(model).filter(record_id__in=gone, ends_at=FOREVER)
        open_ones.update(ends_at=time.now())
        search.forget_many(model, gone)
        model._base_manager.filter(pk__in=gone).delete()
    return len(gone), [f"{row} is used by others since." for row in used]


def _is_used(model: type[models.Model], rows: Sequence[models.Model]) -> bool:
    """Say whether anything but words and versions hangs on rows."""
    collector = Collector(using="default")
    try:
        collector.collect(rows)
    except (ProtectedError, RestrictedError):
        return True
    harmless = (Identifier, VersionBase)
    going = [q for q in collector.fast_deletes if not issubclass(q.model, harmless)]
    others = [m for m in collector.data if m is not model and not issubclass(m, harmless)]
    updated = [q for many in collector.field_updates.values() for q in many]
    return bool(others) or any(map(bool, going)) or any(map(bool, updated))


def _forget_words(words: Sequence[Sequence[Any]], *, by: User) -> tuple[int, list[str]]:
    """Remove the words that an import gave to items that stay."""
    gone = 0
    for item, kind, value, vendor in words:
        rows = Identifier.objects.filter(item=item, kind=kind, value=value, vendor=vendor)
        gone += rows.delete()[0]
    if gone:
        bulk("estate.identifier", "import: undo", by=by, counts={"removed": gone}, rows=[])
    return gone, []
