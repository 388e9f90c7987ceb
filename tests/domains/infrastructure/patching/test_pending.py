"""What a baseline takes, in which ring and windows a server is, and the page that tells it."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from fullscore.domains.infrastructure.patching import checks, services
from fullscore.domains.infrastructure.patching.facts import Graded, Held, Occurrence, Update, Wanted
from fullscore.domains.infrastructure.patching.queries import compliance, standing
from fullscore.domains.infrastructure.patching.rules import pending as rules
from fullscore.domains.infrastructure.patching.rules import windows
from fullscore.domains.infrastructure.patching.services.keeping import Press
from fullscore.kit.checks import Limits, Scope
from fullscore.kit.errors import Invalid
from fullscore.kit.models.user import system
from tests import make
from tests.domains.infrastructure.patching.conftest import NOW, needs, patchable, waits

HOUR = timedelta(hours=1)
HELD = (Held("openssl", "3.*", "It breaks the shop.", date(2026, 3, 9)),)


def update(package="openssl", *, days=10, is_security=True, candidate="3.0.2"):
    return Update("deb", package, "1", candidate, is_security, NOW - timedelta(days=days))


@pytest.mark.once
@pytest.mark.parametrize(
    ("wanted", "one", "told"),
    [
        pytest.param(Wanted("security"), update(), "", id="a security update"),
        pytest.param(Wanted("security"), update(is_security=False), "no security", id="another"),
        pytest.param(Wanted("all"), update(is_security=False), "", id="any"),
        pytest.param(Wanted("listed", ("open*",)), update(), "", id="listed by a pattern"),
        pytest.param(Wanted("listed", ("nginx",)), update(), "not among", id="not listed"),
        pytest.param(Wanted("all", age_days=14), update(), "until 6 Mar", id="too young"),
        pytest.param(Wanted("all", holds=HELD), update(), "held until 9 Mar", id="held"),
        pytest.param(
            Wanted("all", holds=HELD), update(candidate="4.1"), "", id="a version not held"
        ),
        pytest.param(
            Wanted("all", holds=(Held("openssl", "", "old", date(2026, 3, 1)),)), update(), "",
            id="a hold that is over",
        ),
    ],
)  # fmt: skip
def test_an_update_is_taken_or_says_why_it_waits(wanted, one, told):
    [judged] = rules.pending([one], wanted, now=NOW)

    assert judged.why_not.startswith(told) if not told else told in judged.why_not
    assert bool(judged.why_not) == bool(told)


@pytest.mark.once
@pytest.mark.parametrize(
    ("wanted", "manager", "version", "expected"),
    [
        ("< 3.0.11", "deb", "3.0.9-1", True),
        ("< 3.0.11", "deb", "3.0.11-1", False),
        ("<3.0.11", "deb", "3.0.11~rc1-1", True),
        (">= 17, < 18", "rpm", "17.4-1.el9", True),
        (">= 17, < 18", "rpm", "18.0-1.el9", False),
        (">= 17, < 18", "rpm", "1:17.4-1.el9", False),
        ("= 1.36.1-r0", "apk", "1.36.1-r0", True),
        ("<= 2", "deb", "1:1.0", False),
        ("< 3.0.11", "pacman", "9", True),
        ("17.*", "deb", "17.4", True),
        ("17.*", "deb", "18.4", False),
        ("", "deb", "1", True),
    ],
)
def test_a_hold_names_versions_by_pattern_or_by_range(wanted, manager, version, expected):
    assert rules.fits(version, wanted, manager) == expected


@pytest.mark.once
def test_what_is_older_than_the_least_version_is_taken_whatever_else_is_but_for_a_hold():
    floor = (("openssl", "3.0.11"),)
    old = update(is_security=False, days=1)
    new = old._replace(version="3.0.11")

    def judged(one, wanted):
        [told] = rules.pending([one], wanted, now=NOW)
        return told.why_not

    assert judged(old, Wanted("security", minimum=floor, age_days=14)) == ""
    assert "no security" in judged(new, Wanted("security", minimum=floor))
    assert "held" in judged(old, Wanted("security", minimum=floor, holds=HELD))
    assert "no security" in judged(
        old._replace(manager="pacman"), Wanted(minimum=floor, take="security")
    )


@pytest.mark.parametrize(
    ("candidates", "is_good"),
    [("17.*", True), ("< 3.0.11", True), (">= 17, < 18", True), ("< ", False), ("a b", False),
     ("< 1; rm", False), ("~> 3", False)],
)  # fmt: skip
def test_a_hold_that_names_no_versions_is_refused(db, candidates, is_good):
    values = {"baseline": make.baseline(), "package": "openssl", "reason": "It breaks.",
              "until": NOW.date() + timedelta(days=900), "candidates": candidates}  # fmt: skip
    if is_good:
        assert services.add_hold(by=system(), **values).pk
        return
    with pytest.raises(Invalid):
        services.add_hold(by=system(), **values)


@pytest.mark.parametrize(
    ("minimum", "is_good"),
    [("openssl 3.0.11\n\nsudo 1.9.13p3-1", True), ("openssl", False), ("openssl < 3", False),
     ("openssl 3\nopenssl 4", False)],
)  # fmt: skip
def test_least_versions_are_a_package_and_a_version_a_line(db, minimum, is_good):
    baseline = make.baseline()
    baseline.minimum = minimum
    if is_good:
        baseline.full_clean()
        assert standing.least(baseline) == (("openssl", "3.0.11"), ("sudo", "1.9.13p3-1"))
        return
    with pytest.raises(ValidationError):
        baseline.full_clean()


def test_what_is_older_than_the_least_version_is_found_also_where_no_update_waits(db, clock):
    make.baseline(minimum="openssl 3.0.11\nsudo 1.9")
    other = make.baseline(selector="tag=other")
    servers = {name: make.server(item=make.item(name=name, kind="host", tags=tags))
               for name, tags in (("old", []), ("new", []), ("elsewhere", ["other"]))}  # fmt: skip
    older, newer = (make.package(name="openssl", version=v, manager="deb")
                    for v in ("3.0.9-1", "3.0.11-1"))  # fmt: skip
    for name, package in (("old", older), ("new", newer), ("elsewhere", older)):
        make.installed(server=servers[name], package=package)

    verdicts = list(
        checks.below_minimum.judge(standing.below(Scope(NOW)), now=NOW, limits=Limits({}))
    )

    told = {one.subject.item: one.title for one in verdicts if one.title}
    assert told == {servers["old"].item_id: "old has openssl 3.0.9-1, older than 3.0.11"}
    assert len(verdicts) == 2
    assert other.minimum == ""


@pytest.mark.once
def test_what_is_known_to_be_exploited_does_not_wait_for_age_but_for_a_hold():
    graded = {("openssl", "3.0.2"): Graded(0.9, True)}

    [young] = rules.pending([update()], Wanted("all", age_days=14), now=NOW, urgencies=graded)
    [kept] = rules.pending([update()], Wanted("all", holds=HELD), now=NOW, urgencies=graded)

    assert young.why_not == ""
    assert "held" in kept.why_not


@pytest.mark.once
@pytest.mark.parametrize(
    ("urgency", "criticality", "expected"),
    [(Graded(), 4, 1), (Graded(0.5), 4, 5.5), (Graded(1, True), 1, 160), (Graded(), 1, 4)],
)
def test_risk_weighs_what_is_exploited_and_what_hangs_on_it(urgency, criticality, expected):
    assert rules.risk(urgency, criticality) == expected


# ── windows ────────────────────────────────────────────────────────────────────────────────────


def opened(recurrence, opens, zone, start, end, length=4 * HOUR, first=date(2026, 1, 1)):
    return list(
        windows.occurrences(
            1, recurrence, first=first, opens=opens, zone=ZoneInfo(zone), length=length,
            start=start, end=end,
        )
    )  # fmt: skip


@pytest.mark.once
def test_a_window_keeps_its_wall_clock_over_the_change_of_summer_time():
    start, end = datetime(2026, 3, 27, tzinfo=UTC), datetime(2026, 4, 1, 12, tzinfo=UTC)

    found = opened("FREQ=DAILY", time(1, 30), "Europe/Berlin", start, end)

    assert [one.starts_at.hour for one in found] == [0, 0, 0, 23, 23, 23]  # 29 March: +1 to +2
    assert {one.ends_at - one.starts_at for one in found} == {4 * HOUR}


@pytest.mark.once
def test_an_hour_that_summer_time_skips_opens_at_the_jump():
    start, end = datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 3, 29, 12, tzinfo=UTC)

    [one] = opened("FREQ=DAILY", time(2, 30), "Europe/Berlin", start, end)

    assert one.starts_at == datetime(2026, 3, 29, 1, tzinfo=UTC)


@pytest.mark.once
def test_a_repeated_hour_opens_once():
    start, end = datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 10, 25, 12, tzinfo=UTC)

    [one] = opened("FREQ=DAILY", time(2, 30), "Europe/Berlin", start, end)

    assert one.starts_at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.once
@pytest.mark.parametrize(
    "text",
    ["", "every tuesday", "FREQ=HOURLY", "FREQ=DAILY;BYHOUR=3", "FREQ=WEEKLY;BYDAY=XX", "FREQ="],
)
def test_what_is_no_recurrence_of_a_window_is_refused(text):
    with pytest.raises(ValueError, match=r"\w"):
        windows.check_recurrence(text)


@pytest.mark.once
@given(
    st.lists(st.tuples(st.integers(0, 400), st.integers(15, 300), st.integers(1, 4)), max_size=8),
    st.integers(10, 90),
)
def test_slots_never_overlap_and_lie_in_the_windows_they_name(times, minutes):
    open_times = [
        Occurrence(window, NOW + timedelta(minutes=at), NOW + timedelta(minutes=at + length))
        for at, length, window in times
    ]

    found = windows.slots(open_times, timedelta(minutes=minutes), most=50)

    for early, late in pairwise(found):
        assert early.ends_at <= late.starts_at
    for slot in found:
        assert slot.windows
        for window in slot.windows:
            assert any(
                o.window == window and o.starts_at <= slot.starts_at and slot.ends_at <= o.ends_at
                for o in open_times
            )
    longest = max((o.ends_at - o.starts_at for o in open_times), default=timedelta(0))
    assert bool(found) == (longest >= timedelta(minutes=minutes))


# ── servers ────────────────────────────────────────────────────────────────────────────────────


def test_a_server_follows_the_narrowest_baseline_and_its_first_fitting_ring(db, clock):
    server = patchable("web1", environment="production", tags=["shop"])
    make.baseline("all", take="all")
    shop = make.baseline("shop", selector="tag=shop")
    make.ring(baseline=shop, place=3, name="broad")
    early = make.ring(baseline=shop, place=2, name="early", selector="environment=production")
    make.ring(baseline=shop, place=1, name="canary", selector="environment=test")
    window = make.patch_window()

    [one] = standing.standings(now=NOW)

    assert (one.server, one.baseline, one.ring) == (server.pk, shop.pk, early.pk)
    assert one.windows == (window.pk,)
    assert [u.package for u in one.taken] == ["openssl"]


def test_rings_begin_in_their_order(db):
    baseline = make.baseline()
    make.ring(baseline=baseline, place=1, offset_days=3)

    with pytest.raises(Invalid, match="begin in their order"):
        services.add_ring(
            by=make.user(), baseline=baseline, name="early", place=2, offset_days=1, soak_hours=1
        )


def test_a_hold_without_a_last_day_or_with_a_past_one_is_refused(db, clock):
    baseline, by = make.baseline(), make.user()
    told = {"baseline": baseline, "package": "openssl", "reason": "It breaks."}

    with pytest.raises(Invalid):
        services.add_hold(by=by, **told)
    with pytest.raises(Invalid, match="passed"):
        services.add_hold(by=by, until=NOW.date() - timedelta(days=1), **told)

    assert services.add_hold(by=by, until=NOW.date(), **told).pk


def test_urgencies_of_one_source_replace_what_it_told_before(db):
    services.tell_urgencies(
        [Press("a", "1", 0.1, False, None), Press("b", "1", 0.2, True, None)], by=system(),
        source="feed",
    )  # fmt: skip
    services.tell_urgencies([Press("b", "1", 0.3, False, None)], by=system(), source="feed")

    assert standing.urgencies() == {("b", "1"): Graded(0.3, False, None)}


def test_compliance_counts_by_service_the_worst_first_and_says_why_not_yet(db, clock):
    ann = make.user("ann", role="viewer")
    shop, mail = (make.item(kind="service", name=n, criticality=1) for n in ("shop", "mail"))
    one, two, calm = patchable("a"), patchable("b", package="sudo"), patchable("c", package="jq")
    needs(shop, one.item, calm.item, needed=1)
    needs(mail, two.item)
    baseline = make.baseline()
    make.urgency(package="sudo", version="3.0.2", is_exploited=True, due_on=date(2026, 3, 5))
    make.hold(baseline=baseline, package="jq", until=date(2026, 4, 1), reason="Not tested.")
    make.ring(baseline=baseline, name="broad")
    make.patch_window(selector="name=a")

    told = compliance.compliance(ann, now=NOW, waits=lambda one: "It waits.")

    assert [(t.name, t.behind, t.servers, t.exploited) for t in told.services] == [
        ("mail", 1, 1, 1), ("shop", 1, 2, 0),
    ]  # fmt: skip
    assert [(line.standing.name, line.days, line.why) for line in told.lines] == [
        ("b", 10, "No window is open for it."),
        ("a", 10, "It waits."),
        ("c", 0, "All of it waits: held until 1 Apr 2026: Not tested."),
    ]
    assert told.lines[0].due_on == date(2026, 3, 5)


def test_the_page_shows_only_servers_one_may_see(db, clock):
    red = make.team("red")
    patchable("ours", owner=red)
    patchable("theirs")
    make.baseline()

    page = make.client(make.user("ann", role="viewer", team=red)).get("/patching").content.decode()

    assert "ours" in page
    assert "theirs" not in page


def test_servers_without_ring_or_window_are_found(db, clock):
    patchable("covered", tags=["shop"])
    patchable("ringless")
    baseline = make.baseline()
    make.ring(baseline=baseline, selector="tag=shop")
    make.patch_window()

    verdicts = list(
        checks.uncovered.judge(standing.coverage(Scope(NOW)), now=NOW, limits=Limits({}))
    )

    assert sorted((v.outcome, v.title) for v in verdicts) == [
        ("bad", "ringless is in no ring: no campaign patches it"), ("good", ""),
    ]  # fmt: skip


def test_a_hold_that_keeps_back_what_is_exploited_is_found(db, clock):
    server = patchable("a")
    waits(server, "jq", "1", "2")
    baseline = make.baseline()
    make.hold(baseline=baseline, package="openssl", until=date(2026, 9, 1))
    make.hold(baseline=baseline, package="jq", until=date(2026, 3, 5))
    make.hold(baseline=baseline, package="vim", until=date(2026, 9, 1))
    make.urgency(package="openssl", version="3.0.2", is_exploited=True)

    found = list(
        checks.hold_presses.judge(standing.held(Scope(NOW)), now=NOW, limits=Limits({"days": 7}))
    )

    assert sorted((v.outcome, v.severity, v.title) for v in found) == [
        ("bad", 2, "The hold of jq ends on 5 Mar"),
        ("bad", 4, "The hold of openssl keeps back what is known to be exploited"),
        ("good", 0, ""),
    ]
