"""Which known thing a sighting is: rules over the words by which things are recognised.

A *word* is a kind and a value, such as (`serial`, `CZ1234`) with the vendor who gave it. Words are
*strong* (one of them alone says which thing it is), *weak* (some together make it likely), or
*junk* (vendors and protocols hand the same one to many things).

Sources: DMTF DSP0134 (SMBIOS) §7.2.1 for the byte order of UUIDs; RFC 9568 for virtual MAC
addresses of VRRP, RFC 2281 for those of HSRP; IEEE 802 for the locally administered bit.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

# Each of them alone names one thing. A serial only beside its vendor: two vendors count alike.
STRONG = ("serial", "system_uuid", "cloud_id", "chassis_mac", "engine_id", "machine_id")
# Of these a thing has one at a time, so another value is another thing. A machine id is not among
# them: whoever installs a machine anew gives it another.
EXCLUSIVE = ("serial", "system_uuid", "cloud_id", "chassis_mac", "engine_id")
WEAK = ("fqdn", "address", "mac", "ssh_key")
KINDS = (*STRONG, *WEAK)
SHARED_FROM = 3  # things with the same ssh key: an image carries it

_JUNK_WORDS = (
    "to be filled", "default string", "system serial", "not specified", "not applicable",
    "not available", "not present", "no enclosure", "none", "n/a", "na", "unknown", "invalid",
    "o.e.m", "oem", "chassis serial", "base board serial", "serial number", "empty", "null",
)  # fmt: skip
_JUNK_EXACT = frozenset({"123456789", "0123456789", "1234567890", "123456"})
# What boards without a UUID of their own ship with, in either byte order.
_JUNK_UUIDS = frozenset({"03000200040005000006000700080009", "00020003000400050006000700080009"})
# VRRP for IPv4 and IPv6, HSRP versions 1 and 2: they move from one router to the other.
_VIRTUAL_MACS = ("00:00:5e:00:01:", "00:00:5e:00:02:", "00:00:0c:07:ac:", "00:00:0c:9f:f")
_HEX = re.compile(r"[0-9a-f]+")
LONGEST = 200


class Word(NamedTuple):
    """One word by which a thing is recognised; `vendor` only of serials."""

    kind: str
    value: str
    vendor: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """One thing of the record: its words, where it is, and which of its words are shared."""

    thing: int
    words: frozenset[Word]
    site: int | None = None
    shared: frozenset[tuple[str, str]] = frozenset()  # (kind, value)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a source saw: words already cleaned by `cleaned`, and the site if it knows it."""

    words: frozenset[Word]
    site: int | None = None


class Outcome(StrEnum):
    """What follows from a sighting."""

    MATCHED = "matched"  # it is that thing
    DISPUTED = "disputed"  # one thing or two? a person decides
    PROPOSED = "proposed"  # it is probably that thing: a person accepts
    CANDIDATE = "candidate"  # nothing known is like it


class Evidence(NamedTuple):
    """What speaks for or against a thing: “system UUID 4c4c… is its own”."""

    says: str
    thing: int


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows, for which things (best first), and why."""

    outcome: Outcome
    things: tuple[int, ...] = ()
    evidence: tuple[Evidence, ...] = ()


# ── words ──────────────────────────────────────────────────────────────────────────────────────


def cleaned(words: Iterable[Word]) -> frozenset[Word]:
    """Return words in one spelling, without junk and without kinds that are not known."""
    found = (clean(word) for word in words)
    return frozenset(word for word in found if word is not None)


def clean(word: Word) -> Word | None:
    """Return a word in its one spelling, or None when it tells nothing apart."""
    value = " ".join(str(word.value).split()).lower()[:LONGEST]
    if word.kind not in KINDS or not value:
        return None
    if word.kind == "system_uuid":
        value = _uuid(value)
    elif word.kind in ("mac", "chassis_mac"):
        value = _mac(value)
    elif word.kind == "serial":
        value = "" if _is_junk(value) else value
    elif word.kind == "fqdn":
        value = _fqdn(value)
    elif len(set(value.replace("-", "").replace(":", "").replace(".", ""))) <= 1:
        value = ""  # all-zero machine ids and engine ids
    vendor = _vendor(word.vendor) if word.kind == "serial" else ""
    return Word(word.kind, value, vendor) if value else None


def forms(word: Word) -> tuple[str, ...]:
    """Return the values that mean the same as this word's: both byte orders of a UUID.

    SMBIOS 2.6 and later store the first three fields little-endian, and tools differ in whether
    they turn them.
    """
    if word.kind != "system_uuid":
        return (word.value,)
    return tuple(dict.fromkeys((word.value, _swapped(word.value))))


def is_strong(word: Word) -> bool:
    """Say whether a word alone names one thing."""
    return word.kind in STRONG and (word.kind != "serial" or bool(word.vendor))


def same(one: Word, other: Word) -> bool:
    """Say whether two words are the same word; a serial without its vendor may be anybody's."""
    if one.kind != other.kind or other.value not in forms(one):
        return False
    return not (one.vendor and other.vendor) or one.vendor == other.vendor


