"""Escalation chains of Grafana OnCall and the routes that lead to them.

Source: grafana.com/docs/oncall/latest/oncall-api-reference/escalation_policies and …/routes.
"""

import re
from collections.abc import Callable, Iterator

from fullscore.connectors.documents import Node
from fullscore.connectors.rotas import Note, Policy, Route, Step

Rows = Callable[[Node, str], Iterator[Node]]
MOST = 200
MOST_MINUTES = 10_080  # a week
TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
REPEATS = 5  # as often as its step “repeat escalation” does


def policies(told: Node, rows: Rows, notes: list[Note]) -> Iterator[Policy]:
    """Yield the chains with their steps in order."""
    by_chain: dict[str, list[Node]] = {}
    for step in rows(told, "escalation_policies"):
        by_chain.setdefault(step.plain("escalation_chain_id", most=MOST), []).append(step)
    for chain in rows(told, "escalation_chains"):
        ref, name = chain.plain("id", most=MOST), chain.words("name", most=80)
        own = sorted(by_chain.get(ref, []), key=_position)
        steps = [one for step in own for one in _steps(step, name, notes)]
        repeats = any(_kind(step) == "repeat_escalation" for step in own)
        yield Policy(
            ref, name, chain.plain("team_id", most=MOST), tuple(steps), REPEATS if repeats else 0
        )


def routes(told: Node, rows: Rows, notes: list[Note]) -> Iterator[Route]:
    """Yield for each team the chain that serves what no expression of a route picks out."""
    integrations = {one.plain("id", most=MOST): one for one in rows(told, "integrations")}
    seen: set[tuple[str, str]] = set()
    for route in rows(told, "routes"):
        chain = route.plain("escalation_chain_id", most=MOST)
        of = integrations.get(route.plain("integration_id", most=MOST))
        name = of.words("name", most=80, default="") if of else "an integration"
        team = of.plain("team_id", most=MOST) if of else ""
        picks = route.plain("routing_regex", most=120)
        if not chain:
            continue
        if picks and route.plain("is_the_last_route", most=5) != "true":
            notes.append(Note(name, f"its route by “{picks}”: add a route with a selector by hand"))
        elif not team:
            notes.append(Note(name, "its last route belongs to no team: add a route by hand"))
        elif (chain, team) not in seen:
            seen.add((chain, team))
            yield Route(chain, team)


def _position(step: Node) -> int:
    return step.whole("position")


def _kind(step: Node) -> str:
    return step.plain("type", most=60)


def _steps(told: Node, chain: str, notes: list[Note]) -> Iterator[Step]:
    kind = _kind(told)
    is_important = told.plain("important", most=5) == "true"

    def note(what: str) -> None:
        notes.append(Note(f"{chain}, step {_position(told) + 1}", what))

    if kind == "wait":
        seconds = told.whole("duration", 300)
        yield Step("wait", minutes=min(MOST_MINUTES, max(1, round(seconds / 60))))
    elif kind in ("notify_persons", "notify_person_next_each_time"):
        if kind == "notify_person_next_each_time":
            note("calls these people one by one in turn there; here all of them at once")
        for ref in _refs(told, "persons_to_notify_next_each_time", "persons_to_notify"):
            yield Step("person", ref, is_important=is_important)
    elif kind == "notify_on_call_from_schedule":
        ref = told.plain("notify_on_call_from_schedule", most=MOST)
        yield Step("schedule", ref, is_important=is_important)
    elif kind == "notify_team_members":
        yield Step("team", told.plain("team_to_notify", most=MOST), is_important=is_important)
    elif kind == "notify_if_time_from_to":
        start, end = (told.plain(f"notify_if_time_{at}", most=20)[:5] for at in ("from", "to"))
        if not (TIME.fullmatch(start) and TIME.fullmatch(end)):
            raise told.wrong("is no time such as 09:00:00Z", "notify_if_time_from")
        note("waits there for these hours; here only the step after it is passed over outside them")
        yield Step("hours", hours=f"{start}-{end}", zone="UTC")
    elif kind in PLAIN:
        yield from _plain(told, kind, note)
    elif kind != "repeat_escalation":
        note(f"“{kind}” is nothing that is done here; it is left out")


PLAIN = {"resolve", "declare_incident", "notify_if_num_alerts_in_window"}


def _plain(told: Node, kind: str, note: Callable[[str], None]) -> Iterator[Step]:
    if kind == "resolve":
        yield Step("resolve")
    elif kind == "declare_incident":
        yield Step("declare")
    else:
        note("stops there below so many alerts; here only the step after it is passed over")
        count, minutes = (told.whole(f"num_{of}_in_window", 1) for of in ("alerts", "minutes"))
        yield Step("alerts", count=min(999, max(1, count)), minutes=min(1440, max(1, minutes)))


def _refs(told: Node, *names: str) -> list[str]:
    for name in names:
        if found := told.optional(name):
            return [str(ref) for ref in found.of(list)]
    return []
