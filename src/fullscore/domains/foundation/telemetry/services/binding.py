"""Whose series it is, found by its labels: the first rule that knows an item decides.

A rule that knows two items gives the series to neither, and says so: a figure on the wrong page
misleads, one on none is missed.
"""

import ipaddress
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from django.db.models import QuerySet
from django.db.models.functions import Lower

from fullscore.domains.foundation.estate.models import Identifier, Item
from fullscore.domains.foundation.telemetry.models import Series

Labels = Mapping[str, str]
BoundBy = Series.BoundBy
AT_ONCE = 5000  # words in one statement


class Owner(NamedTuple):
    """Whose a series is, by which rule; or why it is nobody's."""

    item: int | None
    by: str = BoundBy.NOBODY
    why: str = ""


class Rule(NamedTuple):
    """One way to an owner: the labels it looks at, and how items are found by their words."""

    by: str
    labels: tuple[str, ...]
    find: Callable[[Iterable[str], int | None], Mapping[str, set[int]]]
    word: Callable[[str], str] = lambda text: text.strip().lower()


def owners(series: Sequence[Labels], *, site: int | None = None) -> list[Owner]:
    """Return the owner of each; with a site, only what is it or stands there. A few statements."""
    found: list[Owner | None] = [None] * len(series)
    for rule in RULES:
        words = {
            place: word
            for place, labels in enumerate(series)
            if found[place] is None and (word := _word(rule, labels))
        }
        items = rule.find(set(words.values()), site) if words else {}
        for place, word in words.items():
            found[place] = _decided(rule, word, items.get(word, set()))
    return [one or Owner(None, why="No label names an item.") for one in found]


def _word(rule: Rule, labels: Labels) -> str:
    return next((word for name in rule.labels if (word := rule.word(labels.get(name, "")))), "")


def _decided(rule: Rule, word: str, items: set[int]) -> Owner | None:
    if not items:
        return None
    if len(items) == 1:
        return Owner(next(iter(items)), rule.by)
    named = ", ".join(map(str, sorted(items)[:5]))
    return Owner(None, why=f"“{word[:80]}” is {len(items)} items: {named}.")


def _portions(words: Iterable[str]) -> Iterator[list[str]]:
    told = sorted(words)
    return (told[start : start + AT_ONCE] for start in range(0, len(told), AT_ONCE))


def _live(site: int | None) -> QuerySet[Item]:
    rows = Item.objects.live().filter(merged_into=None)
    return rows if site is None else rows.filter(site=site) | rows.filter(pk=site)


def _named(words: Iterable[str], site: int | None) -> Mapping[str, set[int]]:
    """Find items by name."""
    found: dict[str, set[int]] = defaultdict(set)
    for some in _portions(words):
        rows = _live(site).annotate(low=Lower("name")).filter(low__in=some)
        for name, pk in rows.values_list("low", "pk"):
            found[name].add(pk)
    return found


def _called(words: Iterable[str], site: int | None) -> Mapping[str, set[int]]:
    """Find items by number, by key, else by name."""
    words = set(words)
    found: dict[str, set[int]] = {}
    numbers = {w for w in words if w.isdecimal() and len(w) < 19}
    keys = {w for w in words if _is_key(w)}
    for pk in _live(site).filter(pk__in=numbers).values_list("pk", flat=True):
        found[str(pk)] = {pk}
    for key, pk in _live(site).filter(key__in=keys).values_list("key", "pk"):
        found[str(key)] = {pk}
    return {**_named(words - found.keys(), site), **found}


def _is_key(word: str) -> bool:
    try:
        return str(uuid.UUID(word)) == word
    except ValueError:
        return False


def _identified(
    *kinds: str,
) -> Callable[[Iterable[str], int | None], Mapping[str, set[int]]]:
    """Return what finds items by words they are recognised by."""

    def find(words: Iterable[str], site: int | None) -> Mapping[str, set[int]]:
        found: dict[str, set[int]] = defaultdict(set)
        for some in _portions(words):
            rows = Identifier.objects.filter(kind__in=kinds, is_shared=False)
            rows = rows.annotate(low=Lower("value")).filter(low__in=some, item__in=_live(site))
            for value, pk in rows.values_list("low", "item_id"):
                found[value].add(pk)
        return found

    return find


def _either(*ways: Callable[..., Mapping[str, set[int]]]) -> Callable[..., Mapping[str, set[int]]]:
    """Return what finds items in several ways."""

    def find(words: Iterable[str], site: int | None) -> Mapping[str, set[int]]:
        found: dict[str, set[int]] = defaultdict(set)
        for way in ways:
            for word, items in way(words, site).items():
                found[word] |= items
        return found

    return find


def host_of(instance: str) -> str:
    """Return the host of `host:port`; empty for this machine's own names, which are anybody's."""
    text = instance.strip().lower()
    host = text[1:].partition("]")[0] if text.startswith("[") else text
    if host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        return "" if ipaddress.ip_address(host).is_loopback else host
    except ValueError:
        return "" if host in ("localhost", "localhost.localdomain") else host


_NAMES = _either(_identified("fqdn"), _named)
RULES = (
    Rule(BoundBy.ITEM, ("item",), _called),
    Rule(BoundBy.MACHINE, ("host.id", "host_id", "machine_id"),
         _identified("machine_id", "system_uuid", "cloud_id")),
    Rule(BoundBy.CLOUD, ("cloud.resource_id", "cloud_resource_id", "cloud_id"),
         _identified("cloud_id")),
    Rule(BoundBy.NAME, ("host.name", "host_name", "fqdn"), _NAMES),
    Rule(BoundBy.ADDRESS, ("instance",), _either(_identified("address"), _NAMES), host_of),
)  # fmt: skip