def _uuid(text: str) -> str:
    """Return 8-4-4-4-12, empty for what is none, all of one digit, or shipped to everybody."""
    digits = text.removeprefix("urn:uuid:").strip("{}").replace("-", "")
    is_one = len(digits) == 32 and _HEX.fullmatch(digits)
    if not is_one or len(set(digits)) == 1 or digits in _JUNK_UUIDS:
        return ""
    return _hyphened(digits)


def _hyphened(digits: str) -> str:
    ends = (0, 8, 12, 16, 20, 32)
    return "-".join(digits[a:b] for a, b in pairwise(ends))


def _swapped(uuid: str) -> str:
    """Return a UUID with the bytes of its first three fields in the other order."""
    parts = uuid.split("-")
    turned = ["".join(re.findall("..", part)[::-1]) for part in parts[:3]]
    return "-".join([*turned, *parts[3:]])


def _mac(text: str) -> str:
    """Return six lower bytes with colons; empty for virtual, local, multicast and broken ones."""
    digits = re.sub(r"[.:\-]", "", text)
    if len(digits) != 12 or not _HEX.fullmatch(digits) or len(set(digits)) == 1:
        return ""
    mac = ":".join(re.findall("..", digits))
    first = int(digits[:2], 16)
    is_local, is_group = bool(first & 2), bool(first & 1)
    return "" if is_local or is_group or mac.startswith(_VIRTUAL_MACS) else mac


def _is_junk(serial: str) -> bool:
    letters = set(re.sub(r"[\s.\-_:]", "", serial))
    is_word = any(serial == word or serial.startswith((f"{word} ", f"{word}.", f"{word}:"))
                  for word in _JUNK_WORDS)  # fmt: skip
    is_filled = serial.startswith(("to be filled", "default string", "system serial"))
    return len(letters) <= 1 or is_word or is_filled or serial in _JUNK_EXACT


def _fqdn(text: str) -> str:
    name = text.rstrip(".")
    return "" if name.split(".")[0] in ("localhost", "") else name


def _vendor(text: str) -> str:
    """Return a vendor in one spelling: `Dell Inc.` and `DELL` are the same."""
    words = re.sub(r"[^a-z0-9 ]", " ", str(text).lower()).split()
    legal = {"inc", "corp", "corporation", "co", "ltd", "limited", "gmbh", "ag", "company"}
    kept = [word for word in words if word not in legal]
    vendor = " ".join(kept)[:60]
    aliases = {"hewlett packard enterprise": "hpe", "hewlett packard": "hp"}
    return "" if _is_junk(vendor) else aliases.get(vendor, vendor)


# ── things ─────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Index:
    """Known things by their words; `add` one as it becomes known within a batch."""

    things: dict[int, Known] = field(default_factory=dict)
    by_word: dict[tuple[str, str], dict[int, None]] = field(default_factory=dict)

    @classmethod
    def of(cls, known: Iterable[Known]) -> "Index":
        """Return the index of these things."""
        made = cls()
        for one in known:
            made.add(one)
        return made

    def add(self, one: Known) -> None:
        """Let a thing be known, in place of what was known of it."""
        if one.thing in self.things:
            for word in self.things[one.thing].words:
                for value in forms(word):
                    self.by_word.get((word.kind, value), {}).pop(one.thing, None)
        self.things[one.thing] = one
        for word in one.words:
            for value in forms(word):
                self.by_word.setdefault((word.kind, value), {})[one.thing] = None

    def holders(self, word: Word) -> Sequence[int]:
        """Return the things that have a word, ascending, shared ones left out."""
        found = {
            thing for value in forms(word) for thing in self.by_word.get((word.kind, value), ())
        }
        return sorted(t for t in found if self._has_alone(t, word))

    def _has_alone(self, thing: int, word: Word) -> bool:
        one = self.things[thing]
        shared = {(word.kind, value) for value in forms(word)} & one.shared
        return not shared and any(same(word, mine) for mine in one.words)


