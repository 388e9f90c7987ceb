"""Steps, one after the other, until somebody answers: nobody is forgotten, nobody called twice."""

from datetime import timedelta

import pytest

from fullscore.domains.response.oncall.models import Attempt, Page, Run, RunEvent, Timer
from fullscore.domains.response.oncall.services import answering, escalating, rota
from fullscore.kit.errors import Conflict, NotFound
from fullscore.kit.models.user import system
from tests import make

pytestmark = pytest.mark.django_db


def somebody(name, **values):
    """Return a person who is reached by one confirmed address."""
    one = make.person(name, **values)
    make.contact_channel(person=one, address=f"{name}@example.org", confirmed_at=make.AT)
    return one


def call(one, **more):
    return {"kind": "person", "person": one, **more}


def wait(minutes):
    return {"kind": "wait", "minutes": minutes}


def routed(*steps, **values):
    made = make.policy(*steps, **values)
    make.escalation_route(policy=made, min_severity=3)
    return made


def called():
    return list(Page.objects.order_by("at", "pk").values_list("person__name", flat=True))


def told(run):
    return " ".join(RunEvent.objects.filter(run=run).values_list("text", flat=True))


def test_each_step_is_taken_when_it_is_due(clock, live, start, post):
    ann, ben = somebody("ann"), somebody("ben")
    routed(call(ann), wait(5), call(ben), repeats=0)

    start()
    live()
    assert post.addresses == ["ann@example.org"]
    live(290)
    assert called() == ["ann"]
    live(15)

    assert post.addresses == ["ann@example.org", "ben@example.org"]


def test_an_answer_ends_the_calling(clock, live, start, post):
    ann, ben = make.user("ann", role="operator"), somebody("ben")
    make.person("ann", user=ann)
    routed(call(ben), wait(5), call(ben))
    run = start(severity=4)
    live()

    answering.acknowledge(run, by=ann, note="On it.")
    live(3600, step=60)

    assert called() == ["ben"]
    run.refresh_from_db()
    assert (run.state, run.answered_by.name) == ("acknowledged", "ann")


@pytest.mark.parametrize(
    ("severity", "priority", "again"),
    [
        pytest.param(5, None, True, id="critical and not weighed yet"),
        pytest.param(4, None, False, id="neither critical nor weighed"),
        pytest.param(5, 2, False, id="critical and P2"),
        pytest.param(3, 1, True, id="not critical and P1"),
    ],
)
def test_only_what_is_p1_is_asked_about_again(clock, live, start, severity, priority, again):
    ben = somebody("ben")
    routed(call(ben), wait(60), ack_minutes=30)
    run = start(severity=severity, priority=priority)
    live()
    answering.acknowledge(run, by=make.user())

    live(31 * 60, step=30)

    assert (called() == ["ben", "ben"]) is again


def test_what_is_weighed_after_its_answer_is_asked_about_by_that(clock, live, start):
    ben = somebody("ben")
    routed(call(ben), wait(60), ack_minutes=30)
    run = start(severity=3)
    live()
    answering.acknowledge(run, by=make.user())
    answered_at = Run.objects.get().answered_at

    escalating.weighed("tests.subject", run.record, 1)
    assert Run.objects.get().resumes_at == answered_at + timedelta(minutes=30)
    escalating.weighed("tests.subject", run.record, 2)
    assert Run.objects.get().resumes_at is None


def test_what_becomes_worse_than_when_it_was_answered_calls_again(clock, live, start):
    ben = somebody("ben")
    routed(call(ben), wait(60))
    run = start(severity=4)
    live()
    answering.acknowledge(run, by=make.user())
    clock(120)

    start(severity=4)
    live()
    assert called() == ["ben"]
    start(severity=5)
    live()

    assert called() == ["ben", "ben"]
    assert Run.objects.count() == 1


def test_nobody_is_called_twice_in_a_minute_for_one_thing(clock, live, start):
    ann = somebody("ann")
    routed(call(ann), call(ann), {"kind": "wait", "minutes": 1}, call(ann), repeats=0)

    start()
    live(55)
    assert called() == ["ann"]
    live(20)

    assert called() == ["ann", "ann"]


