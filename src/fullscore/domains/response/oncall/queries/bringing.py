"""What a tool told, laid beside the directory: who is who, what would be made, what differs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from fullscore.connectors.grafana_oncall import parse as grafana
from fullscore.connectors.opsgenie import rotas as opsgenie
from fullscore.connectors.rotas import Layer, Policy, Rotas, Schedule, Step
from fullscore.domains.foundation.directory.models import Person, Team
from fullscore.domains.response.oncall.models import EscalationPolicy, EscalationStep, RotaImport
from fullscore.domains.response.oncall.models import Schedule as Own
from fullscore.engines import rota
from fullscore.engines.rota.hours import windows

READERS = {
    RotaImport.Kind.GRAFANA: grafana.rotas,
    RotaImport.Kind.OPSGENIE: opsgenie.rotas,
}
AHEAD = timedelta(days=28)
SHOWN = 200  # differences of one schedule
OF_PEOPLE = {"person"}
OF_SCHEDULES = {"schedule", "next"}
OF_TEAMS = {"team", "robin"}


@dataclass
class Matched:
    """What was told, with the people and teams of our directory in the place of theirs."""

    told: Rotas
    now: datetime

    @cached_property
    def people(self) -> dict[str, Person]:
        """Return who is who, by e-mail address: of the person, else of the account."""
        by_email: dict[str, Person] = {}
        here = Person.objects.exclude(state=Person.State.LEFT).select_related("user")
        for person in here.order_by("-pk"):
            for email in (person.user.email if person.user else "", person.email):
                if email:
                    by_email[email.lower()] = person
        told = {one.ref: by_email.get(one.email.lower()) for one in self.told.people if one.email}
        return {ref: person for ref, person in told.items() if person is not None}

    @cached_property
    def teams(self) -> dict[str, Team]:
        """Return which team is which, by name."""
        by_name = {team.name.lower(): team for team in Team.objects.all()}
        told = {ref: by_name.get(name.lower()) for ref, name in self.told.teams.items()}
        return {ref: team for ref, team in told.items() if team is not None}

    @cached_property
    def names(self) -> dict[str, str]:
        """Return how people are called there."""
        return {one.ref: one.name for one in self.told.people}

    @cached_property
    def taken(self) -> dict[str, set[str]]:
        """Return the names of schedules and policies that are ours already."""
        return {
            "schedules": set(Own.objects.values_list("name", flat=True)),
            "policies": set(EscalationPolicy.objects.values_list("name", flat=True)),
        }

    def why_no_schedule(self, schedule: Schedule) -> str:
        """Say why a schedule is not taken; empty when it is."""
        if schedule.name in self.taken["schedules"]:
            return "A schedule of this name is here already: rename it, and look again."
        is_told = self.layers(schedule) or schedule.calendars
        return "" if is_told else "Nobody in it is known here, or nothing of it can be said here."

    def why_no_policy(self, policy: Policy) -> str:
        """Say why a policy is not taken; empty when it is."""
        if policy.name in self.taken["policies"]:
            return "A policy of this name is here already: rename it, and look again."
        calls = any(one.kind in OF_PEOPLE | OF_SCHEDULES | OF_TEAMS for one in self.steps(policy))
        return "" if calls else "It would call nobody here."

    def layers(self, schedule: Schedule) -> list[Layer]:
        """Return the layers in which somebody known takes turns."""
        return [one for one in schedule.layers if any(ref in self.people for ref in one.people)]

    def steps(self, policy: Policy) -> list[Step]:
        """Return the steps whose person, schedule or team is known here."""
        return [one for one in policy.steps if not self.missing(one)]

    def missing(self, step: Step) -> str:
        """Say whom or what a step is about that is not known here; empty when it is."""
        if step.kind not in EscalationStep.Kind.values:
            return f"a step that would {step.kind}"
        if step.kind in OF_PEOPLE and step.ref not in self.people:
            return self.names.get(step.ref, "somebody")
        if step.kind in OF_TEAMS and step.ref not in self.teams:
            return f"the team {self.told.teams.get(step.ref, '')}".strip()
        if step.kind in OF_SCHEDULES and step.ref not in self.schedules:
            return "a schedule that is not taken"
        return ""

    @cached_property
    def schedules(self) -> set[str]:
        """Return the schedules that are taken."""
        return {one.ref for one in self.told.schedules if not self.why_no_schedule(one)}

    @cached_property
    def policies(self) -> set[str]:
        """Return the policies that are taken."""
        return {one.ref for one in self.told.policies if not self.why_no_policy(one)}


def read(kind: str, text: str, *, now: datetime) -> Matched:
    """Read what a tool told. Raises Garbled with the exact place."""
    return Matched(READERS[RotaImport.Kind(kind)](text.encode()), now)


def preview(matched: Matched) -> tuple[dict[str, int], dict[str, Any]]:
    """Return what would be made, in figures and as the page shows it."""
    schedules = [_schedule(one, matched) for one in matched.told.schedules]
    policies = [_policy(one, matched) for one in matched.told.policies]
    routes = [_route(one, matched) for one in matched.told.routes]
    people, notes = _people(matched), [[one.where, one.what] for one in matched.told.notes]
    unknown = [one for one in people if not one["person"]]
    left_out = [one for one in (*schedules, *policies, *routes) if one["why"]]
    counts = {
        "people": len(people) - len(unknown), "not known here": len(unknown),
        "schedules": sum(not one["why"] for one in schedules),
        "policies": sum(not one["why"] for one in policies),
        "routes": sum(not one["why"] for one in routes),
        "not taken": len(left_out) + len(notes),
        "differences": sum(len(one["differences"]) for one in schedules),
    }  # fmt: skip
    shown = {
        "people": people, "schedules": schedules, "policies": policies, "routes": routes,
        "notes": notes,
    }  # fmt: skip
    return counts, shown


def _people(matched: Matched) -> list[dict[str, Any]]:
    """Return everybody who takes turns or is called, the unknown first."""
    told = matched.told
    used = {ref for s in told.schedules for layer in s.layers for ref in layer.people}
    used |= {one.person for s in told.schedules for one in s.overrides}
    used |= {step.ref for p in told.policies for step in p.steps if step.kind in OF_PEOPLE}
    by_ref = {one.ref: one for one in told.people}
    rows = []
    for ref in used:
        found, here = by_ref.get(ref), matched.people.get(ref)
        rows.append({
            "name": found.name if found else ref, "email": found.email if found else "",
            "person": here.pk if here else None, "as": str(here) if here else "",
        })  # fmt: skip
    return sorted(rows, key=lambda row: (bool(row["person"]), str(row["name"]).lower()))


def _schedule(schedule: Schedule, matched: Matched) -> dict[str, Any]:
    why = matched.why_no_schedule(schedule)
    # What a calendar says is known once it is read, which its address allows after the writing.
    is_told = schedule.ref in matched.told.duties and not schedule.calendars
    found = compare(schedule, matched) if is_told and not why else []
    hours = sum((one.ends_at - one.starts_at) / timedelta(hours=1) for one in found)
    team = matched.teams.get(schedule.team)
    return {
        "name": schedule.name, "zone": schedule.zone, "team": str(team or ""), "why": why,
        "layers": [_layer(one, matched) for one in schedule.layers],
        "calendars": [
            {"name": one.name, "host": urlsplit(one.address).hostname}
            for one in schedule.calendars
        ],
        "overrides": len(coming(schedule, matched)), "is_compared": is_told and not why,
        "differences": [_difference(one, matched) for one in found[:SHOWN]],
        "hours": round(hours, 1),
    }  # fmt: skip


def _layer(layer: Layer, matched: Matched) -> dict[str, Any]:
    known = [str(matched.people[ref]) for ref in layer.people if ref in matched.people]
    missing = [matched.names.get(ref, ref) for ref in layer.people if ref not in matched.people]
    turn = layer.unit.removesuffix("s") if layer.length == 1 else f"{layer.length} {layer.unit}"
    return {
        "name": layer.name, "turn": f"every {turn}", "hours": layer.hours or "always",
        "people": known, "missing": missing,
    }  # fmt: skip


def _difference(one: rota.Difference, matched: Matched) -> dict[str, Any]:
    ours = {str(person.pk): str(person) for person in matched.people.values()}
    called = ours | {ref: f"{name} (not known here)" for ref, name in matched.names.items()}
    return {
        "from": one.starts_at.isoformat(), "until": one.ends_at.isoformat(),
        "here": ", ".join(called.get(ref, ref) for ref in one.here),
        "there": ", ".join(called.get(ref, ref) for ref in one.there),
    }  # fmt: skip


def _policy(policy: Policy, matched: Matched) -> dict[str, Any]:
    kept = matched.steps(policy)
    missing = [told for one in policy.steps if (told := matched.missing(one))]
    return {
        "name": policy.name, "team": str(matched.teams.get(policy.team) or ""),
        "steps": len(kept), "repeats": policy.repeats, "missing": missing,
        "why": matched.why_no_policy(policy),
    }  # fmt: skip


def _route(route: Any, matched: Matched) -> dict[str, Any]:
    policy = next((p.name for p in matched.told.policies if p.ref == route.policy), "")
    return {
        "policy": policy, "severity": route.severity,
        "team": matched.told.teams.get(route.team, ""), "why": why_no_route(route, matched),
    }  # fmt: skip


def why_no_route(route: Any, matched: Matched) -> str:
    """Say why a route is not taken; empty when it is."""
    if route.policy not in matched.policies:
        return "Its policy is not taken."
    return "" if route.team in matched.teams else "There is no team of this name here."


def coming(schedule: Schedule, matched: Matched) -> list[rota.Override]:
    """Return the overrides that are not over, of people known here."""
    return [
        rota.Override(
            str(matched.people[one.person].pk), max(one.starts_at, matched.now), one.ends_at
        )
        for one in schedule.overrides
        if one.person in matched.people and one.ends_at > matched.now
    ]  # fmt: skip


def compare(schedule: Schedule, matched: Matched) -> list[rota.Difference]:
    """Return where the next 28 days are not the same here and there."""
    start, end = matched.now, matched.now + AHEAD
    layers = [_drawn(one, schedule.zone, matched) for one in matched.layers(schedule)]
    here = _ending(layers, coming(schedule, matched), start, end)
    there = [
        rota.Shift(_known(one.person, matched), max(one.starts_at, start), min(one.ends_at, end))
        for one in matched.told.duties.get(schedule.ref, ())
        if one.ends_at > start and one.starts_at < end
    ]
    return rota.differences(here, there, start=start, end=end)


def _known(ref: str, matched: Matched) -> str:
    return str(matched.people[ref].pk) if ref in matched.people else ref


def _drawn(layer: Layer, zone: str, matched: Matched) -> tuple[rota.Layer, datetime | None]:
    people = tuple(str(matched.people[ref].pk) for ref in layer.people if ref in matched.people)
    made = rota.Layer(
        people, zone, layer.starts, layer.unit, layer.length, windows(layer.hours),  # type: ignore[arg-type]
    )  # fmt: skip
    return made, layer.ends_at


def _ending(
    layers: Iterable[tuple[rota.Layer, datetime | None]], overrides: list[rota.Override],
    start: datetime, end: datetime,
) -> list[rota.Shift]:  # fmt: skip
    """Return the shifts of layers some of which end before all of it does."""
    layers = list(layers)
    edges = sorted({start, end, *(at for _, at in layers if at and start < at < end)})
    found: list[rota.Shift] = []
    for begin, stop in pairwise(edges):
        live = [layer for layer, until in layers if until is None or until > begin]
        found += rota.shifts(live, overrides, start=begin, end=stop)
    return found
