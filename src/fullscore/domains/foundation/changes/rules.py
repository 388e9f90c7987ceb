"""Who has to say yes to a change, and what is still missing. Pure.

Whoever asked never counts, and nobody counts twice. What is risky takes two people of different
teams, whatever the policies say; what has no way back, or is an emergency, never goes by itself.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

LEAST = 1  # approvals where no policy speaks
LEAST_HIGH = 2


@dataclass(frozen=True, slots=True)
class Policy:
    """One rule of the house; an empty word fits anything."""

    name: str
    kind: str = ""
    band: str = ""
    environment: str = ""
    tag: str = ""
    needed: int = 1
    team: int | None = None
    person: int | None = None  # an account

    def fits(self, case: "Case") -> bool:
        """Say whether it speaks of a change."""
        return (
            self.kind in ("", case.kind)
            and self.band in ("", case.band)
            and (not self.environment or self.environment in case.environments)
            and (not self.tag or self.tag in case.tags)
        )


@dataclass(frozen=True, slots=True)
class Case:
    """What policies ask of a change."""

    kind: str
    band: str
    environments: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    may_auto_approve: bool = False  # the risk card allows it
    is_preapproved: bool = False  # made from a standard change that somebody approved


@dataclass(frozen=True, slots=True)
class Yes:
    """One person's approval."""

    person: int
    teams: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Needed:
    """What has to be said before a change may start."""

    count: int
    teams: frozenset[int] = frozenset()  # one approval from each
    people: frozenset[int] = frozenset()  # and one by each
    is_apart: bool = False  # two of them from different teams
    why: str = ""


def needed(policies: Iterable[Policy], case: Case) -> Needed:
    """Return what a change needs: the most that any fitting policy asks for."""
    fitting = [policy for policy in policies if policy.fits(case)]
    count = max((policy.needed for policy in fitting), default=0 if case.is_preapproved else LEAST)
    if not case.may_auto_approve or (case.kind != "standard" and case.band != "low"):
        count = max(count, LEAST)
    is_high = case.band == "high"
    return Needed(
        count=max(count, LEAST_HIGH) if is_high else count,
        teams=frozenset(p.team for p in fitting if p.team is not None),
        people=frozenset(p.person for p in fitting if p.person is not None),
        is_apart=is_high,
        why=_why(fitting, case),
    )


def _why(fitting: Sequence[Policy], case: Case) -> str:
    names = ", ".join(sorted(policy.name for policy in fitting))
    if case.band == "high":
        return f"high risk: two people of different teams{'; ' + names if names else ''}"
    if names:
        return names
    return "approved beforehand" if case.is_preapproved else "no policy speaks of it: one person"


def missing(needed: Needed, said: Collection[Yes]) -> list[str]:
    """Return what is still missing, in words; nothing when all was said."""
    told = []
    if (short := needed.count - len({yes.person for yes in said})) > 0:
        told.append("one more approval" if short == 1 else f"{short} more approvals")
    if not needed.people <= {yes.person for yes in said}:
        told.append("the approval of a person whom a policy names")
    if any(all(team not in yes.teams for yes in said) for team in needed.teams):
        told.append("an approval from a team that a policy names")
    if needed.is_apart and not any(are_apart(*pair) for pair in combinations(said, 2)):
        told.append("approvals from two different teams")
    return told


def are_apart(one: Yes, other: Yes) -> bool:
    """Say whether two people share no team; who is in none is apart from nobody."""
    return bool(one.teams and other.teams) and not one.teams & other.teams


def only_said_by(person: int, said: Iterable[Yes]) -> bool:
    """Say whether nobody but one person has approved."""
    return {yes.person for yes in said} == {person}
