"""Workers and schedulers as processes of their own: killed, stopped, and many on one database."""

import signal
import time
from collections import Counter
from collections.abc import Callable

import pytest

from tests.installation import Installation

pytestmark = [pytest.mark.real, pytest.mark.once]

QUEUE = """
from django_tasks_db.models import DBTaskResult
from tests.kit.chores import mark
DBTaskResult.objects.all().delete()
for n in range({jobs}):
    mark.enqueue({file!r}, str(n), {seconds})
"""
WORK = """
from datetime import timedelta
from django_tasks_db.models import DBTaskResult
from fullscore.kit.jobs import declare, worker
from fullscore.kit.models import WorkerBeat
worker.LEASE, worker.BEAT_SECONDS, worker.GRACE_SECONDS = timedelta(seconds=2), 0.3, {grace}
declare.FIRST_PAUSE_SECONDS = 0.1
one = worker.Worker()
one.obey_signals()
one.serve()
rows = DBTaskResult.objects.order_by("enqueued_at").values_list("status", "worker_ids")
beats = WorkerBeat.objects.filter(worker=one.worker_id).count()
print([(status, len(workers)) for status, workers in rows], beats)
"""


@pytest.fixture
def marks(tmp_path):
    return tmp_path / "marks"


def test_the_job_of_a_killed_worker_is_done_by_another(installed, marks):
    first = queue_and_work(installed, marks, jobs=1, seconds=1.5)
    until(lambda: marks.exists())
    first.kill()
    first.wait()

    second = installed.start(WORK.format(grace=30))
    until(lambda: "done 0" in marks.read_text())

    assert stopped(second) == "[('SUCCESSFUL', 2)] 0"
    assert lines(marks) == ["start 0", "start 0", "done 0"]


def test_a_worker_told_to_stop_finishes_its_job_and_leaves_the_rest(on_sqlite, marks):
    worker = queue_and_work(on_sqlite, marks, jobs=2, seconds=0.8)
    until(lambda: marks.exists())

    assert stopped(worker) == "[('SUCCESSFUL', 1), ('READY', 0)] 0"
    assert lines(marks) == ["start 0", "done 0"]


def test_a_job_that_takes_too_long_to_finish_is_handed_back_untried(on_sqlite, marks):
    worker = queue_and_work(on_sqlite, marks, jobs=1, seconds=30, grace=0.5)
    until(lambda: marks.exists())

    assert stopped(worker) == "[('READY', 0)] 0"


def test_many_workers_do_each_job_once(on_postgresql, marks):
    workers = [queue_and_work(on_postgresql, marks, jobs=240, seconds=0.1)]  # longer than a start
    until(lambda: marks.exists())
    workers += [on_postgresql.start(WORK.format(grace=30)) for _ in range(2)]

    until(lambda: marks.read_text().count("done") >= 240, seconds=120)
    for worker in workers:
        stopped(worker)

    assert Counter(lines(marks)) == {f"{w} {n}": 1 for n in range(240) for w in ("start", "done")}
    assert len({line.split()[-1] for line in marks.read_text().splitlines()}) > 1


JOIN = """
import threading
from django.db import connection, transaction
from django_tasks_db.models import DBTaskResult
from fullscore.kit.jobs import Worker
from tests.kit.chores import number_of
DBTaskResult.objects.all().delete()
number_of.enqueue(ids=[1])
def drain():
    Worker().drain()
    connection.close()
with transaction.atomic():
    number_of.enqueue(ids=[2])
    worker = threading.Thread(target=drain)
    worker.start()
    worker.join(1)  # PostgreSQL passes over what we hold; SQLite waits for us to write
worker.join(60)
Worker().drain()
print([(row.status, row.return_value) for row in DBTaskResult.objects.all()])
"""


def test_a_job_that_is_joined_is_not_begun_before_what_joined_it_is_written(installed):
    told = installed.wait(installed.start(JOIN))

    assert told.splitlines()[-1] == "[('SUCCESSFUL', 2)]"


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
    schedulers = [installed.start(tick) for _ in range(3)]

    queued = [int(installed.wait(scheduler)) for scheduler in schedulers]

    assert sum(queued) == 1


def until(happened: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def queue_and_work(place: Installation, marks, *, jobs: int, seconds: float, grace: float = 30):
    queue = QUEUE.format(jobs=jobs, file=str(marks), seconds=seconds)
    return place.start(queue + WORK.format(grace=grace))


def stopped(worker) -> str:
    """Tell a worker to stop and return what it then saw of the queue and its own beat."""
    worker.send_signal(signal.SIGTERM)
    output, _ = worker.communicate(timeout=60)
    assert worker.returncode == 0
    return output.splitlines()[-1]  # above it may stand log lines


def lines(marks) -> list[str]:
    return [line.partition(" by ")[0] for line in marks.read_text().splitlines()]
