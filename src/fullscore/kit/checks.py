"""What a check is: facts in, verdicts out.

`foundation/findings` runs them, `config/checks.py` lists them.

A domain writes the rule as a pure function and `config` joins it to the query it reads:

@rule("servers.unit_failed", title="Units that failed", …)
    def unit_failed(units, *, now, limits): yield bad(Subject(item=…, key=unit.name), severity=4, …)

CHECKS = (checks.unit_failed.reading(queries.units), …)
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from hashlib import blake2b
from math import isfinite
from typing import Any, Literal

Outcome = Literal["good", "bad", "unknown", "not_applicable"]
EVIDENCE_ROWS = 20
EVIDENCE_BYTES = 8192
SEVERITIES = {1: "info", 2: "low", 3: "medium", 4: "high", 5: "critical"}
BY_WORD = {word: number for number, word in SEVERITIES.items()}


@dataclass(frozen=True, slots=True)
class Subject:
    """What a verdict is about: an item, a record (`noun:id`) or a person, and what part of it."""

    item: int | None = None
    record: str = ""
    person: int | None = None
    key: str = ""  # mount, unit, package: never a figure or a text that changes

    def fingerprint(self, check: str) -> str:
        """Return what tells one condition from every other, however often it is found."""
        told = "\x1f".join(
            [check, str(self.item or ""), self.record, str(self.person or ""), self.key]
        )
        return blake2b(told.encode(errors="surrogatepass"), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Cost:
    """What waiting costs; money in the reporting currency. Terms of the attention queue."""

    loss_per_hour: float = 0.0
    stake: float = 0.0
    chance_per_hour: float = 0.0
    due_at: datetime | None = None
    lead_hours: float = 0.0
    work_hours: float = 0.5
    why: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check says of one subject."""

    subject: Subject
    outcome: Outcome
    severity: int = 0
    title: str = ""
    figure: float | None = None
    limit: float | None = None
    unit: str = ""
    evidence: tuple[Mapping[str, Any], ...] = ()
    advice: str = ""
    why: str = ""
    remedy: str = ""
    cost: Cost | None = None
    due_on: date | None = None
    team: int | None = None
    voids: frozenset[str] = frozenset()  # facts under which no exception holds
    facts_at: datetime | None = None  # when what it judges was read; None: during the run


@dataclass(frozen=True, slots=True)
class Scope:
    """What a run looks at: some items, or everything."""

    now: datetime
    items: frozenset[int] | None = None


class Limits:
    """A check's limits, and those set for single items."""

    def __init__(
        self, defaults: Mapping[str, float], own: Mapping[int, Mapping[str, float]] | None = None
    ) -> None:
        self.defaults = dict(defaults)
        self.own = own or {}

    def of(self, item: int | None = None) -> Mapping[str, float]:
        """Return the limits that hold for an item."""
        mine = self.own.get(item) if item is not None else None
        return {**self.defaults, **mine} if mine else self.defaults


Judge = Callable[..., Iterable[Verdict]]
Read = Callable[[Scope], Iterable[Any]]


@dataclass(frozen=True)
class Check:
    """One thing that may be wrong, how it is seen, and what is to be done about it."""

    id: str
    title: str
    why: str  # what goes wrong when nobody looks
    source: str  # where the threshold comes from
    fix: str
    judge: Judge
    read: Read | None = None
    every: timedelta = timedelta(hours=1)
    limits: Mapping[str, float] = field(default_factory=dict)
    good_runs: int = 1  # 2 for samples, which bounce
    is_urgent: bool = False  # becomes an alert at once
    is_outage: bool = False  # the item is out of reach: with it whatever depends on it
    follows: tuple[str, ...] = ()  # checks whose finding on the same item is the cause of this one
    version: int = 1
    codes: tuple[str, ...] = ()

    def reading(self, read: Read) -> "Check":
        """Return the check joined to the query it reads."""
        return replace(self, read=read)

    def verdicts(self, scope: Scope, limits: Limits) -> Iterator[Verdict]:
        """Read the facts of a scope and judge them."""
        if self.read is None:
            raise ValueError(f"{self.id} is not joined to anything it could read.")
        yield from self.judge(self.read(scope), now=scope.now, limits=limits)


def rule(
    id: str,
    *,
    title: str,
    why: str,
    source: str,
    fix: str,
    every: timedelta = timedelta(hours=1),
    limits: Mapping[str, float] | None = None,
    good_runs: int = 1,
    is_urgent: bool = False,
    is_outage: bool = False,
    follows: Sequence[str] = (),
    codes: Sequence[str] = (),
) -> Callable[[Judge], Check]:
    """Make a check of a pure function."""

    def made(judge: Judge) -> Check:
        return Check(
            id, title, why, source, fix, judge, every=every, limits=limits or {},
            good_runs=good_runs, is_urgent=is_urgent, is_outage=is_outage, follows=tuple(follows),
            codes=tuple(codes),
        )  # fmt: skip

    return made


def good(subject: Subject, **more: Any) -> Verdict:
    """Say that all is well."""
    return Verdict(subject, "good", **more)


def bad(subject: Subject, *, severity: int, title: str, **more: Any) -> Verdict:
    """Say what is wrong, 1 (info) to 5 (critical)."""
    return Verdict(subject, "bad", severity=severity, title=title, **more)


def unknown(subject: Subject, *, why: str, remedy: str = "") -> Verdict:
    """Say that it cannot be said, why, and what would open the eyes."""
    return Verdict(subject, "unknown", why=why, remedy=remedy)


def not_applicable(subject: Subject, *, why: str) -> Verdict:
    """Say that the question does not arise here."""
    return Verdict(subject, "not_applicable", why=why)


def graded(
    subject: Subject,
    figure: float,
    limits: Mapping[str, float],
    *,
    title: str,
    worse: Literal["above", "below"] = "above",
    **more: Any,
) -> Verdict:
    """Judge a figure by limits named low, medium, high, critical: the worst one passed decides.

    A figure that is none (NaN, infinite) is unknown, never good.
    """
    if not isfinite(figure):
        return unknown(subject, why=f"the figure read is none: {figure}")
    for severity in (5, 4, 3, 2):
        limit = limits.get(SEVERITIES[severity])
        if limit is None:
            continue
        if figure > limit if worse == "above" else figure < limit:
            return bad(subject, severity=severity, title=title, figure=figure, limit=limit, **more)
    named = [limits[w] for w in ("low", "medium", "high", "critical") if w in limits]
    first = named[0] if named else None
    return Verdict(subject, "good", figure=figure, limit=first, unit=more.get("unit", ""))


_known: dict[str, Check] = {}


def are(checks: Sequence[Check]) -> None:
    """Say which checks there are; called once, by `config`."""
    _known.clear()
    _known.update({check.id: check for check in checks})


def known() -> Mapping[str, Check]:
    """Return every check by its id."""
    return _known
