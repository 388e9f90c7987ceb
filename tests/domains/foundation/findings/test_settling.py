"""The life of a finding: every road of the table, and every road that must not be there."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ObjectDoesNotExist

from fullscore.domains.foundation.estate import services as estate
from fullscore.domains.foundation.findings import services
from fullscore.domains.foundation.findings.models import (
    Blind,
    CheckRun,
    Event,
    Finding,
    FindingVersion,
    Proof,
    Waiver,
)
from fullscore.kit.checks import Subject, not_applicable
from fullscore.kit.models import AuditEntry
from fullscore.kit.models.user import system
from tests import make
from tests.domains.foundation.findings.conftest import blind, fine, wrong


def except_(finding, clock, days=100):
    """Let a finding be excepted, as if asked and granted."""
    Finding.objects.filter(pk=finding.pk).update(state="excepted")
    return Waiver.objects.create(
        finding=finding, reason="Known", asked_by=system(), asked_at=clock.now, state="granted",
        expires_on=clock.now.date() + timedelta(days=days), severity=finding.severity,
    )  # fmt: skip


def test_what_is_bad_opens_a_finding_with_its_words_and_is_announced(voice, item, announced):
    run = voice.says(
        wrong(item, "/", severity=5, title="/ is full", figure=99.0, limit=98.0, unit="%",
              evidence=({"mount": "/"},), advice="Clean up.")
    )  # fmt: skip

    finding = Finding.objects.get()
    assert (finding.state, finding.severity, finding.title) == ("open", 5, "/ is full")
    assert (finding.item, finding.key, finding.figure, finding.limit) == (item, "/", 99, 98)
    assert finding.evidence == [{"mount": "/"}]
    assert run.counts == {"bad": 1, "opened": 1, "closed": 0}
    assert announced("FindingsOpened") == [[finding.pk]]
    assert FindingVersion.objects.filter(record=finding).count() == 1


def test_what_is_found_again_is_the_same_finding(voice, item, clock, announced):
    voice.says(wrong(item))
    clock.after(minutes=15)
    voice.says(wrong(item))

    assert Finding.objects.count() == 1
    assert len(announced("FindingsOpened")) == 1


def test_said_twice_the_worse_one_counts(voice, item):
    voice.says(wrong(item, severity=3), wrong(item, severity=5), wrong(item, severity=2))

    assert Finding.objects.get().severity == 5


@pytest.mark.parametrize("state", ["open", "acknowledged", "fixed", "excepted"])
def test_any_live_finding_is_closed_with_proof_by_a_good_run(voice, item, clock, announced, state):
    finding = voice.opens(item)
    Finding.objects.filter(pk=finding.pk).update(state=state)

    clock.after(minutes=15)
    run = voice.says(fine(item, figure=3.0, limit=5.0, evidence=({"seen": "ok"},)))

    finding.refresh_from_db()
    assert (finding.state, finding.closed_as, finding.closed_at) == (
        "closed", "verified", clock.now
    )  # fmt: skip
    proof = Proof.objects.get()
    assert (proof.finding, proof.run, proof.figure) == (finding, run, 3.0)
    assert len(proof.sha256) == 64
    assert announced("FindingsClosed") == [[finding.pk]]


@pytest.mark.parametrize("state", ["open", "acknowledged", "fixed", "excepted"])
def test_unknown_never_closes_whatever_the_state(voice, item, clock, state):
    finding = voice.opens(item)
    Finding.objects.filter(pk=finding.pk).update(state=state)

    for _ in range(10):
        clock.after(days=1)
        voice.says(blind(item))

    finding.refresh_from_db()
    assert finding.state == state
    assert not Proof.objects.exists()


def test_only_consecutive_good_runs_close(voice, item, clock):
    voice.check.good_runs = 2
    voice.check.save()
    finding = voice.opens(item)

    for verdict in (fine(item), wrong(item), fine(item), blind(item), fine(item)):
        clock.after(seconds=15)
        voice.says(verdict)
        finding.refresh_from_db()
        assert finding.state == "open"

    clock.after(seconds=15)
    voice.says(fine(item))
    finding.refresh_from_db()
    assert finding.closed_as == "verified"


@pytest.mark.parametrize(
    ("said", "state"),
    [
        pytest.param(lambda a, b: [], "closed", id="absent from a complete reading"),
        pytest.param(lambda a, b: [fine(a, "/home")], "closed", id="other parts are read and well"),
        pytest.param(
            lambda a, b: [not_applicable(Subject(item=a.pk, key="/"), why="gone")], "closed",
            id="no longer applies",
        ),
        pytest.param(lambda a, b: [blind(a)], "open", id="the host could not be read"),
        pytest.param(
            lambda a, b: [fine(a, "/home"), blind(a, "/srv")], "open", id="partly unread"
        ),
        pytest.param(lambda a, b: [blind(b)], "closed", id="another host could not be read"),
    ],
)  # fmt: skip
def test_what_is_absent_is_gone_only_when_the_reading_is_complete(voice, items, clock, said, state):
    finding = voice.opens(items[0], key="/")

    clock.after(minutes=15)
    voice.says(*said(items[0], items[1]))

    finding.refresh_from_db()
    assert finding.state == state
    assert finding.closed_as == ("gone" if state == "closed" else "")


def test_a_run_over_some_items_leaves_the_others_alone(voice, items, clock):
    voice.says(wrong(items[0]), wrong(items[1]))

    clock.after(minutes=15)
    voice.says(fine(items[0]), items=[items[0].pk])

    assert Finding.objects.get(item=items[0]).state == "closed"
    assert Finding.objects.get(item=items[1]).state == "open"


def test_what_was_said_to_be_fixed_and_is_still_bad_is_open_again(voice, item, clock):
    finding = voice.opens(item)
    Finding.objects.filter(pk=finding.pk).update(state="fixed", fixed_at=clock.now)

    clock.after(minutes=15)
    voice.says(wrong(item))

    finding.refresh_from_db()
    assert (finding.state, finding.fixed_at) == ("open", None)


def test_facts_from_before_it_was_fixed_do_not_contradict(voice, item, clock):
    finding = voice.opens(item)
    read_at = clock.now
    fixed_at = clock.after(minutes=5)
    Finding.objects.filter(pk=finding.pk).update(state="fixed", fixed_at=fixed_at)

    voice.says(wrong(item, facts_at=read_at))
    finding.refresh_from_db()
    assert finding.state == "fixed"

    voice.says(wrong(item, facts_at=clock.after(minutes=10)))
    finding.refresh_from_db()
    assert finding.state == "open"


def test_fixed_and_unanswered_for_a_day_is_open_again(voice, item, clock):
    finding = voice.opens(item)
    Finding.objects.filter(pk=finding.pk).update(state="fixed", fixed_at=clock.now)

    clock.after(hours=23)
    assert services.reopen_unanswered(by=system()) == 0
    clock.after(hours=1, seconds=1)
    assert services.reopen_unanswered(by=system()) == 1

    finding.refresh_from_db()
    assert finding.state == "open"


@pytest.mark.parametrize(
    ("severity", "more", "state"),
    [
        pytest.param(3, {}, "excepted", id="as it was"),
        pytest.param(2, {}, "excepted", id="milder"),
        pytest.param(4, {}, "open", id="worse"),
        pytest.param(3, {"voids": frozenset({"exploited"})}, "open", id="a fact voids it"),
    ],
)
def test_an_exception_covers_no_more_than_it_was_granted_for(
    voice, item, clock, announced, severity, more, state
):
    finding = voice.opens(item, severity=3)
    except_(finding, clock)

    clock.after(days=1)
    voice.says(wrong(item, severity=severity, **more))

    finding.refresh_from_db()
    assert finding.state == state
    assert announced("FindingsReopened") == ([] if state == "excepted" else [[finding.pk]])


def test_a_void_exception_gives_back_the_old_due_day(voice, item, clock):
    finding = voice.opens(item, severity=4)  # due in 7 days
    due = finding.due_on
    except_(finding, clock)

    clock.after(days=30)
    voice.says(wrong(item, severity=5))

    finding.refresh_from_db()
    assert (finding.state, finding.due_on) == ("open", due)
    services.end_expired(by=system())
    assert Waiver.objects.get().state == "ended"


def test_back_within_seven_days_is_the_same_number_and_clock(voice, item, clock, announced):
    finding = voice.opens(item)
    opened_at, due = finding.opened_at, finding.due_on
    voice.closes(item)

    clock.after(days=7)
    voice.says(wrong(item))

    finding.refresh_from_db()
    assert (finding.state, finding.opened_at, finding.due_on) == ("open", opened_at, due)
    assert (finding.closed_at, finding.closed_as, finding.reopened_count) == (None, "", 1)
    assert announced("FindingsReopened") == [[finding.pk]]


def test_back_later_is_a_new_one_that_names_the_old(voice, item, clock):
    old = voice.opens(item)
    voice.closes(item)

    clock.after(days=7, seconds=1)
    new = voice.opens(item)

    assert new.pk != old.pk
    assert new.again_of == old
    assert new.opened_at == clock.now


def test_what_flaps_stays_open_until_good_for_a_day(voice, item, clock, announced):
    finding = voice.opens(item)
    for _ in range(4):
        voice.closes(item)
        clock.after(minutes=15)
        voice.says(wrong(item))
    finding.refresh_from_db()
    assert finding.is_flapping

    clock.after(days=2)
    voice.says(fine(item))  # good for the first time: the day begins now
    clock.after(hours=23)
    voice.says(fine(item))
    finding.refresh_from_db()
    assert finding.state == "open"
    clock.after(hours=1)
    voice.says(fine(item))

    finding.refresh_from_db()
    assert (finding.state, finding.is_flapping) == ("closed", False)
    assert Event.objects.filter(kind="flapping").count() == 1


def test_a_flapping_finding_that_is_bad_once_begins_its_day_anew(voice, item, clock):
    finding = voice.opens(item)
    Finding.objects.filter(pk=finding.pk).update(is_flapping=True)
    for verdict, hours in ((fine, 0), (wrong, 20), (fine, 1), (fine, 23)):
        clock.after(hours=hours)
        voice.says(verdict(item))

    finding.refresh_from_db()
    assert finding.state == "open"
    clock.after(hours=1)
    voice.says(fine(item))
    finding.refresh_from_db()
    assert finding.state == "closed"


@pytest.mark.parametrize(
    ("live", "closing", "state"),
    [
        pytest.param(30, 21, "held", id="21 of 30"),
        pytest.param(30, 20, "done", id="20 are few, whatever the share"),
        pytest.param(80, 24, "done", id="24 of 80 are 30 percent"),
        pytest.param(80, 25, "held", id="25 of 80 are more"),
    ],
)
def test_a_run_that_would_close_too_much_is_held(voice, item, clock, live, closing, state):
    keys = [f"/{n}" for n in range(live)]
    voice.says(*(wrong(item, key) for key in keys))

    clock.after(minutes=15)
    run = voice.says(
        *(fine(item, key) for key in keys[:closing]), *(wrong(item, key) for key in keys[closing:])
    )

    assert run.state == state
    assert Finding.objects.live().count() == (live if state == "held" else live - closing)
    assert Proof.objects.count() == (0 if state == "held" else closing)


def test_a_held_run_still_opens_what_is_bad(voice, item, clock):
    voice.says(*(wrong(item, f"/{n}") for n in range(30)))

    clock.after(minutes=15)
    run = voice.says(wrong(item, "/new"))

    assert run.state == "held"
    assert Finding.objects.live().count() == 31


def test_a_blind_spot_appears_keeps_its_beginning_and_goes(voice, items, clock):
    began = clock.now
    voice.says(blind(items[0]), blind(items[1]))
    clock.after(hours=1)
    voice.says(blind(items[0], remedy="another grant"), fine(items[1]))

    spot = Blind.objects.get()
    assert (spot.item, spot.since, spot.remedy) == (items[0], began, "another grant")
    voice.says(fine(items[0]), items=[items[0].pk])
    assert not Blind.objects.exists()


def test_a_run_over_some_items_keeps_the_blind_spots_of_others(voice, items):
    voice.says(blind(items[0]), blind(items[1]))
    voice.says(fine(items[0]), items=[items[0].pk])

    assert Blind.objects.get().item == items[1]


def test_a_worse_severity_is_announced_and_may_come_due_earlier(voice, item, clock, announced):
    finding = voice.opens(item, severity=3)
    assert finding.due_on == date(2026, 4, 1)

    clock.after(days=1)
    voice.says(wrong(item, severity=5))

    finding.refresh_from_db()
    assert (finding.severity, finding.due_on) == (5, date(2026, 3, 4))
    assert announced("FindingsRaised") == [[finding.pk]]


def test_a_milder_severity_never_gives_more_time(voice, item, clock):
    finding = voice.opens(item, severity=4)

    clock.after(days=1)
    voice.says(wrong(item, severity=2))

    finding.refresh_from_db()
    assert (finding.severity, finding.due_on) == (2, date(2026, 3, 9))


def test_what_becomes_critical_is_muted_no_longer(voice, item, clock):
    finding = voice.opens(item, severity=4)
    Finding.objects.update(muted_until=clock.now + timedelta(days=10))

    voice.says(wrong(item, severity=5))

    finding.refresh_from_db()
    assert finding.muted_until is None


def test_an_item_that_was_removed_meanwhile_opens_nothing(voice, item):
    verdict = wrong(item)
    item.delete()

    run = voice.says(verdict)

    assert run.counts["opened"] == 0
    with pytest.raises(ObjectDoesNotExist):
        Finding.objects.get()


def test_nothing_is_written_when_nothing_changes_but_the_run(voice, items):
    verdicts = [wrong(items[0], evidence=({"a": 1},)), blind(items[1]), fine(items[2])]
    voice.says(*verdicts)
    tables = (Finding, FindingVersion, Event, Proof, Blind, AuditEntry)
    before = [list(table.objects.order_by("pk").values()) for table in tables]

    run = voice.says(*verdicts)

    assert [list(table.objects.order_by("pk").values()) for table in tables] == before
    assert list(CheckRun.objects.values_list("pk", flat=True)).count(run.pk) == 1


def test_a_figure_that_moves_is_kept_without_a_version_or_an_entry(voice, item):
    voice.says(wrong(item, title="50 % used", figure=50.0))
    versions, entries = FindingVersion.objects.count(), AuditEntry.objects.count()

    voice.says(wrong(item, title="60 % used", figure=60.0))

    assert Finding.objects.get().figure == 60.0
    assert Finding.objects.get().title == "60 % used"
    assert (FindingVersion.objects.count(), AuditEntry.objects.count()) == (versions, entries)


def test_a_finding_of_a_merged_item_is_found_again_at_the_other(voice, item, clock):
    voice.says(wrong(item, "/"))
    finding = Finding.objects.get()
    except_(finding, clock)
    other = make.item("other")
    estate.merge(item, by=make.user(), into=other)
    services.follow_merge(other.pk, by=system())
    clock.after(minutes=15)

    voice.says(wrong(other, "/"))

    finding.refresh_from_db()
    assert list(Finding.objects.live()) == [finding]
    assert (finding.item, finding.state) == (other, "excepted")


def test_what_was_found_at_both_stays_one_finding_of_the_other(voice, item, clock):
    other = make.item("other")
    voice.says(wrong(item, "/"), wrong(other, "/"))
    estate.merge(item, by=make.user(), into=other)

    assert services.follow_merge(other.pk, by=system()) == 0
    clock.after(minutes=15)
    voice.says(wrong(other, "/"))

    assert Finding.objects.live().get().item == other
    assert Finding.objects.filter(state="closed").count() == 1
