"""Escalations of Opsgenie, and the routing rules of its teams.

Source: docs.opsgenie.com/docs/escalation-api and docs.opsgenie.com/docs/team-routing-rule-api.
"""

from collections.abc import Callable, Iterator

from fullscore.connectors.documents import Node
from fullscore.connectors.rotas import Note, Policy, Route, Step

Rows = Callable[[Node, str], Iterator[Node]]
MOST = 200
MOST_REPEATS = 9
MINUTES = {"minutes": 1, "hours": 60, "days": 1440}
# How its rules name whom they call, and the step of ours that calls the same.
CALLS = {
    ("user", "default"): "person", ("schedule", "default"): "schedule", ("team", "all"): "team",
    ("schedule", "next"): "next", ("team", "default"): "team", ("team", "users"): "team",
    ("team", "random"): "robin",
}  # fmt: skip
OTHERWISE = {
    ("team", "default"): "calls by the team's own rules there; here everybody of the team",
    ("team", "users"): "calls the team's users there; here everybody of the team",
    ("team", "random"): "calls somebody of the team at random there; here one by one, in turn",
}
PRIORITIES = {"P1": 5, "P2": 4, "P3": 3, "P4": 2, "P5": 1}  # and our severities


def policies(
    told: Node, rows: Rows, by_name: dict[str, str], notes: list[Note]
) -> Iterator[Policy]:
    """Yield the escalations; each delay counts from the beginning, our waits from step to step."""
    for one in rows(told, "escalations"):
        name, owner = one.words("name", most=80), one.optional("ownerTeam")
        steps, reached = [], 0
        for place, rule in enumerate(sorted(rows(one, "rules"), key=_delay), 1):
            if found := _step(rule, by_name, f"{name}, rule {place}", notes):
                if _delay(rule) > reached:
                    steps.append(Step("wait", minutes=_delay(rule) - reached))
                    reached = _delay(rule)
                steps.append(found)
        again = one.optional("repeat")
        repeats = again.whole("count") if again else 0
        if wait := again.whole("waitInterval") if again and repeats else 0:
            steps.append(Step("wait", minutes=wait))
        team = owner.plain("id", most=MOST) if owner else ""
        ref = one.plain("id", most=MOST)
        yield Policy(ref, name, team, tuple(steps), max(0, min(repeats, MOST_REPEATS)))


def _delay(rule: Node) -> int:
    """Return after how many minutes a rule calls."""
    found = rule.optional("delay")
    if found is None:
        return 0
    unit = found.plain("timeUnit", most=10) or "minutes"
    return found.whole("timeAmount") * MINUTES.get(unit, 1)


def _step(rule: Node, by_name: dict[str, str], where: str, notes: list[Note]) -> Step | None:
    whom, how = rule.field("recipient"), rule.plain("notifyType", most=20) or "default"
    pair = (whom.plain("type", most=20), how)
    kind = CALLS.get(pair)
    if kind is None:
        notes.append(Note(where, f"calls “{how}” of a {pair[0] or 'recipient'}; it is left out"))
        return None
    if pair in OTHERWISE:
        notes.append(Note(where, OTHERWISE[pair]))
    if rule.plain("condition", most=20) == "if-not-closed":
        notes.append(Note(where, "calls until it is closed there; here until somebody answers"))
    name = whom.plain("username", most=254).lower()
    return Step(kind, whom.plain("id", most=MOST) or by_name.get(name, name))


def routes(told: Node, rows: Rows, notes: list[Note]) -> Iterator[Route]:
    """Yield for each team which escalation serves which severities, the first rule first."""
    found = told.optional("routing_rules")
    for team in found.of(dict) if found else ():
        for rule in rows(found, team) if found else ():
            name = rule.words("name", most=80, default="") or "the default rule"
            severity, why = _severity(rule)
            notify = rule.optional("notify")
            kind = notify.plain("type", most=20) if notify else "none"
            if notify is None or kind == "none":
                continue
            if kind != "escalation":
                why = "calls a schedule itself: make a policy that does, and a route to it"
            if rule.optional("timeRestriction"):
                why = "counts at some hours only: put a step “only in these hours” first"
            if why:
                notes.append(Note(name, f"{why}; it is not taken"))
            else:
                yield Route(notify.plain("id", most=MOST), team, severity)


def _severity(rule: Node) -> tuple[int, str]:
    """Return from which severity a rule counts, or why that cannot be said."""
    criteria = rule.optional("criteria")
    kind = criteria.plain("type", most=40) if criteria else "match-all"
    if criteria is None or kind == "match-all":
        return 1, ""
    conditions = list(rows_of(criteria))
    words = [one.plain("expectedValue", most=40).upper() for one in conditions]
    is_priority = all(one.plain("field", most=40) == "priority" for one in conditions)
    is_plain = all(one.plain("not", most=5) != "true" for one in conditions)
    same = all(one.plain("operation", most=40) == "equals" for one in conditions)
    if not (conditions and is_priority and is_plain and same and set(words) <= set(PRIORITIES)):
        return 1, "asks for more than a priority: add a route with a selector by hand"
    wanted = {PRIORITIES[word] for word in words}
    if wanted != set(range(min(wanted), 6)):
        return 1, "picks out lower priorities only: here a route counts from a severity on"
    return min(wanted), ""


def rows_of(criteria: Node) -> Iterator[Node]:
    """Yield the conditions of criteria."""
    found = criteria.optional("conditions")
    yield from found.items() if found else ()
