"""Read who is on call, as Opsgenie tells it: the answers of its API under their names.

Source: docs.opsgenie.com/docs, its pages on the user, team, team routing rule, schedule, schedule
override and escalation API.
"""

from collections.abc import Iterator
from datetime import datetime, time

from fullscore.connectors import documents
from fullscore.connectors.base import Garbled
from fullscore.connectors.documents import Node
from fullscore.connectors.opsgenie.steps import policies, routes
from fullscore.connectors.rotas import (
    Duty,
    Layer,
    Note,
    Override,
    Rotas,
    Schedule,
    Someone,
    Span,
    clock_of,
    hours_of,
    is_zone,
)

MOST = 200
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
UNITS = {"hourly": "hours", "daily": "days", "weekly": "weeks"}


def rotas(body: bytes) -> Rotas:
    """Read everything. Raises Garbled with the exact place."""
    told = documents.read(body)
    try:
        return _read(told)
    except OverflowError as error:
        raise Garbled("A time in it is too far away.") from error


def _read(told: Node) -> Rotas:
    notes: list[Note] = []
    people = tuple(_someone(one) for one in rows(told, "users"))
    by_name = {one.email.lower(): one.ref for one in people}
    return Rotas(
        people=people,
        teams={
            one.plain("id", most=MOST): one.words("name", most=80) for one in rows(told, "teams")
        },
        schedules=tuple(_schedule(one, told, by_name, notes) for one in rows(told, "schedules")),
        policies=tuple(policies(told, rows, by_name, notes)),
        routes=tuple(routes(told, rows, notes)),
        duties=_duties(told, by_name),
        notes=tuple(notes),
    )  # fmt: skip


def rows(told: Node, name: str) -> Iterator[Node]:
    """Yield the rows of a list, whether it is one or still in the answer in which it came."""
    found = told.optional(name)
    if found is None:
        return
    if isinstance(found.value, dict):
        found = found.field("data")
    yield from found.items()


def _someone(told: Node) -> Someone:
    email = told.words("username", most=254, default="")
    name = told.words("fullName", most=MOST, default="") or email
    return Someone(told.plain("id", most=MOST), name, email)


def ref_of(told: Node, by_name: dict[str, str]) -> str:
    """Return the id of a person who is named by id, or by the address that is the user name."""
    name = told.plain("username", most=254) or told.plain("name", most=254)
    return told.plain("id", most=MOST) or by_name.get(name.lower(), name)


def _duties(told: Node, by_name: dict[str, str]) -> dict[str, tuple[Duty, ...]]:
    found = told.optional("timelines")
    if found is None:
        return {}
    kept = {ref: one for ref in found.of(dict) if (one := found.optional(ref)) is not None}
    return {ref: tuple(_periods(one, by_name)) for ref, one in kept.items()}


def _periods(told: Node, by_name: dict[str, str]) -> Iterator[Duty]:
    told = told.optional("data") or told
    for rotation in told.field("finalTimeline").field("rotations").items():
        for period in rows(rotation, "periods"):
            whom = period.optional("recipient")
            if whom is None or whom.plain("type", most=20) != "user":
                continue
            yield Duty(ref_of(whom, by_name), _at(period, "startDate"), _at(period, "endDate"))


def _at(told: Node, name: str) -> datetime:
    found = told.moment(name)
    if found is None:
        raise told.wrong("is missing", name)
    return found


def _schedule(told: Node, whole: Node, by_name: dict[str, str], notes: list[Note]) -> Schedule:
    name, ref = told.words("name", most=80), told.plain("id", most=MOST)
    zone = told.words("timezone", most=64, default="") or "UTC"
    if not is_zone(zone):
        notes.append(Note(name, f"its time zone “{zone}” is not known: UTC is taken"))
        zone = "UTC"
    if told.plain("enabled", most=5) == "false":
        notes.append(Note(name, "is switched off there; here its turns count once it is taken"))
    owner = told.optional("ownerTeam")
    layers = [
        layer for one in rows(told, "rotations")
        if (layer := _layer(one, zone, by_name, name, notes)) is not None
    ]  # fmt: skip
    by_hand = whole.optional("overrides")
    overrides = [
        Override(ref_of(one.field("user"), by_name), _at(one, "startDate"), _at(one, "endDate"))
        for one in (rows(by_hand, ref) if by_hand else ())
    ]
    team = owner.plain("id", most=MOST) if owner else ""
    return Schedule(ref, name, zone, team, tuple(layers), tuple(overrides))


def _layer(
    told: Node, zone: str, by_name: dict[str, str], schedule: str, notes: list[Note]
) -> Layer | None:
    name = told.words("name", most=60, default="") or "Rotation"
    people = [one for one in rows(told, "participants") if one.plain("type", most=20) == "user"]
    unit = UNITS.get(told.plain("type", most=20))
    why = _unsayable(told, len(people), unit)
    hours = ""
    try:
        hours = hours_of(_spans(told))
    except ValueError as error:
        why = str(error)
    if why or unit is None:
        notes.append(Note(f"{schedule}: {name}", f"{why}; it is not taken"))
        return None
    length = told.whole("length", 1)
    starts = clock_of(_at(told, "startDate"), zone)
    refs = tuple(ref_of(one, by_name) for one in people)
    return Layer(name, starts, unit, min(999, max(1, length)), refs, hours, told.moment("endDate"))


def _unsayable(told: Node, people: int, unit: str | None) -> str:
    everybody = [one.plain("type", most=20) for one in rows(told, "participants")]
    if unit is None:
        return f"recurs {told.plain('type', most=20) or 'in no way that is named'}"
    if "none" in everybody:
        return "has a turn of nobody"
    if people < len(everybody):
        return "has a turn of a team or an escalation"
    return "" if people else "names nobody"


def _spans(told: Node) -> list[Span]:
    found = told.optional("timeRestriction")
    if found is None:
        return []
    if found.plain("type", most=40) == "time-of-day":
        one = found.field("restriction")
        start, end = _clock(one, "start"), _clock(one, "end")
        if start == end:
            return []
        return [(day, start, (day + (end <= start)) % 7, end) for day in range(7)]
    return [
        (_day(one, "startDay"), _clock(one, "start"), _day(one, "endDay"), _clock(one, "end"))
        for one in rows(found, "restrictions")
    ]


def _clock(told: Node, at: str) -> time:
    hour, minute = (told.whole(f"{at}{of}") for of in ("Hour", "Min"))
    if not (0 <= hour <= 24 and 0 <= minute < 60):
        raise told.wrong("is no time of day", f"{at}Hour")
    return time(hour % 24, minute)


def _day(told: Node, name: str) -> int:
    word = told.words(name, most=12).lower()
    if word not in WEEK:
        raise told.wrong("is no day of the week", name)
    return WEEK.index(word)
