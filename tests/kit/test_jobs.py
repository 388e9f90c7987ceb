"""Jobs: attempts, dead letters, and the clock."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from fullscore.kit import jobs
from fullscore.kit.errors import Conflict, Problem
from fullscore.kit.jobs import declare
from fullscore.kit.jobs import worker as workers
from fullscore.kit.models import AuditEntry, ClockedRun, DeadLetter, Lease, User, WorkerBeat
from fullscore.kit.time import now

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)  # a Wednesday
done: list[object] = []


@jobs.job(attempts=3)
def note(word: str) -> None:
    done.append(word)


@jobs.job(attempts=2)
def fail(word: str) -> None:
    raise Problem(f"{word} is not ready: try later.")


@jobs.job(joins=True)
def follow(ids: list[int]) -> None:
    done.append(ids)
    if 13 in ids:
        raise Problem("Not this one.")


@jobs.job(priority=50)
def page() -> None:
    done.append("page")


@jobs.every(minutes=10)
def often() -> None:
    done.append("often")


@jobs.every(days=1, at="03:10")
def nightly() -> None:
    done.append("nightly")


@jobs.every(days=7, at="05:00")
def weekly() -> None:
    done.append("weekly")


@pytest.fixture(autouse=True)
def _nothing_done():
    done.clear()


def drained() -> None:
    """Run what waits, also what waits for its next attempt."""
    DBTaskResult.objects.filter(status=TaskResultStatus.READY).update(run_after=now())
    jobs.Worker(name="test").drain()


def test_a_job_called_directly_just_runs():
    note("now")

    assert done == ["now"]
    assert not DBTaskResult.objects.exists()


def test_a_queued_job_runs_when_a_worker_comes():
    note.enqueue(word="later")
    assert done == []

    drained()

    assert done == ["later"]
    assert DBTaskResult.objects.get().status == TaskResultStatus.SUCCESSFUL


def test_a_job_queued_in_a_transaction_that_fails_was_never_queued():
    with transaction.atomic():
        note.enqueue("never")
        transaction.set_rollback(True)

    assert not DBTaskResult.objects.exists()


def test_a_worker_leaves_other_queues_alone():
    note.using(queue_name="slow").enqueue("slow")

    jobs.Worker(["default"]).drain()
    assert done == []

    jobs.Worker(["slow"]).drain()
    assert done == ["slow"]


def test_what_is_queued_while_the_same_job_waits_joins_it():
    for ids in ([3, 1], [2], [1]):
        follow.enqueue(ids=ids)
    assert DBTaskResult.objects.count() == 1

    drained()
    follow.enqueue(ids=[4])
    drained()

    assert done == [[1, 2, 3], [4]]


def test_nothing_joins_a_job_that_runs_or_waits_for_its_next_attempt():
    follow.enqueue(ids=[13])
    jobs.Worker().drain()
    follow.enqueue(ids=[1])

    jobs.Worker().drain()

    assert done == [[13], [1]]


def test_what_joined_in_a_transaction_that_fails_is_not_in_the_job():
    follow.enqueue(ids=[1])
    with transaction.atomic():
        follow.enqueue(ids=[2])
        transaction.set_rollback(True)

    drained()

    assert done == [[1]]


def test_a_job_takes_on_so_many_ids_and_no_more(monkeypatch):
    monkeypatch.setattr(declare, "MOST_JOINED", 3)

    for number in range(7):
        follow.enqueue(ids=[number])
    drained()

    assert done == [[0, 1, 2], [3, 4, 5], [6]]


def test_what_has_priority_is_taken_first_whichever_came_first():
    for word in ("a", "b"):
        note.enqueue(word)
    page.enqueue()

    jobs.Worker().drain()

    assert done == ["page", "a", "b"]


def test_a_failed_job_waits_for_its_next_attempt():
    fail.enqueue("it")
    jobs.Worker().drain()

    waiting = DBTaskResult.objects.get()

    assert waiting.status == TaskResultStatus.READY
    assert timedelta(seconds=7) < waiting.run_after - now() < timedelta(seconds=13)
    assert not DeadLetter.objects.exists()


def test_after_the_last_attempt_there_is_a_dead_letter_that_says_why():
    fail.enqueue("it")
    drained()
    drained()

    letter = DeadLetter.objects.get()

    assert letter.task == "tests.kit.test_jobs.fail"
    assert letter.arguments == {"args": ["it"], "kwargs": {}}
    assert letter.attempts == 2
    assert letter.error == "it is not ready: try later."
    assert "raise Problem" in letter.traceback
    assert not DBTaskResult.objects.exists()


def test_pauses_grow_and_are_spread():
    pauses = [[note.pause_seconds(attempt) for _ in range(50)] for attempt in (1, 2, 3, 9)]

    for seconds, expected in zip(pauses, (10, 40, 160, 3600), strict=True):
        assert 0.75 * expected <= min(seconds) < max(seconds) <= 1.25 * expected


def test_a_dead_letter_can_be_queued_again_once():
    ann = User.objects.create_user("ann@example.org")
    letter = dead(
        task="tests.kit.test_jobs.note", arguments={"args": [], "kwargs": {"word": "again"}}
    )

    jobs.retry(letter, by=ann)
    drained()

    letter.refresh_from_db()
    assert done == ["again"]
    assert (letter.state, letter.settled_by) == ("retried", ann)
    assert AuditEntry.objects.get().verb == "retry"
    with pytest.raises(Conflict, match="already retried"):
        jobs.discard(letter, by=ann)


def test_a_discarded_dead_letter_stays_visible_but_settled():
    ann = User.objects.create_user("ann@example.org")

    jobs.discard(dead(), by=ann)

    assert DeadLetter.objects.get().state == "discarded"
    assert not DeadLetter.objects.waiting().exists()


def test_a_dead_letter_of_a_job_that_no_longer_exists_cannot_be_retried():
    ann = User.objects.create_user("ann@example.org")

    with pytest.raises(Conflict, match="no longer has that job"):
        jobs.retry(dead(task="fullscore.gone.job"), by=ann)

    assert DeadLetter.objects.waiting().count() == 1


def test_a_queued_job_that_no_longer_exists_becomes_a_dead_letter():
    note.enqueue("x")
    DBTaskResult.objects.update(task_path="fullscore.gone.job")

    drained()

    assert "gone" in DeadLetter.objects.get().error


def test_the_job_of_a_killed_worker_is_tried_again_after_a_minute():
    taken(by="killed", seconds_ago=61)

    assert workers.recover() == 1

    assert DBTaskResult.objects.get().status == TaskResultStatus.READY


def test_the_job_of_a_worker_that_beats_is_left_alone_however_long_it_runs():
    taken(by="busy", seconds_ago=7200)
    beat("busy", seconds_ago=20)

    assert workers.recover() == 0

    assert DBTaskResult.objects.get().status == TaskResultStatus.RUNNING


def test_a_job_whose_end_could_not_be_noted_is_tried_again_by_its_own_worker():
    result = taken(by="me", seconds_ago=61)
    beat("me", seconds_ago=1)

    assert workers.recover(by="me", present=result.pk) == 0
    assert workers.recover(by="me", present=None) == 1


def test_a_job_that_kills_every_worker_ends_as_a_dead_letter():
    for n in range(3):
        taken(by=f"killed {n}", seconds_ago=61, result=DBTaskResult.objects.first())
        workers.recover()

    assert "stopped without finishing" in DeadLetter.objects.get().error


def test_a_failure_nobody_settled_is_settled_later():
    result = taken(by="killed", seconds_ago=300)
    result.set_failed(RuntimeError("half way"))
    DBTaskResult.objects.update(finished_at=now() - timedelta(seconds=61))

    workers.recover()

    assert DBTaskResult.objects.get().status == TaskResultStatus.READY


def test_finished_jobs_are_forgotten_after_a_day():
    for hours in (23, 25):
        note.enqueue(f"{hours}")
        jobs.Worker().drain()
        DBTaskResult.objects.filter(args_kwargs__args=[f"{hours}"]).update(
            finished_at=now() - timedelta(hours=hours)
        )

    jobs.prune()

    assert [r.args_kwargs["args"] for r in DBTaskResult.objects.all()] == [["23"]]


@pytest.mark.parametrize(
    ("clocked", "last", "present", "expected"),
    [
        pytest.param(often, NOON, NOON + timedelta(minutes=9), False, id="before its period"),
        pytest.param(often, NOON, NOON + timedelta(minutes=10), True, id="at its period"),
        pytest.param(nightly, NOON, NOON + timedelta(hours=15), False, id="before its time of day"),
        pytest.param(nightly, NOON, NOON + timedelta(hours=15, minutes=10), True, id="time of day"),
        pytest.param(weekly, NOON, NOON + timedelta(days=4), False, id="not on Sunday"),
        pytest.param(weekly, NOON, NOON + timedelta(days=5), True, id="on Monday"),
    ],
)
def test_a_clocked_job_is_due(clocked, last, present, expected):
    ran_before(clocked, last)

    names = jobs.Scheduler([clocked]).tick(present)

    assert bool(names) is expected
    assert DBTaskResult.objects.count() == int(expected)


def test_ticks_missed_while_nobody_ticked_run_once_and_keep_their_beat():
    ran_before(often, NOON)
    scheduler = jobs.Scheduler([often])

    queued = [
        len(scheduler.tick(NOON + timedelta(minutes=m))) for m in (65, 66, 69)
    ]  # six were missed

    assert queued == [1, 0, 0]
    assert ClockedRun.objects.get().last_enqueued_at == NOON + timedelta(minutes=60)


def test_a_new_job_starts_at_once_but_one_with_a_time_of_day_waits_for_it():
    scheduler = jobs.Scheduler([often, nightly])

    assert scheduler.tick(NOON) == [often.name]
    drained()
    assert scheduler.tick(NOON + timedelta(hours=16)) == [often.name, nightly.name]


def test_a_tick_is_passed_over_while_the_last_one_still_waits():
    scheduler = jobs.Scheduler([often])
    scheduler.tick(NOON)

    assert scheduler.tick(NOON + timedelta(minutes=10)) == []
    drained()
    assert scheduler.tick(NOON + timedelta(minutes=20)) == [often.name]


def test_a_clock_put_back_delays_by_one_period_not_for_ever():
    ran_before(often, NOON + timedelta(days=400))
    Lease.objects.create(name="scheduler", holder="other", ends_at=NOON + timedelta(days=400))
    scheduler = jobs.Scheduler([often])

    queued = [len(scheduler.tick(NOON + timedelta(minutes=m))) for m in (0, 9, 10)]

    assert queued == [0, 0, 1]


def test_one_scheduler_leads_until_its_lease_ends():
    first, second = jobs.Scheduler([often], name="first"), jobs.Scheduler([often], name="second")
    first.tick(NOON)
    drained()
    ClockedRun.objects.update(last_enqueued_at=NOON - timedelta(minutes=20))

    assert second.tick(NOON + timedelta(seconds=29)) == []
    assert second.tick(NOON + timedelta(seconds=31)) == [often.name]


def test_a_scheduler_that_resigns_is_followed_at_once():
    first, second = jobs.Scheduler([], name="first"), jobs.Scheduler([often], name="second")
    first.tick(NOON)
    first.resign()

    assert second.tick(NOON) == [often.name]


def test_a_period_is_needed():
    with pytest.raises(ValueError, match="needs a period"):
        jobs.every()


def ran_before(clocked, at: datetime) -> None:
    ClockedRun.objects.create(name=clocked.name, last_enqueued_at=at)


def dead(*, task: str = "tests.kit.test_jobs.note", arguments: object = None) -> DeadLetter:
    return DeadLetter.objects.create(
        task=task,
        queue="default",
        arguments=arguments or {"args": ["x"], "kwargs": {}},
        attempts=3,
        error="It broke.",
        failed_at=now(),
    )


def taken(*, by: str, seconds_ago: int, result: DBTaskResult | None = None) -> DBTaskResult:
    if result is None:
        note.enqueue("x")
        result = DBTaskResult.objects.get()
    result.claim(by)
    DBTaskResult.objects.filter(pk=result.pk).update(
        started_at=now() - timedelta(seconds=seconds_ago)
    )
    return result


def beat(worker: str, *, seconds_ago: int) -> None:
    at = now() - timedelta(seconds=seconds_ago)
    WorkerBeat.objects.create(
        worker=worker, host="h", process=1, queues="default", started_at=at, beat_at=at
    )
