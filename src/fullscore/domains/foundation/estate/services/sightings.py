"""What sources see, batch by batch: which item each thing is, or what a person has to decide."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from fullscore.domains.foundation.estate import authority
from fullscore.domains.foundation.estate.models import Claim, Item, Sighting, Source
from fullscore.domains.foundation.estate.queries import identity as known
from fullscore.domains.foundation.estate.services.differences import compare, differ
from fullscore.domains.foundation.estate.services.words import learn
from fullscore.engines import identity
from fullscore.engines.identity import Decision, Outcome, Word
from fullscore.kit.audit import bulk, recorded
from fullscore.kit.errors import Invalid
from fullscore.kit.models import User

AT_ONCE = 500  # things looked up together
NAMED = 5000  # ids in one statement


@dataclass(frozen=True, slots=True)
class Told:
    """One thing as a source tells of it.

    `ref` is its name with that source and stays the same; `item` is given where a person has said
    which item it is, as when a host was enrolled. `make` makes the item, where its source takes in
    what is new; without it, one of this kind and name is made.
    """

    ref: str
    name: str
    kind: str = "host"
    words: Sequence[Word] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    site: Item | None = None
    item: Item | None = None
    make: Callable[[], Item] | None = None


@dataclass(slots=True)
class Batch:
    """How many things of a batch were what; `unchanged` are not among the others."""

    matched: int = 0
    disputed: int = 0
    proposed: int = 0
    candidate: int = 0
    dismissed: int = 0
    unchanged: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """Return the counts by name."""
        return {name: getattr(self, name) for name in self.__slots__}


def source_of(name: str, kind: str, *, by: User, every_seconds: int = 86_400) -> Source:
    """Return the source of this name, made when it tells something for the first time."""
    found = Source.objects.filter(name=name).first()
    if found is None:
        found = Source(name=name, kind=kind, expected_every_seconds=every_seconds)
        with recorded(found, "add", by=by):
            pass
    return found


def change_source(source: Source, *, by: User, **values: Any) -> Source:
    """Give a source another name or interval; what it said holds by the new one from then on."""
    if values.get("kind", source.kind) != source.kind and source.sightings.exists():
        raise Invalid("What it is cannot be altered once it has told something.")
    with recorded(source, "change", by=by):
        for name, value in values.items():
            setattr(source, name, value)
    return source


def record_batch(source: Source, told: Sequence[Told], *, by: User, now: datetime) -> Batch:
    """Take in what a source sees now; returns what became of it.

    Any order of batches and of things within one gives the same items. What is told unchanged
    writes its time and nothing else: no entry, no version. All of a batch is one entry.
    """
    batch = Batch()
    for start in range(0, len(told), AT_ONCE):
        with transaction.atomic():
            _record_some(source, told[start : start + AT_ONCE], batch, by=by, now=now)
    Source.objects.filter(pk=source.pk).update(last_run_at=now)
    source.last_run_at = now
    return batch


def _record_some(
    source: Source, told: Sequence[Told], batch: Batch, *, by: User, now: datetime
) -> None:
    rows = Sighting.objects.filter(source=source, ref__in=[one.ref[:200] for one in told])
    seen = {
        row.ref: row for row in rows.select_related("item__site", "item__owner", "item__contact")
    }
    for row in seen.values():
        row.source = source
    cleaned = {one.ref[:200]: (one, identity.cleaned(one.words)) for one in told}
    same = [row for ref, row in seen.items() if _is_same(row, *cleaned[ref])]
    _renew(source, same, now)
    batch.unchanged += len(same)
    left = {ref: pair for ref, pair in cleaned.items() if ref not in {row.ref for row in same}}
    if not left:
        return
    index = known.index_of(word for _, words in left.values() for word in words)
    made = []
    for ref, (one, words) in left.items():
        row = seen.get(ref) or Sighting(source=source, ref=ref, first_seen_at=now)
        made.append(_record(row, one, words, index, by=by, now=now))
        setattr(batch, row.outcome, getattr(batch, row.outcome, 0) + 1)
    counts = {"seen": len(told), "new or changed": len(made)}
    bulk("estate.sighting", "see", by=by, counts=counts, rows=[[r.ref, r.outcome] for r in made])


def _is_same(row: Sighting, one: Told, words: frozenset[Word]) -> bool:
    """Say whether nothing is new: what is told, what the record says, and which item it is."""
    is_kept = one.item is None or row.item_id == one.item.pk
    if row.source.accepts_new and row.outcome == Sighting.Outcome.CANDIDATE:
        return False  # it is accepted by now
    return is_kept and row.hash == _hash(one, words, row.item)


def _renew(source: Source, rows: Sequence[Sighting], now: datetime) -> None:
    """Write that unchanged things were seen again: two statements, however many they are."""
    ids, items = [row.pk for row in rows], [row.item_id for row in rows if row.item_id]
    for start in range(0, len(ids), NAMED):
        Sighting.objects.filter(pk__in=ids[start : start + NAMED]).update(
            seen_at=now, expires_at=now + source.lifetime
        )
    for start in range(0, len(items), NAMED):
        Item.objects.filter(pk__in=items[start : start + NAMED]).update(seen_at=now)


def _record(
    row: Sighting, one: Told, words: frozenset[Word], index: identity.Index, *, by: User,
    now: datetime,
) -> Sighting:  # fmt: skip
    """Say what a new or changed thing is, and let its item learn from it."""
    row.name, row.kind, row.site = one.name[:200] or row.ref, one.kind, one.site
    row.words, row.values = [list(word) for word in sorted(words)], dict(one.values)
    row.seen_at, row.expires_at = now, now + row.source.lifetime
    bound = one.item or row.item
    if bound is None and row.outcome == Sighting.Outcome.DISMISSED:
        row.hash = _hash(one, words, None)
        row.save()  # nobody wants to hear of it, however it changes
        return row
    decision = _decided(words, one, bound, index)
    _judge(row, decision, bound)
    if row.outcome == Sighting.Outcome.CANDIDATE and row.source.accepts_new:
        row.item = one.make() if one.make else _taken_in(row, by=by)
        row.outcome = Sighting.Outcome.MATCHED
    row.save()
    _dispute(row, decision, by=by, now=now)
    follow(row, index, by=by, now=now)
    row.hash = _hash(one, words, row.item)
    Sighting.objects.filter(pk=row.pk).update(hash=row.hash)
    return row


def _taken_in(row: Sighting, *, by: User) -> Item:
    """Make an item of something new; a name that is taken is told apart by what its source says."""
    alike = Item.objects.live().filter(kind=row.kind, name__iexact=row.name, site=row.site)
    name = f"{row.name[:100]} ({row.ref[:90]})" if alike.exists() else row.name
    item = Item(kind=row.kind, name=name, site=row.site)
    with recorded(item, "add", by=by, note=f"{row.source} takes in what is new"):
        pass
    return item


def _decided(
    words: frozenset[Word], one: Told, bound: Item | None, index: identity.Index
) -> Decision:
    site = one.site.pk if one.site else None
    decision = identity.decide(identity.Seen(words, site), index)
    if bound is None or decision.outcome in (Outcome.MATCHED, Outcome.DISPUTED):
        return decision
    if against := _against(words, bound, index):
        return Decision(Outcome.DISPUTED, (bound.pk,), against)
    return Decision(Outcome.MATCHED, (bound.pk,))


def _against(
    words: frozenset[Word], bound: Item, index: identity.Index
) -> tuple[identity.Evidence, ...]:
    """Return what the item's own words, even those no word of the sighting led to, object."""
    mine = index.things.get(bound.pk) or known.known_by([bound.pk])[0]
    return identity.contradictions(words, mine)


