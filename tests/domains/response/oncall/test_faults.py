"""What goes wrong for one page goes wrong for no other; and what calls follows its subject."""

import pytest

from fullscore.domains.response.oncall import jobs
from fullscore.domains.response.oncall.models import Attempt, ContactChannel, Run, Timer
from fullscore.domains.response.oncall.services import answering, escalating, sending
from fullscore.domains.response.oncall.services.escalating import Subject
from fullscore.kit import secrets
from fullscore.kit.errors import Conflict
from fullscore.kit.models.secret import Secret
from fullscore.kit.models.user import system
from tests import make

pytestmark = pytest.mark.django_db


def person(name):
    who = make.person(name)
    make.contact_channel(person=who, address=f"{name.lower()}@example.org", confirmed_at=make.AT)
    return who


def policy(*steps, min_severity=1, important_from=4, position=0):
    made = make.policy(*steps)
    make.escalation_route(policy=made, min_severity=min_severity, important_from=important_from,
                          position=position)  # fmt: skip
    return made


def subject(record=1, severity=3):
    return Subject("incidents.incident", record, "Shop is down", "/x", severity)


def test_a_secret_that_cannot_be_opened_fails_its_own_page_only(live, post, monkeypatch):
    ann, bob = person("Ann"), person("Bob")
    policy({"kind": "person", "person": ann}, {"kind": "person", "person": bob})
    kept = secrets.keep("hook", "x", by=system(), kind=Secret.Kind.TOKEN, scope="x")
    ContactChannel.objects.filter(person=ann).update(secret=kept)
    Secret.objects.filter(pk=kept.pk).update(ciphertext=b"broken")
    escalating.start(subject(), by=system())

    live()

    assert post.addresses == ["bob@example.org"]
    failed = Attempt.objects.get(page__person=ann)
    assert (failed.state, failed.answer[:21]) == ("failed", "It cannot be written:")


def test_a_fault_while_sending_fails_its_own_page_only(live, post, clock):
    ann, bob = person("Ann"), person("Bob")
    policy({"kind": "person", "person": ann}, {"kind": "person", "person": bob})
    escalating.start(subject(), by=system())
    taken = post.send

    def send(letter, *, guard):
        if letter.target.address.startswith("ann"):
            raise ValueError("a fault of ours")
        return taken(letter, guard=guard)

    real = sending._sent
    sending._sent = lambda letter, guard: send(letter, guard=guard).answer
    try:
        jobs.tick(sending.send)
    finally:
        sending._sent = real

    states = dict(Attempt.objects.values_list("page__person__name", "state"))
    assert states == {"Ann": "failed", "Bob": "sent"}


def test_a_step_that_fails_holds_up_no_other(live, post, monkeypatch, clock):
    policy({"kind": "person", "person": person("Ann")})
    first = escalating.start(subject(1), by=system())
    escalating.start(subject(2), by=system())
    real = escalating._step

    def step(run, *rest):
        if run.pk == first.pk:
            raise ValueError("a fault of ours")
        return real(run, *rest)

    monkeypatch.setattr(escalating, "_step", step)

    live()

    assert len(post.letters) == 1
    assert Timer.objects.get(run=first).due_at > clock()


def test_the_pager_goes_on_after_a_fault(monkeypatch):
    pager, ticks = jobs.Pager(), []

    def tick():
        ticks.append(1)
        if len(ticks) == 1:
            raise RuntimeError("unforeseen")
        pager.stop()

    monkeypatch.setattr(jobs, "tick", tick)
    monkeypatch.setattr(jobs, "TICK_SECONDS", 0)
    monkeypatch.setattr(jobs, "close_old_connections", lambda: None)
    monkeypatch.setattr(jobs.connections, "close_all", lambda: None)

    pager.run()

    assert len(ticks) == 2


def test_whoever_is_called_by_hand_first_does_not_take_the_policy_away(live, post):
    policy({"kind": "person", "person": person("Ann")})
    bob = person("Bob")
    answering.call_in(subject(severity=2), by=system(), person=bob)
    escalating.start(subject(severity=5), by=system())

    live(5)

    assert sorted(post.addresses) == ["ann@example.org", "bob@example.org"]


def test_what_becomes_worse_is_called_for_by_the_route_that_fits_now(live, post):
    ann, eve = person("Ann"), person("Eve")
    policy({"kind": "person", "person": eve}, min_severity=5, position=0)
    policy({"kind": "person", "person": ann}, min_severity=1, important_from=5, position=1)
    run = escalating.start(subject(severity=3), by=system())
    live()
    escalating.start(subject(severity=5), by=system())
    live(5)

    run.refresh_from_db()
    assert post.addresses == ["ann@example.org", "eve@example.org"]
    assert run.urgency == "important"


def test_a_page_within_the_minute_is_late_and_not_lost(live, post):
    ann = person("Ann")
    policy({"kind": "person", "person": ann}, {"kind": "wait", "minutes": 30})
    run = escalating.start(subject(), by=system())
    live(20)
    answering.reassign(Run.objects.get(pk=run.pk), by=system(), person=ann)

    live(30)
    assert len(post.letters) == 1
    live(20)

    assert len(post.letters) == 2


def test_answered_while_a_letter_is_on_its_way_nobody_is_called_again(live, post, clock):
    policy({"kind": "person", "person": person("Ann")})
    run = escalating.start(subject(), by=system())
    escalating.take_due(now=clock(), by=system())
    (letter,) = sending.claim(now=clock(), most=5)
    clock(2)
    answering.acknowledge(Run.objects.get(pk=run.pk), by=make.user("ann"))

    sending.mark(sending.Outcome(letter.attempt, problem="slow"), now=clock(1))
    live(60)

    assert Attempt.objects.get().state == "cancelled"
    assert post.letters == []


def test_whoever_cannot_be_reached_is_not_said_to_be_called():
    with pytest.raises(Conflict, match="no way to be reached"):
        answering.call_in(subject(), by=system(), person=make.person("Ghost"))
