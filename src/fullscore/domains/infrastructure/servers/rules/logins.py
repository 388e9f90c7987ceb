"""Whose a login is: as people said, else by an e-mail address, else by the name it goes by."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


def meant(who: Iterable[str], *, name: str, uid: int | None, groups: Iterable[str]) -> list[str]:
    """Return by which words of a sudo rule a login is meant; of all that fit the last decides."""
    own = {name, "ALL", f"#{uid}", *(f"%{group}" for group in groups)}
    fitting = [word for word in who if word.lstrip("!") in own]
    return [] if not fitting or fitting[-1].startswith("!") else [
        word for word in fitting if not word.startswith("!")
    ]  # fmt: skip


class Whose(NamedTuple):
    """A person (by key) or a purpose; neither: nobody knows."""

    person: int | None = None
    purpose: str = ""


UNKNOWN = Whose()


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of logins: by server (None: on all) and name, by addresses, by full names."""

    told: Mapping[tuple[int | None, str], Whose] = field(default_factory=dict)
    addresses: Mapping[str, int] = field(default_factory=dict)
    names: Mapping[str, int] = field(default_factory=dict)
    emails: Mapping[str, int] = field(default_factory=dict)

    def of(self, server: int, name: str, full_name: str = "") -> Whose:
        """Return whose a login is; what is said of the one server goes before the rest."""
        for key in ((server, name), (None, name)):
            if key in self.told:
                return self.told[key]
        person = self.addresses.get(name.lower(), self.names.get(full_name.lower()))
        return UNKNOWN if person is None else Whose(person)

    def of_key(self, server: int, comment: str, *, owner: int | None = None) -> int | None:
        """Return whose a key is: its comment's, an address or a login; else its login's owner."""
        first = comment.partition(" ")[0].lower()
        named = self.emails.get(first)
        if named is None and comment:
            named = self.of(server, first.partition("@")[0], comment).person
        return owner if named is None else named


def by_address(people: Iterable[tuple[int, str]]) -> dict[str, int]:
    """Return people (key, e-mail) by the name before the @; a name that two share is nobody's."""
    return by_name((pk, email.partition("@")[0]) for pk, email in people if "@" in email)


def by_name(people: Iterable[tuple[int, str]]) -> dict[str, int]:
    """Return people by a name of theirs, in small letters; what two are called is nobody's."""
    named = [(name.lower(), pk) for pk, name in people]
    times = Counter(name for name, _ in named)
    return {name: pk for name, pk in named if times[name] == 1}