def _judge(row: Sighting, decision: Decision, bound: Item | None) -> None:
    """Let a row say what was decided; what a person bound stays bound."""
    items = {i.pk: i for i in Item.objects.filter(pk__in=decision.things).select_related("site")}
    row.evidence = [
        f"{one.says} ({items[one.thing].name})" for one in decision.evidence if one.thing in items
    ]
    first = items.get(decision.things[0]) if decision.things else None
    is_other = bound is not None and decision.things != (bound.pk,)
    row.proposed = None
    if decision.outcome == Outcome.MATCHED and not is_other:
        row.item, row.outcome = bound or first, Sighting.Outcome.MATCHED
    elif bound is not None:  # it stays what it is, and a difference asks
        row.item, row.outcome = bound, Sighting.Outcome.MATCHED
    else:
        row.item, row.proposed = None, first
        row.outcome = Sighting.Outcome(str(decision.outcome))


def _dispute(row: Sighting, decision: Decision, *, by: User, now: datetime) -> None:
    """Open or end the difference “one thing or two?” on the item it concerns."""
    subject = row.item or row.proposed
    if subject is None or decision.outcome in (Outcome.PROPOSED, Outcome.CANDIDATE):
        return
    is_other = row.item is not None and decision.things != (row.item.pk,)
    is_open = decision.outcome == Outcome.DISPUTED or is_other
    actual = {"seen as": str(row.name), "because": row.evidence} if is_open else None
    differ(subject, "identity", None, actual, by=by, source=row.source.name, now=now)


def follow(row: Sighting, index: identity.Index, *, by: User, now: datetime) -> None:
    """Let the item of a sighting learn its words, be claimed its values, and be compared."""
    item = row.item
    if item is None:
        return
    learn(item, [Word(*word) for word in row.words], index, by=by)
    claim(row, now=now)
    Item.objects.filter(pk=item.pk).update(seen_at=now)
    item.seen_at = now
    seen = {**row.values, "name": row.values.get("name", row.name), "kind": row.kind}
    if row.site_id:
        seen["site"] = row.site.name if row.site else None
    compare(item, seen, by=by, source=row.source, now=now)


def claim(row: Sighting, *, now: datetime) -> None:
    """Let a source say exactly what its sighting says of the item."""
    values = {name[:60]: value for name, value in row.values.items() if value is not None}
    mine = Claim.objects.filter(item=row.item, source=row.source)
    said = {one.attribute: one for one in mine}
    mine.exclude(attribute__in=values).delete()
    fresh = [
        Claim(item=row.item, attribute=name, value=value, source=row.source, sighting=row,
              observed_at=now)
        for name, value in values.items()
        if name not in said or said[name].value != value or said[name].sighting_id != row.pk
    ]  # fmt: skip
    Claim.objects.bulk_create(
        fresh, update_conflicts=True, unique_fields=["item", "attribute", "source"],
        update_fields=["value", "sighting", "observed_at"],
    )  # fmt: skip


def _hash(one: Told, words: Iterable[Word], item: Item | None) -> str:
    """Return what tells one state of a thing, and of the record beside it, from another."""
    place = one.site.pk if one.site else None
    told = [one.name, one.kind, place, sorted(words), dict(one.values)]
    names = [*authority.FIELDS, *one.values]
    told.append({name: authority.intended(item, name) for name in names} if item else None)
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()
