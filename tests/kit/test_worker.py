"""Workers and schedulers as processes of their own: killed, stopped, and many on one database."""

import signal
import time
from collections import Counter
from collections.abc import Callable

import pytest

from tests.installation import Installation
from tests.servers import postgresql

WORK = """
from datetime import timedelta
from fullscore.kit.jobs import declare, worker
worker.LEASE, worker.BEAT_SECONDS, worker.GRACE_SECONDS = timedelta(seconds=2), 0.3, {grace}
declare.FIRST_PAUSE_SECONDS = 0.1
one = worker.Worker()
one.obey_signals()
one.serve()
"""
QUEUE = """
from django_tasks_db.models import DBTaskResult
from fullscore.kit.models import WorkerBeat
from tests.kit.chores import mark
answer = [rows.objects.all().delete()[0] for rows in (DBTaskResult, WorkerBeat)]
"""
STATUS = """
from django_tasks_db.models import DBTaskResult
from fullscore.kit.models import WorkerBeat
rows = DBTaskResult.objects.values_list("status", "worker_ids")
answer = [list(rows), WorkerBeat.objects.count()]
"""


@pytest.fixture(scope="session")
def on_sqlite(tmp_path_factory):
    installed = Installation(tmp_path_factory.mktemp("sqlite"))
    installed.migrate()
    return installed


@pytest.fixture(scope="session")
def on_postgresql(tmp_path_factory):
    with postgresql() as url:
        installed = Installation(tmp_path_factory.mktemp("postgresql"), url)
        installed.migrate()
        yield installed


@pytest.fixture(params=["on_sqlite", "on_postgresql"])
def installed(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def marks(tmp_path):
    return tmp_path / "marks"


def test_the_job_of_a_killed_worker_is_done_by_another(installed, marks):
    installed.ask(QUEUE + f"mark.enqueue({str(marks)!r}, 'a', 1.5)")
    first = installed.start(WORK.format(grace=30))
    until(lambda: marks.exists())
    first.kill()
    first.wait()

    second = installed.start(WORK.format(grace=30))
    until(lambda: "done a" in marks.read_text())
    stop(second)

    assert lines(marks) == ["start a", "start a", "done a"]


def test_a_worker_told_to_stop_finishes_its_job_and_leaves_the_rest(installed, marks):
    installed.ask(QUEUE + f"for w in 'ab': mark.enqueue({str(marks)!r}, w, 0.8)")
    worker = installed.start(WORK.format(grace=30))
    until(lambda: marks.exists())

    stop(worker)

    assert lines(marks) == ["start a", "done a"]
    results, beats = installed.ask(STATUS)
    assert sorted(status for status, _ in results) == ["READY", "SUCCESSFUL"]
    assert beats == 0


def test_a_job_that_takes_too_long_to_finish_is_handed_back_untried(installed, marks):
    installed.ask(QUEUE + f"mark.enqueue({str(marks)!r}, 'a', 30)")
    worker = installed.start(WORK.format(grace=0.5))
    until(lambda: marks.exists())

    stop(worker)

    assert installed.ask(STATUS)[0] == [["READY", []]]


def test_many_workers_do_each_job_once(on_postgresql, marks):
    on_postgresql.ask(QUEUE + f"for n in range(90): mark.enqueue({str(marks)!r}, str(n), 0.01)")

    workers = [on_postgresql.start(WORK.format(grace=30)) for _ in range(3)]
    until(lambda: marks.exists() and marks.read_text().count("done") >= 90)
    for worker in workers:
        stop(worker)

    assert Counter(lines(marks)) == {f"{w} {n}": 1 for n in range(90) for w in ("start", "done")}
    assert len({line.split()[-1] for line in marks.read_text().splitlines()}) > 1


def test_many_schedulers_queue_a_tick_once(installed):
    tick = """
from datetime import datetime, timedelta, UTC
from fullscore.kit.jobs import Scheduler
from tests.kit.chores import hourly
Scheduler._leads = lambda self, now: True  # each thinks it leads, as after a long pause
start = datetime(2026, 1, 1, tzinfo=UTC)
answer = sum(len(Scheduler([hourly]).tick(start + timedelta(minutes=m))) for m in range(3))
print(answer)
"""
    schedulers = [installed.start(tick) for _ in range(4)]

    queued = [int(installed.wait(scheduler)) for scheduler in schedulers]

    assert sum(queued) == 1


def until(happened: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def stop(worker) -> None:
    worker.send_signal(signal.SIGTERM)
    worker.communicate(timeout=20)
    assert worker.returncode == 0


def lines(marks) -> list[str]:
    return [line.partition(" by ")[0] for line in marks.read_text().splitlines()]
