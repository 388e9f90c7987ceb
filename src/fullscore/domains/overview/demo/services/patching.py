"""Founding Brightwater's patching: what servers get, in which order and when, and a roll-out."""

from datetime import date, datetime, time, timedelta

from fullscore.domains.infrastructure.patching.models import Baseline, Hold, PatchWindow, Ring
from fullscore.domains.infrastructure.patching.services import campaigns, planning
from fullscore.domains.infrastructure.patching.services.keeping import Press, tell_urgencies
from fullscore.domains.infrastructure.servers.models import Installed
from fullscore.domains.overview.demo.services import keeping
from fullscore.domains.overview.demo.services.people import address
from fullscore.kit.models import User

ZONE = "Europe/Amsterdam"
DRAFTED_BY = "Amara Okafor"
EXPLOITED, LIKELY = "sudo", "openssl"  # of what waits, invented as everything here
RINGS = (
    ("canary", 1, "environment=test", 0, 24),
    ("early", 2, "tag=infrastructure", 1, 24),
    ("broad", 3, "", 3, 24),
)
WINDOWS = (
    ("Weekday evenings", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH", time(20), 240, 30, 14),
    ("Sunday mornings", "FREQ=WEEKLY;BYDAY=SU", time(6), 360, 40, None),
)


def found(*, by: User, now: datetime, began: datetime) -> None:
    """Make a baseline with its rings, a hold, windows, urgencies, and a planned campaign."""
    [baseline] = keeping.made(
        [Baseline(name="Security everywhere", take=Baseline.Take.SECURITY)], by=by, began=began
    )
    keeping.made(
        [
            Ring(baseline=baseline, name=name, place=place, selector=selector, offset_days=days,
                 soak_hours=hours)
            for name, place, selector, days, hours in RINGS
        ],
        by=by,
        began=began,
    )  # fmt: skip
    hold = Hold(
        baseline=baseline, package="libssl3", reason="The EDI gateway is tested with it first.",
        until=now.date() + timedelta(days=21),
    )  # fmt: skip
    keeping.made([hold], by=by, began=began)
    keeping.made([_window(one, began.date()) for one in WINDOWS], by=by, began=began)
    _urgencies(by, now.date())
    _campaign(baseline, by=by, now=now)


def _window(told: tuple[str, str, time, int, int, int | None], first: date) -> PatchWindow:
    name, recurrence, opens, minutes, capacity, site_capacity = told
    return PatchWindow(
        name=name, recurrence=recurrence, starts_on=first, starts_time=opens, zone=ZONE,
        minutes=minutes, capacity=capacity, site_capacity=site_capacity,
    )  # fmt: skip


def _urgencies(by: User, today: date) -> None:
    """Let one waiting update be known to be exploited, and another likely to be."""
    rows = Installed.objects.exclude(candidate="").filter(package__name__in=(EXPLOITED, LIKELY))
    told = sorted(set(rows.values_list("package__name", "candidate")))
    tell_urgencies(
        [
            Press(name, version, 0.94 if name == EXPLOITED else 0.31, name == EXPLOITED,
                  today + timedelta(days=5 if name == EXPLOITED else 20))
            for name, version in told
        ],
        by=by,
        source="sample",
    )  # fmt: skip


def _campaign(baseline: Baseline, *, by: User, now: datetime) -> None:
    """Draft and plan a campaign; first fit alone, which is the same on every machine."""
    author = User.objects.get(email=address(DRAFTED_BY))
    campaign = campaigns.draft(
        by=author, title=f"Security updates of {now:%B}", baseline=baseline, cut_off_at=now,
        begins_at=now,
    )  # fmt: skip
    campaigns.plan(campaign, by=author)
    planning.draw_up(campaign, by=by, now=now, seconds=0)
