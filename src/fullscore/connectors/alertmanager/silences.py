"""Read and write silences as version 2 of Alertmanager's API does.

Source: api/v2/openapi.yaml of prometheus/alertmanager.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from fullscore.connectors import documents
from fullscore.connectors.alerts import TEXT_LETTERS
from fullscore.connectors.base import Garbled
from fullscore.connectors.documents import Node

MOST_MATCHERS = 50


class Match(NamedTuple):
    """That a label has a value or fits a pattern, or has not and does not."""

    name: str
    value: str
    is_equal: bool
    is_pattern: bool = False


@dataclass(frozen=True, slots=True)
class Silenced:
    """A silence, as it is asked for and as it is told."""

    number: int | None  # None: a new one
    matches: tuple[Match, ...]
    starts_at: datetime | None  # None: now
    ends_at: datetime
    comment: str


def asked(body: bytes) -> Silenced:
    """Read a silence that is to be made or changed. Raises Garbled with the exact place."""
    told = documents.read(body)
    listed = list(told.field("matchers").items())
    if not 0 < len(listed) <= MOST_MATCHERS:
        raise told.wrong(f"has to have 1 to {MOST_MATCHERS} entries", "matchers")
    ends_at = told.moment("endsAt")
    if ends_at is None:
        raise told.wrong("is missing", "endsAt")
    name = told.words("id", most=60, default="")
    return Silenced(
        number_of(name) if name else None,
        tuple(_match(one) for one in listed),
        told.moment("startsAt"),
        ends_at,
        told.words("comment", most=300, default=""),
    )


def told(silence: Silenced, *, by: str, changed_at: datetime, now: datetime) -> dict[str, Any]:
    """Return a silence as the API tells it."""
    starts_at = silence.starts_at or now
    state = "expired" if silence.ends_at <= now else "pending" if starts_at > now else "active"
    return {
        "id": id_of(silence.number or 0),
        "status": {"state": state},
        "updatedAt": rfc3339(changed_at),
        "comment": silence.comment,
        "createdBy": by,
        "startsAt": rfc3339(starts_at),
        "endsAt": rfc3339(silence.ends_at),
        "matchers": [
            {"name": m.name, "value": m.value, "isRegex": m.is_pattern, "isEqual": m.is_equal}
            for m in silence.matches
        ],
    }


def id_of(number: int) -> str:
    """Return the number of a silence in the form that its clients take: a UUID."""
    return str(UUID(int=number))


def number_of(text: str) -> int:
    """Return the number in an id. Raises Garbled."""
    try:
        number = UUID(text).int
    except ValueError as error:
        raise Garbled(f"“{text[:60]}” is not the id of a silence.") from error
    return min(number, 2**63 - 1)  # the id of another Alertmanager's: no database holds as much


def rfc3339(at: datetime) -> str:
    """Return an instant as the API writes it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _match(one: Node) -> Match:
    name, value = one.words("name", most=200), one.words("value", most=TEXT_LETTERS)
    is_pattern = _truth(one, "isRegex", default=False)
    return Match(name, value, _truth(one, "isEqual", default=True), is_pattern)


def _truth(one: Node, name: str, *, default: bool) -> bool:
    found = one.optional(name)
    if found is None:
        return default
    if not isinstance(found.value, bool):
        raise found.wrong("is neither true nor false")
    return found.value
