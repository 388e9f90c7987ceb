"""What can be wrong with being on call."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from fullscore.domains.response.oncall.facts import Duty, Kept, Load, Reached, Uncovered, Unheard
from fullscore.kit.checks import Limits, Subject, Verdict, bad, good, rule
from fullscore.kit.time import in_words


@rule(
    "oncall.gap", title="Hours with nobody on call", every=timedelta(minutes=15),
    why="What breaks in that hour calls nobody who expects it.",
    source="Nobody is on call at some time of the next 14 days.",
    fix="Put somebody on call for these hours, or let a layer cover them.",
)  # fmt: skip
def gap(schedules: Iterable[Uncovered], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say in which schedules nobody is on call, from when, and who might be."""
    for one in schedules:
        subject = Subject(record=f"oncall.schedule:{one.schedule}")
        if not one.gaps:
            yield good(subject)
            continue
        start, end = one.gaps[0]
        begins = "now" if start <= now else f"from {start:%-d %b %H:%M} UTC"
        lasts = in_words((end - start).total_seconds())
        hours = sum((b - a) / timedelta(hours=1) for a, b in one.gaps)
        told = tuple({"from": a.isoformat(), "until": b.isoformat()} for a, b in one.gaps[:5])
        ask = f"Ask {one.proposed}, who bore least so far. " if one.proposed else ""
        yield bad(
            subject, severity=4, title=f"{one.name}: nobody on call {begins}, for {lasts}",
            figure=round(hours, 2), limit=0, unit="h", advice=f"{ask}{gap.fix}", team=one.team,
            evidence=told,
        )  # fmt: skip


