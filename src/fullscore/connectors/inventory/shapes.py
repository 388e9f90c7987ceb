"""One thing of an inventory, whoever wrote it down."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, NamedTuple

from fullscore.connectors.base import Garbled

LINKS = (
    "needs", "runs_on", "powered_by", "stored_on", "located_in", "replicates", "backed_up_by",
    "influences", "part_of", "member_of", "secured_by", "connects",
)  # fmt: skip
WORDS = ("serial", "system_uuid", "machine_id", "cloud_id", "chassis_mac", "engine_id", "mac",
         "ssh_key", "fqdn", "address")  # fmt: skip
# What is needed: at least some of these are up, so they have a name and a number.
NEEDS = LINKS[:8]
VALUES = ("state", "environment", "criticality", "owner", "contact", "supported_until",
          "support_source", "monthly_cost")  # fmt: skip
MOST = 500_000  # things in one inventory
LONGEST = 64 * 1024  # of one thing, as JSON


class End(NamedTuple):
    """The other end of a link, by its ref or name, and what is said of the link itself."""

    ref: str
    confidence: float | None = None
    attributes: Mapping[str, Any] | None = None


class Group(NamedTuple):
    """Links of one kind written out in full: those that serve one need have its name.

    `needed` is how many have to be up, 0 when they are welcome but not needed.
    """

    kind: str
    of: tuple[End, ...]
    name: str = ""
    needed: int | Literal["all"] | None = None  # None was not said


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing as an inventory tells of it; what is empty was not said.

    `ref` names it within the inventory, `links` are (kind, ref) or (kind, name) of others, `groups`
    are links of which more is said, `words` are (kind, value, vendor) by which it is recognised,
    and `line` is where it stands.
    """

    ref: str
    kind: str
    name: str
    line: int
    site: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)  # state, environment, criticality, …
    attributes: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    words: tuple[tuple[str, str, str], ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    groups: tuple[Group, ...] = ()
    error: str = ""  # why this cannot be taken, told by whoever read it


def written(things: Iterable[Thing]) -> str:
    """Return things as lines of JSON."""
    return "".join(
        json.dumps(asdict(one), separators=(",", ":"), default=str) + "\n" for one in things
    )


def read(text: str) -> Iterator[Thing]:
    """Yield the things that `written` wrote; raises Garbled for what it did not write."""
    for line in text.splitlines():
        try:
            told = json.loads(line)
            told["tags"] = tuple(told["tags"])
            told["words"] = tuple(tuple(word) for word in told["words"])
            told["links"] = tuple(tuple(link) for link in told["links"])
            told["groups"] = tuple(
                Group(kind, tuple(End(*end) for end in of), name, needed)
                for kind, of, name, needed in told["groups"]
            )
            yield Thing(**told)
        except (ValueError, KeyError, TypeError) as error:
            raise Garbled("These are not the lines of an inventory.") from error
