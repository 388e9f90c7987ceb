"""Whom an event of a calendar is about."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from fullscore.connectors.calendars.parse import Event
from fullscore.domains.foundation.directory.models import Person

LEVEL = re.compile(r"\[L(\d)\]\s*", re.I)  # Grafana OnCall's priority, before a name
BETWEEN = re.compile(r"[\s,;:()\[\]{}<>|/\"“”„]+")
EDGES = ".!?*'’‘-–—#@=+"
MOST_WORDS = 8  # of one name


class People:
    """Who is here, by every name under which a calendar may know them.

    A name that two people have is nobody's: better a gap that is found than the wrong person.
    """

    def __init__(self) -> None:
        here = Person.objects.exclude(state=Person.State.LEFT).select_related("user")
        told = [(p.pk, p.name, p.email, p.user.email if p.user else "",
                 p.user.name if p.user else "") for p in here]  # fmt: skip
        self._emails = _sole((mail, pk) for pk, _, *mails, _ in told for mail in mails)
        self._names = _sole((name, pk) for pk, own, *_, name in told for name in {own, name})
        self._logins = _sole(
            (mail.partition("@")[0], pk) for pk, _, *mails, _ in told for mail in set(mails)
        )

    def of(self, event: Event) -> int | None:
        """Return the person of an event: by attendee, else by what its summary says.

        Of several attendees the one whom the summary names, else the first. In a summary an
        address counts before a whole name, that before the part of an address before the @, and
        in each the first that stands there.
        """
        words = _words(LEVEL.sub(" ", event.summary))
        named = [_first(words, known) for known in (self._emails, self._names, self._logins)]
        said = next((pk for pk in named if pk is not None), None)
        invited = [pk for mail in event.attendees if (pk := self._emails.get((_plain(mail),)))]
        return said if said in invited or not invited else invited[0]


def level_of(event: Event) -> int:
    """Return the priority an event states; 0 without one."""
    found = LEVEL.search(event.summary)
    return int(found[1]) if found else 0


Known = dict[tuple[str, ...], int]


def _sole(told: Iterable[tuple[str, int]]) -> Known:
    """Return whose each name is, as its words, leaving out those that several people have."""
    found: dict[tuple[str, ...], set[int]] = {}
    for name, pk in told:
        if words := tuple(_words(name)):
            found.setdefault(words, set()).add(pk)
    return {words: min(pks) for words, pks in found.items() if len(pks) == 1}


def _first(words: Sequence[str], known: Known) -> int | None:
    """Return who is named first; where two names begin at one word, the longer one."""
    for at in range(len(words)):
        for length in range(min(MOST_WORDS, len(words) - at), 0, -1):
            found = known.get(tuple(words[at : at + length]))
            if found is not None:
                return found
    return None


def _words(text: str) -> list[str]:
    """Return the words of a text as they are compared: “Ann's” is “ann”."""
    told = (word.strip(EDGES) for word in BETWEEN.split(_plain(text)))
    return [re.sub(r"['’]s$", "", word) for word in told if word]


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
