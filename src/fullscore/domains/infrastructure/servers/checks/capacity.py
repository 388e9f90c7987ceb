"""Checks of capacity: what is used up within two months, and what nobody uses."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from fullscore.domains.infrastructure.servers.queries.capacity import Course, Standing
from fullscore.domains.infrastructure.servers.rules.outlook import LEAST_DAYS, words
from fullscore.interfaces.web.figures import figure
from fullscore.kit import money
from fullscore.kit.checks import Cost, Limits, Subject, Verdict, bad, good, rule, unknown

HOURLY = timedelta(hours=1)
STALE = timedelta(days=3)
HOURS_A_MONTH = 730.0
CALLED = {"cpu": "CPU", "memory": "Memory"}
REMEDY = "Is its collector running? Figures are made once a day, at night."


@rule(
    "servers.saturating", title="CPU or memory that will not last", codes=["S18"], every=HOURLY,
    why="Over 80 % every peak queues, and new hardware or a larger machine takes weeks to get.",
    source="The p95 of a day by its likely course (Theil–Sen of 90 days) over 80 % within 60 days;"
    " our judgement.",
    fix="Move work elsewhere, or give it more; find out first what grew.",
    limits={"days": 60},
)  # fmt: skip
def saturating(
    standings: Iterable[Standing], *, now: datetime, limits: Limits
) -> Iterator[Verdict]:
    """Say which servers will be over 80 % of their CPU or memory."""
    for one in standings:
        for course in one.courses:
            yield _judged(one, course, now, limits.of(one.item)["days"])


def _judged(one: Standing, course: Course, now: datetime, most: float) -> Verdict:
    subject = Subject(item=one.item, key=course.what)
    if why := _unread(one, now):
        return unknown(subject, why=why, remedy=REMEDY)
    if course.percent is None:
        return unknown(subject, why="nothing is measured of it", remedy=REMEDY)
    if one.days < LEAST_DAYS:
        return unknown(subject, why=f"{one.days} days are known; a forecast needs {LEAST_DAYS}")
    if course.days is None or course.days > most:
        return good(subject, figure=course.percent, limit=80, unit="%")
    when = words(course.reaches, today=now.date())
    return bad(
        subject, severity=3, figure=course.days, limit=most, unit="d",
        title=f"{CALLED[course.what]} of {one.name} is over 80 % {when}",
        evidence=({"p95 now": f"{course.percent:.0f} %", "80 % band": course.reaches},),
        advice=saturating.fix,
    )  # fmt: skip


@rule(
    "servers.idle", title="Servers that nobody seems to use", codes=["S17"], every=HOURLY,
    why="It costs power, licences, patches and attention, and each is one more door.",
    source="For 30 days: p95 of the CPU under 3 % and the network's mean under 1 kB/s on each day,"
    " and no login; our judgement.",
    fix="Ask its owner; stop it for two weeks, then retire it.",
    limits={"cpu": 3, "network": 1000, "days": 30},
)  # fmt: skip
def idle(standings: Iterable[Standing], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which servers are candidates to retire, and what they cost."""
    for one in standings:
        subject, mine = Subject(item=one.item), limits.of(one.item)
        if why := _unread(one, now):
            yield unknown(subject, why=why, remedy=REMEDY)
        elif one.cpu_most is None or one.network_most is None:
            yield unknown(subject, why="CPU and network are not both measured", remedy=REMEDY)
        elif one.cpu_most >= mine["cpu"] or one.network_most >= mine["network"]:
            yield good(subject, figure=one.cpu_most, limit=mine["cpu"], unit="%")
        elif one.quiet_days < min(mine["days"], 30):
            yield unknown(
                subject, why=f"quiet so far, and {one.quiet_days} of {mine['days']:.0f} days known"
            )
        elif not one.has_logins:
            yield unknown(
                subject, why="who logged in is not known",
                remedy=f"fullscore server grants {one.name}",
            )  # fmt: skip
        elif one.last_login_at and now - one.last_login_at < timedelta(days=mine["days"]):
            yield good(subject, figure=one.cpu_most, limit=mine["cpu"], unit="%")
        else:
            yield _nobody(one, subject, mine["cpu"])


def _nobody(one: Standing, subject: Subject, limit: float) -> Verdict:
    a_month = float(one.monthly_cost or 0)
    costs = f", and costs {money.told(a_month)} a month" if a_month else ""
    login = f"{one.last_login_at:%-d %b %Y}" if one.last_login_at else "none on record"
    return bad(
        subject, severity=2, figure=one.cpu_most, limit=limit, unit="%", advice=idle.fix,
        title=f"{one.name} does next to nothing{costs}",
        evidence=({"busiest day": f"CPU {one.cpu_most:.1f} %, network "
                   f"{figure(one.network_most, 'By/s')}", "last login": login},),
        cost=Cost(loss_per_hour=a_month / HOURS_A_MONTH, why="its monthly cost") if a_month
        else None,
    )  # fmt: skip


def _unread(one: Standing, now: datetime) -> str:
    """Return why nothing can be said of a server."""
    if one.until is None:
        return "no whole day of it is measured yet"
    if now.date() - one.until > STALE:
        return f"its last figures are of {one.until:%-d %b}"
    return ""