def shared_keys(holders: Mapping[Word, Collection[int]]) -> frozenset[Word]:
    """Return the ssh keys that three things or more have: they came with an image."""
    return frozenset(
        word
        for word, things in holders.items()
        if word.kind == "ssh_key" and len(set(things)) >= SHARED_FROM
    )


# ── the rules ──────────────────────────────────────────────────────────────────────────────────


def decide(seen: Seen, index: Index) -> Decision:
    """Say which thing a sighting is, in this order:

    1. a strong word is one thing's, and nothing contradicts → that thing;
    2. strong words are two things', or one contradicts → disputed, with the evidence;
    3. weak words alone (fqdn and site, address and mac, an unshared ssh key, a serial whose vendor
       is not known) → proposed;
    4. otherwise a candidate. An address alone never matches.

    The order of words and of things does not matter.
    """
    strong = {w: index.holders(w) for w in sorted(seen.words) if is_strong(w)}
    sure = {w: [t for t in things if _is_sure(w, index.things[t])] for w, things in strong.items()}
    matched = sorted({thing for things in sure.values() for thing in things})
    if len(matched) > 1:
        told = [_says(word, thing) for word, things in sure.items() for thing in things]
        return Decision(Outcome.DISPUTED, tuple(matched), tuple(told))
    if matched:
        return _alone(seen, index.things[matched[0]], sure)
    return _likely(seen, index)


def _is_sure(word: Word, known: Known) -> bool:
    """Say whether a thing's own word is as strong: of a serial, that its vendor is the same."""
    return any(same(word, mine) and is_strong(mine) for mine in known.words)


def _alone(seen: Seen, known: Known, sure: Mapping[Word, Sequence[int]]) -> Decision:
    told = tuple(_says(word, known.thing) for word, things in sure.items() if things)
    if against := contradictions(seen.words, known):
        return Decision(Outcome.DISPUTED, (known.thing,), (*told, *against))
    return Decision(Outcome.MATCHED, (known.thing,), told)


def contradictions(words: Iterable[Word], known: Known) -> tuple[Evidence, ...]:
    """Return what speaks against words being a thing's: another value where it can have but one."""
    told = []
    seen = list(words)
    for kind in EXCLUSIVE:
        theirs = [w for w in seen if w.kind == kind and is_strong(w)]
        own = [w for w in known.words if w.kind == kind and is_strong(w)]
        if theirs and own and not any(same(a, b) for a in theirs for b in own):
            values = ", ".join(sorted(w.value for w in own))
            says = f"{_named(kind)} {min(theirs).value} contradicts {values}"
            told.append(Evidence(says, known.thing))
    return tuple(told)


def _likely(seen: Seen, index: Index) -> Decision:
    """Weigh the weak words: the things with most reasons first."""
    reasons: dict[int, list[Evidence]] = {}
    for word in sorted(seen.words):
        if word.kind not in ("fqdn", "ssh_key", "serial"):
            continue
        for thing in index.holders(word):
            if word.kind != "fqdn" or index.things[thing].site == seen.site:
                reasons.setdefault(thing, []).append(_says(word, thing))
    for thing in _by_address_and_mac(seen, index):
        reasons.setdefault(thing, []).append(Evidence("both the address and the MAC", thing))
    left = {t: r for t, r in reasons.items() if not contradictions(seen.words, index.things[t])}
    if not left:
        return Decision(Outcome.CANDIDATE)
    order = sorted(left, key=lambda t: (-len(left[t]), t))
    return Decision(Outcome.PROPOSED, tuple(order), tuple(left[order[0]]))


def _by_address_and_mac(seen: Seen, index: Index) -> Sequence[int]:
    has: dict[str, set[int]] = {"address": set(), "mac": set()}
    for word in seen.words:
        if word.kind in has:
            has[word.kind].update(index.holders(word))
    return sorted(has["address"] & has["mac"])


def _says(word: Word, thing: int) -> Evidence:
    return Evidence(f"{_named(word.kind)} {word.value}", thing)


def _named(kind: str) -> str:
    return {"system_uuid": "system UUID", "fqdn": "name", "chassis_mac": "chassis MAC"}.get(
        kind, kind.replace("_", " ")
    )
