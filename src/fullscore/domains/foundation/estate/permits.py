"""What a scope's words mean: networks, names, hours. Pure."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import Any

from fullscore.connectors.addresses import Network
from fullscore.kit.errors import Invalid

MOST_TARGETS = 500
DAY = timedelta(days=1)


def read(words: Iterable[str], *, field: str) -> tuple[tuple[Network, ...], frozenset[str]]:
    """Return the networks and the names among words; raises Invalid, naming the field."""
    networks: list[Network] = []
    names = set()
    listed = [word.strip().lower() for word in words if word.strip()]
    if len(listed) > MOST_TARGETS:
        raise _wrong(field, f"At most {MOST_TARGETS} of them.")
    for word in listed:
        try:
            networks.append(ip_network(word))
        except ValueError as error:
            if "/" in word or word.replace(".", "").isdigit() or ":" in word:
                raise _wrong(field, f"“{word[:60]}” is no prefix: {error}.") from error
            names.add(word.rstrip("."))
    return tuple(networks), frozenset(names)


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, {field: [sentence]})


def count(networks: Sequence[Network], names: Iterable[str]) -> int:
    """Return how many addresses may be contacted at most; a name counts as one."""
    four = collapse_addresses(n for n in networks if isinstance(n, IPv4Network))
    six = collapse_addresses(n for n in networks if isinstance(n, IPv6Network))
    found = sum(n.num_addresses for n in four) + sum(n.num_addresses for n in six)
    return found + len(set(names))


def open_until(now: datetime, hours_from: time | None, hours_to: time | None) -> datetime | None:
    """Return when the hours end that it is now within; None outside of them.

    Hours past midnight, such as 22:00 to 06:00, end the next morning. UTC.
    """
    now = now.astimezone(UTC)
    if hours_from is None or hours_to is None:
        return datetime.max.replace(tzinfo=UTC)
    for day in (now.date() - DAY, now.date()):
        starts_at = datetime.combine(day, hours_from, UTC)
        last = day if hours_to > hours_from else day + DAY
        ends_at = datetime.combine(last, hours_to, UTC)
        if starts_at <= now < ends_at:
            return ends_at
    return None


def expiry(expires_on: Any) -> datetime:
    """Return the first instant after the last day."""
    return datetime.combine(expires_on + DAY, time.min, UTC)
