"""Settling in processes of its own: killed in the middle, and two workers at once."""

import signal

import pytest

from tests.installation import Installation

pytestmark = [pytest.mark.real, pytest.mark.once]

WORLD = """
import os, signal
from fullscore.kit import time
from fullscore.kit.checks import Scope, Subject, bad, good
from fullscore.kit.models.user import system
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.findings.models import *
from fullscore.domains.foundation.findings.services import settle
from fullscore.domains.foundation.findings.services.running import due_checks, run_check
from fullscore.kit import audit, checks
check, _ = Check.objects.get_or_create(
    ident="tests.sample", defaults={"title": "Sample", "every_seconds": 900})
item, _ = Item.objects.get_or_create(kind="host", name="web1")
def say(verdict, count):
    subjects = (Subject(item=item.pk, key=str(n)) for n in range(count))
    return settle(check, [verdict(s) for s in subjects], Scope(time.now()), by=system())
def wrong(subject):
    return bad(subject, severity=4, title="Wrong")
def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
"""
COUNTS = """
answer = [Finding.objects.live().count(), Finding.objects.filter(state="closed").count(),
          CheckRun.objects.count(), Event.objects.count(), Proof.objects.count(),
          FindingVersion.objects.count(), *audit.verify()]
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    made = Installation(tmp_path_factory.mktemp("findings"))
    made.migrate()
    return made


@pytest.mark.parametrize(
    "place",
    [
        pytest.param("Finding", id="before any finding"),
        pytest.param("Event", id="after the findings"),
        pytest.param("Proof", id="after the events"),
        pytest.param("FindingVersion", id="after the audit entry"),
        pytest.param("SearchEntry", id="after the versions"),
        pytest.param("Blind", id="at the very end"),
    ],
)
def test_killed_in_the_middle_a_run_has_written_nothing(installed, place):
    installed.wait(installed.start(f"{WORLD}\nsay(wrong, 15)"))
    before = installed.ask(WORLD + COUNTS)

    killed = installed.start(f"""{WORLD}
from fullscore.kit import bulk
from fullscore.kit.checks import unknown
insert = bulk.insert
bulk.insert = lambda model, *a: die() if model.__name__ == {place!r} else insert(model, *a)
if {place!r} == "Blind":
    type(Blind.objects).bulk_create = die
subjects = [Subject(item=item.pk, key=str(n)) for n in range(30)]
said = [good(s) for s in subjects[:5]] + [wrong(s) for s in subjects[5:]]
settle(check, [*said, unknown(Subject(item=item.pk, key="x"), why="?")], Scope(time.now()),
       by=system())
""")
    killed.wait(timeout=60)

    assert killed.returncode == -signal.SIGKILL
    assert installed.ask(WORLD + COUNTS) == before
    assert before[0] == 15
    assert before[-1] == ""


def test_two_workers_never_run_one_check_twice(installed):
    installed.wait(
        installed.start(f"""{WORLD}
for n in range(20):
    Check.objects.create(ident=f"tests.due{{n}}", title=str(n), every_seconds=900)
""")
    )
    work = f"""{WORLD}
def judge(facts, *, now, limits):
    yield good(Subject(item=item.pk))
checks.are([checks.Check(f"tests.due{{n}}", str(n), "-", "-", "-", judge, read=lambda scope: [])
            for n in range(20)])
print("ready", flush=True)
while not os.path.exists(os.environ["FULLSCORE_HOME"] + "/go"):
    pass
for one in due_checks(time.now()):
    run_check(one, by=system())
"""

    workers = [installed.start(work) for _ in range(2)]
    for worker in workers:
        assert worker.stdout.readline() == "ready\n"
    (installed.home / "go").touch()
    for worker in workers:
        installed.wait(worker)

    told = installed.ask(f"""{WORLD}
runs = CheckRun.objects.filter(check_of__ident__startswith="tests.due")
checks = runs.values("check_of").distinct()
answer = [runs.count(), checks.count(), runs.exclude(state="done").count()]
""")
    assert told == [20, 20, 0]
