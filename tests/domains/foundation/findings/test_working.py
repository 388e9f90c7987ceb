"""What people do with a finding until a check closes it."""

from datetime import timedelta

import pytest

from fullscore.domains.foundation.directory.models import Membership, Person, Team
from fullscore.domains.foundation.findings import services
from fullscore.domains.foundation.findings.models import Comment, Event, Finding
from fullscore.kit import checks as kit
from fullscore.kit.checks import Subject, rule
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import AuditEntry
from fullscore.kit.models.search import SearchEntry
from fullscore.kit.models.user import system
from tests.domains.foundation.findings.conftest import fine, wrong

STATES = ("open", "acknowledged", "fixed", "excepted", "closed")


@pytest.fixture
def finding(voice, item):
    return voice.opens(item)


def put(finding, state, clock):
    """Bring a finding into a state, without the road to it."""
    closed_at = clock.now if state == "closed" else None
    Finding.objects.filter(pk=finding.pk).update(state=state, closed_at=closed_at)
    finding.refresh_from_db()


def test_who_takes_a_finding_is_on_it(finding, someone):
    ann = someone("ann")

    services.acknowledge(finding, by=ann, note="Mine")

    finding.refresh_from_db()
    assert (finding.state, finding.assignee) == ("acknowledged", ann.person)
    assert Event.objects.get(kind="acknowledged").by == ann
    assert AuditEntry.objects.filter(verb="acknowledge", by=ann).exists()


@pytest.mark.parametrize(
    ("verb", "allowed"),
    [
        pytest.param(lambda f, by: services.acknowledge(f, by=by), {"open"}, id="acknowledge"),
        pytest.param(
            lambda f, by: services.assign(f, by=by, person=by.person),
            {"open", "acknowledged", "fixed", "excepted"}, id="assign",
        ),
        pytest.param(
            lambda f, by: services.say_fixed(f, by=by), {"open", "acknowledged"}, id="say fixed"
        ),
        pytest.param(
            lambda f, by: services.verify(f, by=by),
            {"open", "acknowledged", "fixed", "excepted"}, id="verify",
        ),
        pytest.param(
            lambda f, by: services.mute(
                f, by=by, reason="Known", until=f.opened_at + timedelta(days=2)
            ),
            {"open", "acknowledged", "fixed", "excepted"}, id="mute",
        ),
        pytest.param(lambda f, by: services.comment(f, by=by, text="?"), set(STATES), id="comment"),
    ],
)  # fmt: skip
def test_each_verb_is_refused_where_it_makes_no_sense(finding, someone, clock, verb, allowed):
    ann = someone("ann")
    done = set()
    for state in STATES:
        put(finding, state, clock)
        try:
            verb(finding, ann)
        except Conflict:
            continue
        done.add(state)

    assert done == allowed


def test_a_finding_is_handed_to_a_person_with_the_team(finding, someone):
    ann, bob = someone("ann"), someone("bob", team="Web")

    services.assign(finding, by=ann, person=bob.person)

    finding.refresh_from_db()
    assert (finding.owner.name, finding.assignee, finding.state) == (
        "Web", bob.person, "acknowledged"
    )  # fmt: skip


def test_a_finding_handed_to_a_team_waits_for_one_of_it(finding, someone):
    ann = someone("ann")
    services.assign(finding, by=ann, person=ann.person)

    services.assign(finding, by=ann, team=Team.objects.create(name="Database"))

    finding.refresh_from_db()
    assert (finding.owner.name, finding.assignee) == ("Database", None)


def test_nothing_is_handed_to_nobody_or_to_who_left(finding, someone):
    ann = someone("ann")
    gone = Person.objects.create(name="Gone", state="left")

    with pytest.raises(Invalid, match="team or a person"):
        services.assign(finding, by=ann)
    with pytest.raises(Conflict, match="has left"):
        services.assign(finding, by=ann, person=gone)


def test_a_comment_says_something(finding, someone):
    ann = someone("ann")

    services.comment(finding, by=ann, text="  Ordered a new disk. ")

    assert Comment.objects.get().text == "Ordered a new disk."
    with pytest.raises(Invalid):
        services.comment(finding, by=ann, text=" \n ")