@rule(
    "oncall.single", title="Critical services that call one person", every=timedelta(hours=6),
    why="One person who sleeps, travels or is ill, and nobody answers.",
    source="The policy of a service of the highest criticality calls fewer than two people.",
    fix="Add a second level to its policy: the next on call, the team, or its lead.",
    limits={"people": 2},
)  # fmt: skip
def single(services: Iterable[Reached], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which critical services call fewer than two people."""
    for one in services:
        subject, least = Subject(item=one.item), limits.of(one.item)["people"]
        if one.people >= least:
            yield good(subject, figure=one.people, limit=least)
            continue
        who = "one person" if one.people else "nobody"
        yield bad(
            subject, severity=4, title=f"{one.name} calls {who} when it fails", figure=one.people,
            limit=least, unit="people", advice=single.fix if one.policy else
            "No route leads from it to a policy: add one.",
        )  # fmt: skip


@rule(
    "oncall.unreachable", title="People on call who may not be reached", every=timedelta(hours=1),
    why="A page goes to an address that nobody has proved to work.",
    source="No confirmed channel, or none by which anything got through for 90 days.",
    fix="Confirm a channel on “My shifts”, and press Test.", limits={"days": 90},
)  # fmt: skip
def unreachable(people: Iterable[Duty], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say who is on call soon and has no way to be reached that is known to work."""
    for one in people:
        subject, most = Subject(person=one.person), limits.of()["days"]
        days = (now - one.reached_at) / timedelta(days=1) if one.reached_at else None
        if one.confirmed and days is not None and days <= most:
            yield good(subject, figure=round(days, 1), limit=most, unit="d")
            continue
        title = (
            f"{one.name} is on call and was not reached for {days:.0f} days"
            if one.confirmed and days is not None
            else f"{one.name} is on call and has confirmed no channel"
        )
        yield bad(
            subject, severity=3, title=title, figure=round(days) if days else None, limit=most,
            unit="d", advice=unreachable.fix, due_on=max(now, one.next_at).date(),
        )  # fmt: skip


@rule(
    "oncall.channel_failing", title="Ways to reach people that fail", every=timedelta(minutes=5),
    why="The next page takes longer, or does not come.",
    source="Three tries in a row were not taken.",
    fix="Read the problem on the channel's page, mend it, and press Test.",
)  # fmt: skip
def channel_failing(people: Iterable[Duty], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which channels of people on call failed last time."""
    for one in people:
        subject = Subject(person=one.person)
        if not one.failing:
            yield good(subject)
            continue
        yield bad(
            subject, severity=3, title=f"{one.name} is not reached by {', '.join(one.failing)}",
            figure=len(one.failing), advice=channel_failing.fix,
        )  # fmt: skip


@rule(
    "oncall.absent", title="Shifts of people who are away", every=timedelta(hours=1),
    why="Whoever is away or has left does not answer.",
    source="A shift to come lies in an absence, or after the person's last day.",
    fix="Swap the shift, or put somebody else on call for it.",
)  # fmt: skip
def absent(people: Iterable[Duty], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say whose shifts lie in their absence."""
    for one in people:
        subject = Subject(person=one.person)
        if not one.away:
            yield good(subject)
            continue
        yield bad(
            subject, severity=3, figure=len(one.away), advice=absent.fix,
            title=f"{one.name} is on call from {one.away[0]:%-d %b %H:%M} UTC and is away",
        )  # fmt: skip


@rule(
    "oncall.overload", title="People who bear too much", every=timedelta(hours=6),
    why="Tired people make mistakes, and then leave.",
    source="More than two calls at night in a week, more than seven nights in a row, or a quarter "
    "more than a fair share over 26 weeks.",
    fix="Let somebody take the next shift: the page “Fairness” says who bore least.",
    limits={"night_pages": 2, "nights": 7, "debt_percent": 25},
)  # fmt: skip
def overload(people: Iterable[Load], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say who bears more than is good."""
    told = limits.of()
    for one in people:
        subject = Subject(person=one.person, key=one.schedule)
        percent = 100 * one.debt_share
        reasons = [
            f"called {one.night_pages} times at night in a week"
            if one.night_pages > told["night_pages"] else "",
            f"on call {one.nights} nights in a row" if one.nights > told["nights"] else "",
            f"{percent:.0f} % above the fair share" if percent > told["debt_percent"] else "",
        ]  # fmt: skip
        if not any(reasons):
            yield good(subject, figure=round(percent, 1), limit=told["debt_percent"], unit="%")
            continue
        yield bad(
            subject, severity=3, figure=round(percent, 1), limit=told["debt_percent"], unit="%",
            title=f"{one.name}, {one.schedule}: {', '.join(filter(None, reasons))}"[:300],
            advice=overload.fix,
        )  # fmt: skip


@rule(
    "oncall.unanswered", title="Calls that nobody answers", every=timedelta(minutes=1),
    why="Something is wrong, and everybody who should know was called in vain.",
    source="Every step of a policy was taken, as often as it is repeated.",
    fix="Answer it, and see who was called and why they did not.",
)  # fmt: skip
def unanswered(runs: Iterable[Unheard], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which escalations nobody answered."""
    for one in runs:
        since = in_words((now - one.since).total_seconds())
        yield bad(
            Subject(item=one.item, record=f"oncall.run:{one.run}"), severity=5,
            title=f"Nobody answers for {since}: {one.title}"[:300], advice=unanswered.fix,
            team=one.team,
        )  # fmt: skip


@rule(
    "oncall.calendar_unmatched", title="Calendars that name nobody we know",
    every=timedelta(minutes=15),
    why="These hours count for nobody: a layer below covers them, or they are a gap.",
    source="An event of the next 28 days has no attendee, address, name or login of somebody here.",
    fix="Write the person's e-mail address or full name into the event, or add them to the "
    "directory; then read the calendar again.",
)  # fmt: skip
def calendar_unmatched(
    calendars: Iterable[Kept], *, now: datetime, limits: Limits
) -> Iterator[Verdict]:
    """Say which calendars name people whom the directory does not know, and from when."""
    for one in calendars:
        subject = Subject(record=f"oncall.dutycalendar:{one.calendar}")
        if not one.unknown:
            yield good(subject)
            continue
        called, start, _ = one.unknown[0]
        begins = "now" if start <= now else f"from {start:%-d %b %H:%M} UTC"
        hours = sum((b - max(a, now)) / timedelta(hours=1) for _, a, b in one.unknown)
        told = tuple(
            {"says": said, "from": a.isoformat(), "until": b.isoformat()}
            for said, a, b in one.unknown[:5]
        )
        title = f"{one.schedule}, {one.name}: nobody here is “{called or 'no name'}”, {begins}"
        yield bad(
            subject, severity=3, title=title[:300], figure=round(hours, 2), limit=0, unit="h",
            advice=calendar_unmatched.fix, team=one.team, evidence=told,
        )  # fmt: skip


@rule(
    "oncall.calendar_unread", title="Calendars that cannot be read", every=timedelta(minutes=15),
    why="Whoever was moved there since is not called here.",
    source="No reading of a calendar went well for two hours; what it said last still counts.",
    fix="Read the problem on the calendar's page; give it the present address.",
    limits={"hours": 2},
)  # fmt: skip
def calendar_unread(
    calendars: Iterable[Kept], *, now: datetime, limits: Limits
) -> Iterator[Verdict]:
    """Say which calendars are not read any more, and why."""
    most = limits.of()["hours"]
    for one in calendars:
        subject = Subject(record=f"oncall.dutycalendar:{one.calendar}")
        hours = (now - one.failing_since) / timedelta(hours=1) if one.failing_since else 0.0
        if hours < most:
            yield good(subject, figure=round(hours, 1), limit=most, unit="h")
            continue
        since = in_words(hours * 3600)
        yield bad(
            subject, severity=3, figure=round(hours, 1), limit=most, unit="h",
            title=f"{one.schedule}, {one.name}: not read for {since}"[:300],
            advice=f"{one.problem} {calendar_unread.fix}".strip(), team=one.team,
        )  # fmt: skip