@pytest.mark.parametrize("when_empty", ["next", "catch", "hold"])
def test_when_nobody_is_on_call_somebody_is_called_all_the_same(clock, live, start, when_empty):
    """Next step at once, the catch-all person, or whoever comes on call first: never nobody."""
    empty, boss, ben = make.schedule(), somebody("boss"), somebody("ben")
    routed(
        {"kind": "schedule", "schedule": empty}, wait(30), call(ben), when_empty=when_empty,
        catch_all=boss,
    )  # fmt: skip
    start()

    live(50)
    first = {"next": ["ben"], "catch": ["boss"], "hold": []}[when_empty]
    assert called() == first
    carl, now = somebody("carl"), clock()
    rota.override(empty, by=admin(), person=carl, starts_at=now, ends_at=now + timedelta(hours=1))
    live(35)

    assert called()[0] == (first or ["carl"])[0]


def admin():
    return make.user(role="operator")


def test_when_every_step_fails_the_last_resort_is_called_again_and_again(clock, live, start):
    boss, ann = somebody("boss"), somebody("ann")
    routed(call(ann), wait(1), repeats=1, catch_all=boss)
    run = start()

    live(65 * 60, step=60)

    run.refresh_from_db()
    assert run.state == "unanswered"
    assert called() == ["ann", "ann", "boss", "boss", "boss"]


def test_without_anybody_named_the_last_resort_is_whoever_may_answer(clock, live, start):
    make.person("op", user=make.user("op", role="operator"))
    make.person("reader", user=make.user("reader", role="viewer"))
    routed({"kind": "schedule", "schedule": make.schedule()}, repeats=0)
    start()

    live(120)

    assert called() == ["op"]


def test_who_has_left_is_not_called(clock, live, start):
    gone, ben = somebody("gone", state="left"), somebody("ben")
    routed(call(gone), wait(30), call(ben))
    start()

    live()

    assert called() == ["ben"]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        pytest.param({"kind": "severity", "severity": 4}, ["ann", "ben"], id="as severe"),
        pytest.param({"kind": "severity", "severity": 5}, ["ben"], id="not as severe"),
        pytest.param({"kind": "hours", "hours": "00:00-24:00"}, ["ann", "ben"], id="always"),
    ],
)
def test_a_condition_passes_over_the_step_after_it_only(clock, live, start, condition, expected):
    ann, ben = somebody("ann"), somebody("ben")
    routed(condition, call(ann), call(ben), repeats=0)

    start(severity=4)
    live()

    assert called() == expected


def test_a_step_that_comes_late_is_taken_at_once_and_says_so(clock, live, start):
    ann = somebody("ann")
    routed(call(ann), wait(60))
    run = start()
    clock(600)

    live()

    assert called() == ["ann"]
    assert "10 min late" in told(run)


def test_a_round_robin_goes_on_with_each_round(clock, live, start):
    team = make.team()
    for name in ("ann", "ben", "carl"):
        make.membership(team=team, person=somebody(name))
    routed({"kind": "robin", "team": team}, wait(2), repeats=2)
    start()

    live(6 * 60, step=30)

    assert called()[:3] == ["ann", "ben", "carl"]


def test_the_first_route_that_fits_counts(clock, start):
    blue = make.team("blue")
    mine, other = make.policy(), make.policy()
    make.escalation_route(policy=other, position=200, min_severity=1)
    make.escalation_route(policy=mine, position=1, team=blue, min_severity=5)

    assert start(record=1, severity=5, team=blue).policy == mine
    assert start(record=2, severity=4, team=blue).policy == other
    assert start(record=3, severity=5).policy == other


def test_where_no_route_leads_anywhere_nothing_runs(start):
    assert start() is None


def test_quiet_for_a_while_and_then_all_begins_anew(clock, live, start):
    ann = somebody("ann")
    routed(call(ann), wait(60))
    run = start()
    live()

    answering.snooze(run, by=make.user(), minutes=10)
    live(9 * 60, step=60)
    assert called() == ["ann"]
    live(120, step=60)

    assert called() == ["ann", "ann"]


def test_handed_to_somebody_who_does_not_answer_it_begins_anew(clock, live, start):
    ann, ben = somebody("ann"), somebody("ben")
    routed(call(ann), wait(60))
    run = start()
    live()

    answering.reassign(run, by=make.user(), person=ben)
    live(60)
    assert called() == ["ann", "ben"]
    live(5 * 60, step=60)

    assert called() == ["ann", "ben", "ann"]


