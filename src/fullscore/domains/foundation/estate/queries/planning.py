"""What an inventory would do to the record: new, changed, same or refused, thing by thing.

The whole estate is read once, so that 100,000 things cost seconds and not a question each.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from fullscore.connectors.inventory.shapes import Thing
from fullscore.domains.foundation.directory.models import Person, Team
from fullscore.domains.foundation.estate import authority
from fullscore.domains.foundation.estate.kinds import BY_NAME
from fullscore.domains.foundation.estate.models import Identifier, Item
from fullscore.domains.foundation.estate.queries.joining import Joined, Tie, Wrong, ties
from fullscore.engines import identity
from fullscore.engines.identity import Word

FIELDS = ("state", "environment", "criticality", "owner_id", "contact_id", "supported_until",
          "support_source", "monthly_cost", "attributes", "tags")  # fmt: skip
MOST_ATTRIBUTES, LONGEST_TAG = 100, 60
Key = tuple[str, int | None, str]  # kind, site, name in small letters


@dataclass(slots=True)
class Planned:
    """What becomes of one thing: values to be written, words to be learned, links to be made."""

    thing: Thing
    item: int | None = None
    site: int | None = None
    values: dict[str, Any] = field(default_factory=dict)  # those that differ
    words: list[Word] = field(default_factory=list)  # those that are new
    known_by: Sequence[Word] = ()  # all it was told to be recognised by
    said: dict[str, Any] = field(default_factory=dict)  # all that was told of it, for its source
    ties: list[Tie] = field(default_factory=list)
    needs: dict[tuple[str, str], int | None] = field(default_factory=dict)  # told; None is all
    joins: dict[str, str] = field(default_factory=dict)  # what of its links changes, in words
    error: str = ""
    is_new: bool = False

    @property
    def kind(self) -> str:
        """Return refused, new, changed or same."""
        if self.error:
            return "refused"
        if self.is_new:
            return "new"
        return "changed" if self.values or self.words or self.joins else "same"


@dataclass(slots=True)
class Standing:
    """The record as it stands: items by name and by word, sites and teams by name."""

    rows: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    names: dict[Key, int] = field(default_factory=dict)
    called: dict[str, list[int]] = field(default_factory=dict)  # by name alone
    words: dict[tuple[str, str], dict[int, str]] = field(default_factory=dict)  # item → vendor
    own: dict[int, set[Word]] = field(default_factory=dict)
    titles: dict[int, str] = field(default_factory=dict)  # item → name as it is spelled
    sites: dict[str, int] = field(default_factory=dict)
    teams: dict[str, int] = field(default_factory=dict)
    people: dict[str, list[int]] = field(default_factory=dict)  # by e-mail, and by name
    joined: Joined = field(default_factory=Joined)

    @classmethod
    def now(cls) -> "Standing":
        """Return the record of this moment: a few statements, however large it is."""
        made = cls()
        rows = Item.objects.live().order_by("pk")
        for pk, kind, site, name, *values in rows.values_list(
            "pk", "kind", "site_id", "name", *FIELDS
        ).iterator(chunk_size=5000):
            made.rows[pk] = tuple(values)
            made.stands(pk, kind, site, name)
        words = Identifier.objects.filter(is_shared=False, item__in=rows).order_by()
        for pk, kind, value, vendor in words.values_list("item_id", "kind", "value", "vendor"):
            made.learns(pk, Word(kind, value, vendor))
        made.teams = {name.lower(): pk for pk, name in Team.objects.values_list("pk", "name")}
        people = Person.objects.order_by("pk").values_list("pk", "name", "email")
        for pk, *called in people:
            for word in {word.lower() for word in called if word}:
                made.people.setdefault(word, []).append(pk)
        made.joined = Joined.now()
        return made

    def stands(self, pk: int, kind: str, site: int | None, name: str) -> None:
        """Let an item be known by its name."""
        key = (kind, site, name.lower())
        self.names[key], self.titles[pk] = pk, name
        self.called.setdefault(key[2], []).append(pk)
        if key[0] == "site":
            self.sites[key[2]] = pk

    def learns(self, pk: int, word: Word) -> None:
        """Let an item be known by a word."""
        self.own.setdefault(pk, set()).add(word)
        if identity.is_strong(word):
            for value in identity.forms(word):
                self.words.setdefault((word.kind, value), {})[pk] = word.vendor


def plan(things: Sequence[Thing], standing: Standing) -> list[Planned]:
    """Say what becomes of each thing, in their order; faults stand in the thing."""
    told = _Plan(things, standing)
    made = [told.planned(place, thing) for place, thing in enumerate(things)]
    for place, one in enumerate(made):  # once it is known which item each of them is
        if not one.error:
            told.join(one, place, made)
    return made


class _Plan:
    """One inventory against one record."""

    def __init__(self, things: Sequence[Thing], standing: Standing) -> None:
        self.standing = standing
        self.things = things
        own = ((one.ref, place) for place, one in enumerate(things) if one.ref != one.name)
        self.by_ref = _first(own)
        self.by_name: dict[str, list[int]] = {}
        for place, one in enumerate(things):
            self.by_name.setdefault(one.name.lower(), []).append(place)
        self.new_sites = {one.name.lower() for one in things if one.kind == "site"}
        self.lines: dict[tuple[str, str, str], int] = {}
        self.taken: dict[int, Thing] = {}  # item → what it is in the inventory
        self.claimed: dict[tuple[str, str, str], Thing] = {}  # strong word → whose it is

    def planned(self, place: int, thing: Thing) -> Planned:
        """Return what becomes of one thing."""
        made = Planned(thing)
        try:
            self._check(place, thing)
            words = sorted(identity.cleaned(Word(*word) for word in thing.words))
            made.known_by = words
            self._place(made, words)
            self._fill(made)
            self._learn(made, words)
        except Wrong as wrong:
            made.error = str(wrong)
        return made

    def _check(self, place: int, thing: Thing) -> None:
        if thing.error:
            raise Wrong(thing.error)
        if not thing.name:
            raise Wrong("It has no name.")
        if len(thing.name) > 200:
            raise Wrong("Its name has more than 200 letters.")
        if not thing.kind:
            raise Wrong(
                "It does not say its kind: choose one for all rows under “What the columns mean”."
            )
        if thing.kind not in BY_NAME:
            raise Wrong(f"There is no kind of item “{thing.kind[:30]}”.")
        if any(ord(letter) < 32 for letter in thing.name):
            raise Wrong("Its name holds control characters.")
        key = (thing.kind, thing.site.lower(), thing.name.lower())
        first = self.lines.setdefault(key, thing.line)
        if self.by_ref.get(thing.ref, place) != place and first == thing.line:
            raise Wrong(f"Two things are called “{thing.ref[:60]}” in it: give each its own.")
        if first != thing.line:
            raise Wrong(f"The same thing as on line {first}.")
        if thing.site and thing.site.lower() not in (*self.standing.sites, *self.new_sites):
            raise Wrong(f"There is no site “{thing.site[:60]}”: put it into the inventory too.")

    def _place(self, made: Planned, words: Sequence[Word]) -> None:
        """Find the item that a thing is: by its strong words, else by kind, site and name."""
        thing, standing = made.thing, self.standing
        is_at_site = bool(thing.site) and thing.kind != "site"
        made.site = standing.sites.get(thing.site.lower()) if is_at_site else None
        key = (thing.kind, made.site, thing.name.lower())
        by_name = standing.names.get(key) if made.site or not is_at_site else None
        found = {
            pk
            for word in words
            if identity.is_strong(word)
            for pk, vendor in standing.words.get((word.kind, word.value), {}).items()
            if vendor == word.vendor
        }
        if len(found) > 1 or (found and by_name is not None and by_name not in found):
            raise Wrong("One thing or two? Its words are those of another item than its name.")
        made.item = next(iter(found), by_name)
        made.is_new = made.item is None
        if made.item is not None:
            self._agree(made.item, words)
            first = self.taken.setdefault(made.item, thing)
            if first is not thing:
                raise Wrong(f"The same item as on line {first.line}.")
        self._claim(thing, words)

    def _agree(self, item: int, words: Sequence[Word]) -> None:
        """Refuse a thing whose words object to the item it would be: a name is no proof."""
        own = identity.Known(item, frozenset(self.standing.own.get(item, ())))
        if against := identity.contradictions(words, own):
            says = "; ".join(one.says for one in against)
            raise Wrong(
                f"One thing or two? The row contradicts {self.standing.titles[item]}: {says}."
            )

    def _claim(self, thing: Thing, words: Sequence[Word]) -> None:
        """Refuse a second thing with a strong word: nobody could say which of them it names."""
        strong = [word for word in words if identity.is_strong(word)]
        for word in strong:
            first = self.claimed.get((word.kind, word.value, word.vendor), thing)
            if first is not thing:
                said = f"{word.kind.replace('_', ' ')} {word.value}"
                raise Wrong(f"One thing or two? Line {first.line} has the same {said}.")
        for word in strong:
            for value in identity.forms(word):
                self.claimed[word.kind, value, word.vendor] = thing

    def _fill(self, made: Planned) -> None:
        thing = made.thing
        told = {name: _value(name, value) for name, value in thing.values.items()
                if name not in ("owner", "contact")}  # fmt: skip
        if owner := str(thing.values.get("owner") or ""):
            team = self.standing.teams.get(owner.lower())
            if team is None:
                raise Wrong(f"There is no team “{owner[:60]}”.")
            told["owner_id"] = team
        if contact := str(thing.values.get("contact") or ""):
            told["contact_id"] = self._person(contact)
        made.said = {**thing.attributes, **_said(told, thing)}
        if told.get("state") == Item.State.RETIRED:
            raise Wrong("It is retired: an inventory takes nothing out of service.")
        if any(len(tag) > LONGEST_TAG for tag in thing.tags):
            raise Wrong("A tag has more than 60 letters.")
        if len(thing.attributes) > MOST_ATTRIBUTES:
            raise Wrong(f"It has more than {MOST_ATTRIBUTES} attributes.")
        row = self.standing.rows.get(made.item) if made.item is not None else None
        known = dict(zip(FIELDS, row, strict=True)) if row else {"attributes": {}, "tags": []}
        if thing.attributes:
            told["attributes"] = {**known["attributes"], **thing.attributes}
        if thing.tags:
            told["tags"] = list(dict.fromkeys([*known["tags"], *thing.tags]))
        if told.get("supported_until", known.get("supported_until")) != known.get(
            "supported_until"
        ):
            told.setdefault("support_source", "an inventory")  # the old one said another day
        made.values = {n: v for n, v in told.items() if made.is_new or known.get(n) != v}

    def _person(self, called: str) -> int:
        found = self.standing.people.get(called.lower(), [])
        if not found:
            raise Wrong(f"There is nobody called “{called[:60]}”.")
        if len(found) > 1:
            raise Wrong(f"{len(found)} people are called “{called[:60]}”: give the e-mail address.")
        return found[0]

    def _learn(self, made: Planned, words: Sequence[Word]) -> None:
        own = self.standing.own.get(made.item, set()) if made.item is not None else set()
        known = {(word.kind, word.value) for word in own}
        made.words = [word for word in words if (word.kind, word.value) not in known]

    def join(self, made: Planned, place: int, planned: Sequence[Planned]) -> None:
        """Find the other ends of a thing's links, within the inventory first."""
        joined = self.standing.joined
        try:
            told = ties(made.thing, lambda kind, ref: self._end(kind, ref, place, planned))
            made.ties = [tie for tie in told if tie.place != place]
            made.needs = joined.needed(made.thing, made.ties, made.item)
            if made.item is not None:
                made.joins = joined.altered(made.item, made.ties, made.needs)
        except Wrong as wrong:
            made.error = str(wrong)

    def _end(
        self, kind: str, ref: str, place: int, planned: Sequence[Planned]
    ) -> tuple[int | None, int | None]:
        """Return the place in the inventory of what a link leads to, and the item it is."""
        if (other := self._place_of(ref, place)) is not None:
            return other, planned[other].item
        items = self.standing.called.get(ref.lower(), [])
        if not items:
            raise Wrong(f"{kind} “{ref[:60]}”: it is in neither the inventory nor the record.")
        if len(items) > 1:
            raise Wrong(f"{kind} “{ref[:60]}”: two items are called that.")
        return None, items[0]

    def _place_of(self, ref: str, place: int) -> int | None:
        """Return which thing a link means: that ref, else the one of that name, nearest by site."""
        if ref in self.by_ref:
            return self.by_ref[ref]
        named = self.by_name.get(ref.lower(), [])
        if len(named) > 1:
            site = self.things[place].site
            named = [one for one in named if self.things[one].site == site] or named
        if len(named) > 1:
            raise Wrong(f"“{ref[:60]}” is the name of {len(named)} things: use their ref.")
        return named[0] if named else None