@pytest.mark.parametrize(
    ("is_well", "state"),
    [pytest.param(True, "closed", id="well"), pytest.param(False, "open", id="bad")],
)
def test_saying_fixed_lets_the_check_look_at_once(
    finding, item, voice, someone, clock, is_well, state
):
    looked = []

    @rule(voice.check.ident, title="Sample", why="–", source="–", fix="–")
    def sample(facts, *, now, limits):
        looked.append(now)
        yield fine(item) if is_well else wrong(item)

    before = list(kit.known().values())
    kit.are([sample.reading(lambda scope: [])])
    try:
        services.say_fixed(finding, by=someone("ann"))
    finally:
        kit.are(before)

    finding.refresh_from_db()
    assert looked == [clock.now]
    assert finding.state == state


def test_a_check_that_fails_leaves_what_was_said_to_be_fixed(finding, someone):
    services.say_fixed(finding, by=someone("ann"))  # the code no longer knows this check

    finding.refresh_from_db()
    assert finding.state == "fixed"


@pytest.mark.parametrize(
    ("severity", "reason", "days", "said"),
    [
        pytest.param(5, "Known", 3, "critical", id="what is critical"),
        pytest.param(4, " ", 3, "why", id="without a reason"),
        pytest.param(4, "Known", 31, "coming 30 days", id="too long"),
        pytest.param(4, "Known", 0, "coming 30 days", id="until now"),
        pytest.param(4, "Known", -1, "coming 30 days", id="until yesterday"),
    ],
)
def test_muting_has_limits(voice, item, someone, clock, severity, reason, days, said):
    finding = voice.opens(item, severity=severity)

    with pytest.raises((Conflict, Invalid), match=said):
        services.mute(
            finding, by=someone("ann"), reason=reason, until=clock.now + timedelta(days=days)
        )


def test_a_muted_finding_presses_nobody_until_its_time_or_unmuting(finding, someone, clock):
    ann = someone("ann")
    services.mute(finding, by=ann, reason="Known", until=clock.now + timedelta(days=30))
    assert not Finding.objects.pressing().exists()
    assert Finding.objects.live().exists()

    services.unmute(finding, by=ann)
    assert Finding.objects.pressing().exists()
    with pytest.raises(Conflict, match="not muted"):
        services.unmute(finding, by=ann)

    services.mute(finding, by=ann, reason="Known", until=clock.now + timedelta(days=1))
    clock.after(days=1, seconds=1)
    assert Finding.objects.pressing().exists()


def test_what_becomes_overdue_is_announced_once(voice, items, clock, announced):
    late = voice.opens(items[0], severity=5)  # due tomorrow
    excepted = voice.opens(items[1], severity=5)
    voice.says(wrong(items[0], severity=5), wrong(items[1], severity=5))
    Finding.objects.filter(pk=excepted.pk).update(state="excepted")

    for _ in range(4):
        services.announce_overdue(by=system())
        clock.after(days=1)

    assert announced("FindingsOverdue") == [[late.pk]]


def test_several_people_of_one_name_are_no_matter(finding, someone):
    ann = someone("ann", team="Web")
    Membership.objects.create(
        person=ann.person, team=Team.objects.create(name="On call"), is_primary=False,
        starts_on="2026-01-01",
    )  # fmt: skip

    services.assign(finding, by=ann, person=ann.person)

    assert finding.owner is not None
    assert Subject(item=finding.item_id).fingerprint("tests.sample") == finding.fingerprint


def test_what_became_overdue_while_nobody_looked_is_announced_all_the_same(
    finding, clock, announced
):
    Finding.objects.filter(pk=finding.pk).update(due_on=clock.now.date())
    clock.after(days=5)

    assert services.announce_overdue(by=system()) == 1
    clock.after(days=1)
    assert services.announce_overdue(by=system()) == 0

    assert announced("FindingsOverdue") == [[finding.pk]]


def test_a_new_due_day_that_passes_is_announced_anew(finding, clock, announced):
    Finding.objects.filter(pk=finding.pk).update(due_on=clock.now.date())
    clock.after(days=2)
    services.announce_overdue(by=system())
    Finding.objects.filter(pk=finding.pk).update(due_on=clock.now.date() + timedelta(days=3))
    clock.after(days=5)

    assert services.announce_overdue(by=system()) == 1


def test_what_was_closed_long_ago_is_forgotten_with_a_word_in_the_audit(
    finding, voice, item, clock
):
    voice.closes(item)
    clock.after(days=799)
    assert services.forget_old(by=system(), now=clock.now) == 0

    clock.after(days=2)
    assert services.forget_old(by=system(), now=clock.now) == 1

    assert not Finding.objects.exists()
    assert not SearchEntry.objects.filter(noun="findings.finding").exists()
    assert AuditEntry.objects.filter(verb="forget").exists()
