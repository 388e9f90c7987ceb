"""Servers by what they tell: `kernel < 6.1 and package:openssl < 3.0.11`, as conditions."""

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from fullscore.domains.infrastructure.servers.models import Installed, PackageVersion, Server
from fullscore.engines import versions
from fullscore.kit.errors import Invalid

MOST_TERMS = 8
LOOKUPS = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte", "=": "", "!=": ""}
COMPARES: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "=": operator.eq, "!=": operator.ne,
}  # fmt: skip
VERSIONS = {"kernel": "kernel", "os_version": "os_version"}
NUMBERS = {"cpus": "cpu_count", "memory": "memory_bytes", "updates": "security_updates"}
WORDS = {"os": "os_id", "architecture": "architecture", "virtualization": "virtualization",
         "state": "state"}  # fmt: skip
SIZES = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
TERM = re.compile(
    r"\s*(?P<fact>[A-Za-z_]+)(?::(?P<name>[^\s<>=!]+))?\s*(?P<how><=|>=|!=|==|<|>|=)\s*(?P<value>\S+)\s*"
)
EXAMPLE = "kernel < 6.1 and package:openssl < 3.0.11"
KNOWN = ", ".join([*VERSIONS, *NUMBERS, *WORDS, "package:NAME", "unit:NAME"])


def having(rows: QuerySet[Server], text: str) -> QuerySet[Server]:
    """Return the servers of which all of this is true. Raises Invalid with a clear sentence.

    Versions are compared as the package manager of each server compares them; of a kernel and a
    system as Debian does.
    """
    terms = re.split(r"(?i)\s+and\s+", text.strip())
    if len(terms) > MOST_TERMS:
        raise _wrong(f"“where” takes at most {MOST_TERMS} conditions")
    for term in terms:
        rows = _narrowed(rows, term)
    return rows


def _narrowed(rows: QuerySet[Server], term: str) -> QuerySet[Server]:
    found = TERM.fullmatch(term)
    if found is None:
        raise _wrong(f"“{term}” is no condition")
    fact, name, value = found["fact"].lower(), found["name"], found["value"]
    how = "=" if found["how"] == "==" else found["how"]
    if fact in ("package", "unit"):
        if not name:
            raise _wrong(f"say which {fact}: {fact}:NAME")
        return (_of_package if fact == "package" else _of_unit)(rows, name, how, value)
    if name:
        raise _wrong(f"“{fact}” takes no name behind a colon")
    if fact in VERSIONS:
        return _of_version(rows, VERSIONS[fact], how, value)
    if fact in NUMBERS:
        number = Q(**{f"{NUMBERS[fact]}__{LOOKUPS[how] or 'exact'}": _number(fact, value)})
        told = rows.filter(**{f"{NUMBERS[fact]}__isnull": False})
        return told.exclude(number) if how == "!=" else told.filter(number)
    if fact in WORDS:
        return _of_word(rows, WORDS[fact], fact, how, value)
    raise _wrong(f"“{fact}” is nothing that servers tell: {KNOWN}")


def _of_package(rows: QuerySet[Server], name: str, how: str, version: str) -> QuerySet[Server]:
    """Keep the servers with a package; `!=` those that have it in another version."""
    named = PackageVersion.objects.filter(name=name)
    conditions = [
        Q(manager=manager) & _keyed(how, versions.key(manager, version))
        for manager in versions.KEYS
    ]
    wanted = named.filter(Q(*conditions, _connector=Q.OR))
    return rows.filter(Exists(Installed.objects.filter(server=OuterRef("pk"), package__in=wanted)))


def _keyed(how: str, key: bytes) -> Q:
    is_known = ~Q(key=b"")
    if how == "!=":
        return is_known & ~Q(key=key)
    return is_known & Q(**{f"key__{LOOKUPS[how] or 'exact'}": key})


def _of_unit(rows: QuerySet[Server], name: str, how: str, value: str) -> QuerySet[Server]:
    if how not in ("=", "!="):
        raise _wrong("a unit is in a state or not: unit:NAME = active, or != active")
    full = name if "." in name else f"{name}.service"
    states = Q(units__active=value) | Q(units__sub=value) | Q(units__enabled=value)
    there = Q(units__name=full)
    if how == "=":
        return rows.filter(there & states).distinct()
    return rows.filter(there).exclude(pk__in=rows.filter(there & states).values("pk")).distinct()


def _of_version(rows: QuerySet[Server], column: str, how: str, value: str) -> QuerySet[Server]:
    """Keep by the few different values that are there, compared one by one."""
    key = versions.key("deb", value)
    seen = rows.exclude(**{column: ""}).order_by().values_list(column, flat=True).distinct()
    fitting = [one for one in seen if COMPARES[how](versions.key("deb", one), key)]
    return rows.filter(**{f"{column}__in": fitting})


def _of_word(
    rows: QuerySet[Server], column: str, fact: str, how: str, value: str
) -> QuerySet[Server]:
    if how not in ("=", "!="):
        raise _wrong(f"“{fact}” is a word: compare it with = or !=")
    same = Q(**{f"{column}__iexact": value})
    told = rows.exclude(**{column: ""})
    return told.filter(same) if how == "=" else told.exclude(same)


def _number(fact: str, value: str) -> int:
    found = re.fullmatch(r"(\d{1,15})([kmgt]?)(?:i?b)?", value.lower())
    if found is None or (found[2] and fact != "memory"):
        raise _wrong(f"“{value}” is no number of {fact}" + (", such as 8G" * (fact == "memory")))
    return int(found[1]) * SIZES[found[2]]


def _wrong(why: str) -> Invalid:
    told = f"{why[0].upper()}{why[1:]}. Write it as {EXAMPLE}."
    return Invalid(told, {"where": [told]})
