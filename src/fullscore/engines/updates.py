"""Drafts of what is told of an incident: the same facts for those who mend it, and for the others.

A draft says what, for whom, since when, what is done, and when the next word comes. It says nothing
that the facts do not; a person edits it, and publishes it. Times are told as HH:MM of the zone they
carry, with the zone's name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

NAMED = 5  # services in one sentence
DONE = 3  # last things that were done


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an incident, in names that its readers may know."""

    number: int
    title: str
    state: str  # open, mitigated, resolved
    priority: str  # such as P1
    what: str  # the item it is about; empty: not known
    services: Sequence[tuple[str, str]]  # name, and down, alone or impaired; the worst first
    since: datetime
    ended_at: datetime | None = None
    doing: Sequence[str] = ()  # what people noted or decided, oldest first
    cause: str = ""  # what resolved it
    next_at: datetime | None = None


STATES = {"open": "Investigating", "mitigated": "Monitoring", "resolved": "Resolved"}
TOLD = {
    "down": "is not available", "impaired": "is slower or less reliable than usual",
    "alone": "works, with less reserve than usual",
}  # fmt: skip


def technical(facts: Facts) -> str:
    """Return the draft for those who work on it."""
    where = f" on {facts.what}" if facts.what else ""
    told = [
        f"{STATES[facts.state]}: incident {facts.number}, {facts.priority}. {facts.title}{where}.",
        f"Impact: {_impact(facts)}.",
        f"Since {_clock(facts.since)}{_until(facts)}.",
    ]
    if facts.state == "resolved" and facts.cause:
        told.append(f"Resolution: {_sentence(facts.cause)}")
    elif facts.doing:
        told += ["Done so far:", *(f"- {_sentence(text)}" for text in facts.doing[-DONE:])]
    return "\n".join([*told, *_next(facts)])


def plain(facts: Facts) -> str:
    """Return the draft for everybody else: no names of machines, no words of the trade."""
    services = facts.services[:NAMED]
    told = [f"{name} {TOLD[state]}" for name, state in services] or ["Something does not work well"]
    rest = len(facts.services) - len(services)
    if rest:
        told.append(f"{rest} more services feel it")
    if facts.state == "resolved":
        names = _list([name for name, _ in services]) or "The service"
        first = f"{names} work{'s' if len(services) < 2 else ''} as usual again"
        return f"{first}, since {_clock(facts.ended_at or facts.since)}. We are sorry."
    doing = {
        "open": "We are looking for the cause.",
        "mitigated": "The effects are gone; we are watching that it stays so.",
    }[facts.state]
    said = [f"Since {_clock(facts.since)}: {_list(told)}.", doing, *_next(facts)]
    return " ".join(said)


def _impact(facts: Facts) -> str:
    if not facts.services:
        return "no service is known to suffer"
    told = [f"{name} {'without redundancy' if state == 'alone' else state}"
            for name, state in facts.services[:NAMED]]  # fmt: skip
    rest = len(facts.services) - len(told)
    return ", ".join([*told, f"{rest} more"] if rest else told)


def _until(facts: Facts) -> str:
    return f" until {_clock(facts.ended_at)}" if facts.ended_at else ""


def _next(facts: Facts) -> list[str]:
    return [f"Next update by {_clock(facts.next_at)}."] if facts.next_at else []


def _clock(moment: datetime) -> str:
    return f"{moment:%-d %B, %H:%M} {moment:%Z}".strip()


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _list(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
