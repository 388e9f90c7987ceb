"""Schedules as rows: the past stays, swaps need two, nobody reads what is another's."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullscore.domains.response.oncall import checks
from fullscore.domains.response.oncall.calendars import calendar
from fullscore.domains.response.oncall.facts import Uncovered
from fullscore.domains.response.oncall.models import Absence, ContactChannel, Shift
from fullscore.domains.response.oncall.queries.rota import Plan
from fullscore.domains.response.oncall.services import channels, rota
from fullscore.engines.escalation import Place, Step, following
from fullscore.engines.rota import Shift as Stretch
from fullscore.engines.rota import fairness
from fullscore.engines.rota.hours import is_within, windows
from fullscore.kit.checks import Limits
from fullscore.kit.errors import Conflict, NotAllowed
from fullscore.kit.models.user import system
from fullscore.kit.perform import Unmet
from tests import make

BERLIN = "Europe/Berlin"
SOME_DAY = datetime(2026, 11, 23, 12, tzinfo=UTC)  # a Monday


@pytest.mark.django_db
def test_a_weekly_turn_over_the_change_of_the_clock_lasts_167_hours():
    ann, ben = make.person("ann"), make.person("ben")
    schedule = make.schedule(zone=BERLIN)
    make.layer(ann, ben, schedule=schedule, starts_on=date(2026, 3, 23), starts_time=time(9))

    start = datetime(2026, 3, 23, 8, tzinfo=UTC)
    first = Plan(schedule).shifts(start, start + timedelta(days=14))[0]

    assert first.ends_at - first.starts_at == timedelta(hours=167)


@pytest.mark.django_db
def test_what_is_past_stays_when_the_turns_change(clock):
    ann, ben = make.person("ann"), make.person("ben")
    layer = make.layer(ann, starts_on=date(2026, 1, 5))
    rota.refresh(layer.schedule, by=system())
    began = clock()
    clock(3600)

    rota.override(layer.schedule, by=make.user(role="operator"), person=ben, starts_at=clock(),
                  ends_at=clock() + timedelta(hours=2))  # fmt: skip

    told = list(Shift.objects.order_by("starts_at").values_list("person__name", "starts_at")[:3])
    assert [name for name, _ in told] == ["ann", "ben", "ann"]
    assert told[0][1] <= began
    assert told[1][1] == clock()


@pytest.mark.django_db
def test_a_swap_needs_both(clock):
    ann, ben = make.user("ann"), make.user("ben")
    make.person("ben", user=ben)
    layer = make.layer(make.person("ann", user=ann))
    rota.refresh(layer.schedule, by=system())
    shift = Shift.objects.first()

    with pytest.raises(NotAllowed):
        rota.ask_swap(shift, by=ben)
    swap = rota.ask_swap(shift, by=ann)
    with pytest.raises(Conflict):
        rota.accept(swap, by=ann)
    assert Plan(layer.schedule).at(clock()) == shift.person_id
    rota.accept(swap, by=ben)

    assert Plan(layer.schedule).at(clock()) == ben.person.pk


@pytest.mark.django_db
def test_channels_are_seen_by_their_owner_alone_and_absences_by_the_manager_too():
    ann, boss, root = make.user("ann"), make.user("boss"), make.user(role="administrator")
    one, lead = make.person(user=ann), make.person(user=boss)
    make.membership(person=one, manager=lead)
    channel, absence = make.contact_channel(person=one), make.absence(person=one)

    for user, sees in [(ann, True), (boss, False), (root, False)]:
        assert (channel in ContactChannel.objects.visible_to(user)) is sees
    for user, sees in [(ann, True), (boss, True), (root, False)]:
        assert (absence in Absence.objects.visible_to(user)) is sees


@pytest.mark.django_db
def test_a_wrong_code_burns_it_and_the_right_one_confirms():
    ann = make.user("ann")
    channel = channels.add_channel(by=ann, kind="email", address="a@example.org")
    code = channels.code_of(channel.attempts.get())
    wrong = "000000" if code != "000000" else "111111"

    assert isinstance(channels.confirm(channel, by=ann, code=wrong), Unmet)
    assert isinstance(channels.confirm(channel, by=ann, code=code), Unmet)
    sent = channels.send_code(channel, by=ann)
    channels.confirm(channel, by=ann, code=channels.code_of(sent))

    assert channel.confirmed_at is not None
    with pytest.raises(NotAllowed):
        channels.test(channel, by=make.user())


@pytest.mark.django_db
def test_a_calendar_opens_by_its_private_address_alone(client):
    shift = make.shift(starts_at=SOME_DAY, ends_at=SOME_DAY + timedelta(days=3650))
    address = rota.publish(shift.schedule, by=make.user())

    body = client.get(address).content.decode()

    assert "BEGIN:VEVENT" in body
    assert f"DTSTART:{SOME_DAY:%Y%m%dT%H%M%SZ}" in body
    assert client.get("/calendars/guessed.ics").status_code == 404
    again = rota.publish(shift.schedule, by=make.user())
    assert client.get(address).status_code == 404
    assert client.get(again).status_code == 200


@pytest.mark.django_db
def test_looking_at_a_link_answers_nothing(client, clock):
    from fullscore.domains.response.oncall.services import answering

    attempt = make.attempt(due_at=clock())
    path = answering.link_of(attempt)

    assert client.get(path).status_code == 200
    attempt.page.run.refresh_from_db()
    assert attempt.page.run.state == "running"
    assert client.post(path).status_code == 200
    attempt.page.run.refresh_from_db()
    assert attempt.page.run.state == "acknowledged"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/on-call", "/my-shifts", "/fairness"])
def test_the_pages_of_being_on_call_stand(path):
    layer = make.layer(make.person("ann"))
    rota.refresh(layer.schedule, by=system())

    answer = make.client(make.user(role="viewer")).get(path)

    assert answer.status_code == 200


def test_no_line_of_a_calendar_is_longer_than_75_octets():
    text = calendar("ü" * 200 + "\r\nBEGIN:VEVENT", [], now=SOME_DAY).decode()

    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75
    assert "\r\nBEGIN:VEVENT" not in text


def test_a_gap_names_its_first_hour_and_who_might_take_it():
    gap = (SOME_DAY + timedelta(hours=2), SOME_DAY + timedelta(hours=5))
    rows = [Uncovered(1, "Web", None, (gap,), "Ann"), Uncovered(2, "Db", None, (), "")]

    bad, good = checks.gap.judge(rows, now=SOME_DAY, limits=Limits({}))

    assert (bad.outcome, bad.severity, good.outcome) == ("bad", 4, "good")
    assert bad.title == "Web: nobody on call from 23 Nov 14:00 UTC, for 3 h"
    assert bad.advice.startswith("Ask Ann")


@pytest.mark.parametrize(
    ("text", "at", "expected"),
    [
        pytest.param("Mon-Fri 09:00-17:00", datetime(2026, 11, 23, 8, tzinfo=UTC), True, id="in"),
        pytest.param("Mon-Fri 09:00-17:00", datetime(2026, 11, 23, 16, tzinfo=UTC), False,
                     id="the end is outside"),
        pytest.param("Fri 17:00-Mon 09:00", datetime(2026, 11, 22, 3, tzinfo=UTC), True,
                     id="over a weekend"),
        pytest.param("22:00-06:00", datetime(2026, 11, 23, 2, tzinfo=UTC), True, id="over night"),
        pytest.param("", SOME_DAY, True, id="none named"),
    ],
)  # fmt: skip
def test_hours_in_words(text, at, expected):
    assert is_within(text, BERLIN, at) is expected


@given(st.text(max_size=40))
def test_whatever_is_written_as_hours_is_read_or_refused_in_a_sentence(text):
    said = "."
    try:
        windows(text)
    except ValueError as error:
        said = str(error)

    assert said.endswith(".")


SPANS = st.tuples(st.sampled_from("abc"), st.integers(0, 4000), st.integers(1, 300))


@given(st.lists(SPANS, max_size=12))
def test_debts_add_up_to_nothing_and_cuts_weigh_as_the_whole(spans):
    made = [Stretch(p, SOME_DAY + timedelta(hours=a), SOME_DAY + timedelta(hours=a + n))
            for p, a, n in spans]  # fmt: skip

    told = fairness.accounts(made, {}, people=["a", "b", "c"], zone=BERLIN)

    assert abs(sum(one.debt for one in told)) < 1e-6
    for one in made:
        middle = one.starts_at + (one.ends_at - one.starts_at) / 2
        parts = [(one.starts_at, middle), (middle, one.ends_at)]
        whole = fairness.weight(one.starts_at, one.ends_at, zone=BERLIN)
        assert abs(sum(fairness.weight(a, b, zone=BERLIN) for a, b in parts) - whole) < 1e-6


KINDS = st.sampled_from(["wait", "person", "severity", "schedule"])
PLANS = st.lists(st.builds(Step, KINDS, st.integers(1, 9), st.integers(1, 5)), max_size=6)


@given(PLANS, st.integers(1, 5), st.integers(0, 3), st.booleans())
def test_an_escalation_always_goes_on_and_never_comes_back_to_a_place(
    plan, severity, last_round, found_nobody
):
    place, now, seen = Place(0, 0), SOME_DAY, set()
    for _ in range(40):
        assert place not in seen
        seen.add(place)
        place, due = following(
            place, plan, now=now, severity=severity, last_round=last_round, round_began=now,
            found_nobody=found_nobody,
        )  # fmt: skip
        assert due >= now
        now = due

    assert place.step == len(plan)