def _said(told: Mapping[str, Any], thing: Thing) -> dict[str, Any]:
    """Return the columns that a thing speaks of, as its source is quoted."""
    said = {name: told[name] for name in authority.COLUMNS if name in told}
    for name in ("owner", "contact"):
        if thing.values.get(name) and "@" not in str(thing.values[name]):
            said[name] = str(thing.values[name])
    return {name: v if isinstance(v, int) else str(v) for name, v in said.items()}


def _first(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    told: dict[str, int] = {}
    for ref, place in pairs:
        told.setdefault(ref, place)
    return told


def _value(name: str, value: Any) -> Any:
    """Return a value as its column holds it; raises Wrong with what it may be."""
    text = str(value).strip()
    if name == "state":
        return _chosen(name, text.lower(), Item.State.values)
    if name == "environment":
        return _chosen(name, text.lower(), Item.Environment.values)
    if name == "support_source":
        return text[:120]
    if name == "criticality":
        return int(_chosen(name, text[:1], ("1", "2", "3", "4")))
    try:
        if name == "supported_until":
            return value if type(value) is date else date.fromisoformat(text[:10])
        cost = Decimal(text)
        if not cost.is_finite() or abs(cost) >= Decimal(10) ** 10:
            raise Wrong("monthly_cost is no amount.")
        return cost.quantize(Decimal("0.01"))
    except (ValueError, InvalidOperation) as error:
        wanted = "a day such as 2027-03-31" if name == "supported_until" else "an amount"
        raise Wrong(f"{name} “{text[:30]}” is not {wanted}.") from error


def _chosen(name: str, text: str, among: Sequence[str]) -> str:
    if text not in among:
        raise Wrong(f"{name} “{text[:30]}” is none of {', '.join(among)}.")
    return text


def words_of(made: Planned) -> Mapping[str, Any]:
    """Return what differs, for a person."""
    told = {
        n: v for n, v in made.values.items() if n not in ("owner_id", "contact_id", "attributes")
    }
    if "owner_id" in made.values:
        told["owner"] = str(made.thing.values.get("owner") or "nobody")
    if "contact_id" in made.values:
        told["contact"] = str(made.thing.values.get("contact"))
    told |= made.values.get("attributes") or {}
    told |= made.joins
    if made.words:
        told["recognised by"] = ", ".join(f"{w.kind} {w.value}" for w in made.words)
    return told