def test_who_does_not_want_to_wait_takes_the_next_step_now(clock, live, start):
    ann, ben = somebody("ann"), somebody("ben")
    routed(call(ann), wait(60), call(ben))
    run = start()
    live()

    answering.escalate(run, by=make.user())
    live()

    assert called() == ["ann", "ben"]


def test_what_is_over_calls_nobody_any_more(clock, live, start, post):
    ann = somebody("ann")
    make.contact_rule(channel=ann.channels.get(), delay_minutes=5)
    routed(call(ann), wait(1))
    run = start()
    live()

    escalating.stop("tests.subject", [1], by=system(), why="Over.")
    live(1200, step=60)

    run.refresh_from_db()
    assert (run.state, post.letters) == ("over", [])
    assert not Timer.objects.filter(state="waiting").exists()
    with pytest.raises(Conflict):
        answering.acknowledge(run, by=make.user())


def test_delays_of_a_person_are_kept(clock, live, start, post):
    ann = somebody("ann")
    late = make.contact_channel(person=ann, address="late@example.org", confirmed_at=make.AT)
    make.contact_rule(channel=ann.channels.first())
    make.contact_rule(channel=late, delay_minutes=3)
    routed(call(ann), wait(60))
    start()

    live(175)
    assert post.addresses == ["ann@example.org"]
    live(10)

    assert post.addresses == ["ann@example.org", "late@example.org"]


def test_three_failures_bring_the_next_way_forward(clock, live, start, post):
    ann = somebody("ann")
    late = make.contact_channel(person=ann, address="late@example.org", confirmed_at=make.AT)
    make.contact_rule(channel=ann.channels.first())
    make.contact_rule(channel=late, delay_minutes=50)
    routed(call(ann), wait(60))
    start()
    post.problem = "The mail server: no."

    live(40)

    assert post.addresses[:3] == ["ann@example.org"] * 3
    assert post.addresses[3] == "late@example.org"
    assert ann.channels.first().failures == 1


def test_when_nothing_reaches_somebody_the_next_step_is_taken(clock, live, start, post):
    ann, ben = somebody("ann"), somebody("ben")
    routed(call(ann), wait(60), call(ben))
    run = start()
    post.problem, post.is_final = "Refused.", True
    live()
    post.problem = ""

    live(5)

    assert called() == ["ann", "ben"]
    assert "Nothing reached ann" in told(run)


def test_the_same_key_however_often_it_is_sent(clock, live, start, post):
    ann = somebody("ann")
    routed(call(ann), wait(60))
    start()
    post.problem = "No."

    live(50)

    assert len(post.letters) == 3
    assert len({letter.message.key for letter in post.letters}) == 1
    assert len({letter.message.url for letter in post.letters}) == 1


# ── links ──────────────────────────────────────────────────────────────────────────────────────


def link(post):
    return post.letters[-1].message.url.partition("/answer/")[2]


def test_a_link_answers_once_and_names_who_did(clock, live, start, post):
    ann = somebody("ann")
    routed(call(ann), wait(60))
    run = start()
    live()

    answering.answer_by_link(link(post))

    run.refresh_from_db()
    assert (run.state, run.answered_by) == ("acknowledged", ann)
    with pytest.raises(Conflict, match="used already"):
        answering.answer_by_link(link(post))


def test_a_link_ends_after_a_day_and_cannot_be_made_up(clock, live, start, post):
    ann = somebody("ann")
    routed(call(ann), wait(600))
    start()
    live()
    token = link(post)

    with pytest.raises(NotFound):
        answering.answer_by_link(token[:-2] + "xx")
    clock(24 * 3600 + 1)
    with pytest.raises(NotFound):
        answering.answer_by_link(token)


def test_two_processes_take_one_step_once(clock, start):
    routed(call(somebody("ann")), wait(60))
    start()
    pk = Timer.objects.get().pk

    first = escalating._take(pk, clock(), system())
    second = escalating._take(pk, clock(), system())

    assert (first, second) == (True, False)
    assert Attempt.objects.count() == 1


def test_subjects_run_apart(clock, live, start):
    routed(call(somebody("ann")), wait(60))
    start(record=1)
    start(record=2)

    live()

    assert called() == ["ann", "ann"]
