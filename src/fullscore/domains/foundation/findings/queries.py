"""Questions about findings that more than one place asks."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time, timedelta

from django.db.models import OuterRef, Q, Subquery

from fullscore.domains.foundation.estate import queries as estate
from fullscore.domains.foundation.findings.facts import GaveUp, Ran
from fullscore.domains.foundation.findings.models import Check, CheckRun, Finding
from fullscore.engines.attention import REACH_HOURS, Concern
from fullscore.kit.access import Actor
from fullscore.kit.checks import Scope
from fullscore.kit.models import DeadLetter
from fullscore.kit.perform import Unmet

SOURCE = "finding"
USUAL_REPAIR_HOURS = 4.0  # our judgement, until a team's own median is known
MOST = 5000


def concerns(user: Actor, now: datetime) -> tuple[list[Concern], dict[str, Finding]]:
    """Return what presses, priced, as the queue takes it; and the findings by the concern's key."""
    rows = Finding.objects.visible_to(user).pressing().select_related("item", "owner", "assignee")
    found = list(rows.order_by("-severity", "due_on")[:MOST])
    prices = estate.downtime_per_hour(f.item for f in found if f.item)
    made = {key_of(f): f for f in found}
    return [_concern(f, prices.get(f.item_id or 0), now) for f in found], made


def key_of(finding: Finding) -> str:
    """Return the finding's key in the queue."""
    return f"{SOURCE}:{finding.pk}"


def _concern(finding: Finding, price: estate.Downtime | None, now: datetime) -> Concern:
    """Price a finding: by its check, else severity × downtime cost × usual repair hours ÷ 5.

    A day that passes while the fault is still there takes no stake away, as a missed offer would:
    what was feared may now happen at any hour, and waiting costs what it cost on the last day.
    """
    cost = finding.cost
    due_at = datetime.fromisoformat(cost["due_at"]) if "due_at" in cost else _end_of(finding)
    chance = float(cost.get("chance_per_hour", 0.0))
    finding.late_since = due_at if due_at and due_at <= now else None
    if finding.late_since:
        due_at, chance = None, max(chance, 1 / REACH_HOURS)
    is_priced = bool(cost.get("stake") or cost.get("loss_per_hour"))
    price = price or _price_of_none(finding)
    finding.is_default_price = not is_priced and price.is_default
    default = finding.severity / 5 * price.per_hour * USUAL_REPAIR_HOURS
    return Concern(
        key=key_of(finding),
        source=SOURCE,
        loss_per_hour=float(cost.get("loss_per_hour", 0.0)),
        stake=float(cost.get("stake", 0.0 if is_priced else default)),
        due_at=due_at,
        chance_per_hour=chance,
        work_hours=float(cost.get("work_hours", 0.5)),
        lead_hours=float(cost.get("lead_hours", 0.0)),
        part_of=f"{SOURCE}:{finding.because_of_id}" if finding.because_of_id else None,
    )


def _price_of_none(finding: Finding) -> estate.Downtime:
    """Return what stands for the downtime of a finding that is of no item: that of a class.

    Critical counts as criticality 1, high as 2, medium as 3.
    """
    classes = estate.DOWNTIME_PER_HOUR
    return estate.Downtime(classes[min(max(classes), 6 - finding.severity)], True)


def _end_of(finding: Finding) -> datetime | None:
    if finding.due_on is None:
        return None
    return datetime.combine(finding.due_on + timedelta(days=1), time(), tzinfo=UTC)


def verdict(finding: Finding) -> str:
    """Say what the check saw of a finding when it looked last: good, still bad, or unreadable."""
    if finding.state == Finding.State.CLOSED:
        proof = finding.proofs.first()
        return f"Good: closed with proof ({proof.how})." if proof else "Good: closed."
    run = finding.check_of.runs.first()
    if run and run.state == CheckRun.State.FAILED:
        return Unmet(f"Could not be read: the check failed ({run.problem}).")
    if run and run.state == CheckRun.State.HELD:
        return Unmet(
            "Good, but not closed: the run would close so much that somebody must release it."
        )
    of_item = Q(item=finding.item_id) | Q(item__isnull=True)
    if blind := finding.check_of.blinds.filter(of_item).first():
        return Unmet(f"Could not be read: {blind.why}")
    if finding.good_streak:
        wanted = "24 hours" if finding.is_flapping else f"{finding.check_of.good_runs} runs"
        return f"Good this time: it closes when it was good for {wanted}."
    return Unmet(f"Still bad: {_figure(finding) or finding.title}.")


def _figure(finding: Finding) -> str:
    """Return the figure against its limit, “93 % against 90 %”; empty where there is none."""
    figures = [figure for figure in (finding.figure, finding.limit) if figure is not None]
    told = [f"{figure:.4g} {finding.unit}".strip() for figure in figures]
    return " against ".join(told)


def closed_since(user: Actor, moment: datetime) -> Iterator[Finding]:
    """Yield the findings closed since a moment, newest first, with their newest proof."""
    rows = Finding.objects.visible_to(user).filter(closed_at__gte=moment)
    yield from rows.select_related("item").prefetch_related("proofs").order_by("-closed_at")[:500]


def failing_checks(scope: Scope) -> Iterator[Ran]:
    """Return how the newest run of each enabled check went."""
    if scope.items is not None:
        return
    failed = CheckRun.objects.filter(check_of=OuterRef("pk"), state=CheckRun.State.FAILED)
    newest = Subquery(failed.order_by("-started_at").values("problem")[:1])
    checks = Check.objects.filter(is_enabled=True).exclude(last_state="")
    for check in checks.annotate(problem=newest):
        yield Ran(check.pk, check.title, check.last_state, check.problem or "")


def jobs_given_up(scope: Scope) -> Iterator[GaveUp]:
    """Return the jobs that failed for good and that nobody has dealt with."""
    if scope.items is not None:
        return
    told: dict[str, GaveUp] = {}
    for task, error in DeadLetter.objects.waiting().values_list("task", "error"):  # newest first
        known = told.get(task) or GaveUp(task, 0, error)
        told[task] = known._replace(times=known.times + 1)
    yield from told.values()


def keys_open(ident: str, *, items: Iterable[int]) -> set[tuple[int, str]]:
    """Return item and key of what a check holds to be bad now, among these items."""
    rows = Finding.objects.pressing().filter(check_of__ident=ident, item__in=list(items))
    return {(item, key) for item, key in rows.values_list("item_id", "key") if item}
