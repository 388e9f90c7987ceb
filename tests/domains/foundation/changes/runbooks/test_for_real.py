"""Runbooks on a real host: an sshd on loopback, and whatever can go wrong on the way there."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from time import monotonic, sleep

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings

from fullscore.connectors.ssh import client, keys
from fullscore.domains.foundation.changes.jobs import Runner
from fullscore.domains.foundation.changes.services.runbooks import driving, entering
from fullscore.kit.models.user import system
from tests import make
from tests.domains.foundation.changes.runbooks.conftest import approve, last
from tests.installation import DATABASE, Installation
from tests.servers import free_port, sshd

pytestmark = pytest.mark.real
PRIVATE, PUBLIC = keys.new_pair("runbooks")
OTHER = keys.new_pair("other")[0]


@pytest.fixture(scope="module")
def target():
    with sshd() as server:
        server.authorize("restrict " + PUBLIC)
        yield server


@pytest.fixture
def clock():
    """Let time go as it does: what is real takes real time."""


@pytest.fixture
def host(db, target):
    item = make.item("web-1")
    way = make.command_access(
        item=item, address="127.0.0.1", port=target.port, host_key=target.line(), user=target.user
    )
    entering.give_way_key(way, by=system(), private_key=PRIVATE)
    return item


@pytest.fixture
def runner(monkeypatch):
    """Return a process that runs; the test's transaction belongs to its thread."""

    async def asked(self, ask, *values, **named):
        return await sync_to_async(ask)(*values, **named)

    monkeypatch.setattr(Runner, "_asked", asked)
    opened = replace(settings.OPTIONS, allowed_networks="127.0.0.0/8")
    monkeypatch.setattr(settings, "OPTIONS", opened)
    return Runner()


@pytest.fixture
def turn(runner):
    """Let the process take up what may go on, and finish what it begins."""

    def turned(run):
        async def once():
            await runner.turn()
            await runner.settled()

        async_to_sync(once)()
        run.refresh_from_db()
        return run

    return turned


def step(command, *options, title="Do it"):
    return "\n".join([f"## {title}", "```command", command, *options, "```"]) + "\n"


def test_a_command_that_reads_shows_what_it_printed(begin, turn):
    text = "```parameters\nword: text\n```\n" + step("echo {word}; echo no >&2", "alters: no")

    run = turn(begin(text, parameters="word=$(id) 'x' \"y\""))

    assert run.state == "done"
    assert sorted(last(run).output.splitlines()) == ["$(id) 'x' \"y\"", "no"]


def test_what_alters_is_sent_once_somebody_approved_it(begin, turn, crew, tmp_path):
    run = turn(begin(step(f"echo done >>{tmp_path}/mark")))
    assert run.asks == "approval"
    turn(run)
    assert not (tmp_path / "mark").exists()

    approve(run, crew.ada)
    turn(run)

    assert (tmp_path / "mark").read_text() == "done\n"
    assert run.state == "done"
    assert (last(run).change.state, last(run).change.result) == ("verifying", "good")


def test_a_status_that_is_not_zero_is_shown_and_waits_for_a_person(begin, turn, crew):
    run = turn(begin(step("echo broken; exit 7", "alters: no")))

    assert (run.asks, last(run).status, last(run).output) == ("failed", 7, "broken\n")
    driving.skip_step(run, by=crew.otto, note="Never mind")
    assert turn(run).state == "done"


@pytest.mark.parametrize(
    ("values", "key", "told"),
    [
        ({}, OTHER, "does not let this account in"),
        ({"port": 0}, PRIVATE, "refused"),
        ({"host_key": keys.new_pair("x")[1]}, PRIVATE, "not the trusted"),
    ],
    ids=["refused key", "unreachable", "another host"],
)
def test_where_it_cannot_connect_nothing_was_done_and_it_says_why(
    begin, turn, crew, host, values, key, told
):
    way = host.command_access
    entering.give_way_key(way, by=system(), private_key=key)
    if "port" in values:
        values = {"port": free_port()}
    type(way).objects.filter(pk=way.pk).update(**values)
    run = turn(begin(step("true")))
    approve(run, crew.ada)

    turn(run)

    assert (run.asks, last(run).state) == ("failed", "failed")
    assert told in last(run).note
    assert last(run).sent_at is None
    assert last(run).change.state == "failed"


@pytest.mark.parametrize(
    ("alters", "state", "asks"), [("no", "failed", "failed"), ("yes", "unknown", "unknown")]
)
def test_what_does_not_end_in_time_is_unknown_only_where_it_alters(
    begin, turn, crew, alters, state, asks
):
    run = turn(begin(step("echo begun; exec sleep 60", f"alters: {alters}", "within: 1 s")))
    if alters == "yes":
        approve(run, crew.ada)
        turn(run)

    assert (run.asks, last(run).state, last(run).output) == (asks, state, "begun\n")
    assert "within 1 seconds" in last(run).note


def test_endless_output_is_cut_and_left(begin, turn, monkeypatch):
    monkeypatch.setattr(client, "MOST_DROPPED", 1 << 20)

    run = turn(begin(step("yes", "alters: no")))

    assert run.asks == "failed"
    assert "printed more than" in last(run).note
    assert 1000 < len(last(run).output) <= 64 * 1024


def test_a_stop_lets_go_of_the_host(begin, runner, crew):
    run = begin(step("sleep 60", "alters: no"))

    async def stopped():
        await runner.turn()
        while not await sync_to_async(run.steps.filter(sent_at__isnull=False).exists)():
            await asyncio.sleep(0.05)
        await sync_to_async(run.refresh_from_db)()
        await sync_to_async(driving.stop_run)(run, by=crew.otto, reason="Enough")
        await runner.turn()
        await runner.settled()

    began = monotonic()
    async_to_sync(stopped)()

    run.refresh_from_db()
    assert (run.state, last(run).state) == ("stopped", "stopped")
    assert monotonic() - began < 20


KILLED = """
from dataclasses import replace
from django.conf import settings
settings.OPTIONS = replace(settings.OPTIONS, allowed_networks="127.0.0.0/8")
from fullscore.domains.foundation.changes.jobs import running, Runner
from fullscore.domains.foundation.changes.services.runbooks import stepping
from datetime import timedelta
stepping.TAKEN_OVER = timedelta(seconds=2)
running.BEAT_SECONDS, running.TURN_SECONDS = 0.5, 0.2
Runner().run()
"""
PREPARED = """
from tests import make
from fullscore.kit.models.user import system
from fullscore.config import resources
from fullscore.domains.foundation.changes.services.runbooks import entering, starting
otto = make.user("otto", role="operator")
way = make.command_access(item=make.item("web-1"), address="127.0.0.1", port={port},
                          host_key={host_key!r}, user={user!r})
entering.give_way_key(way, by=system(), private_key={private!r})
make.trouble(item=way.item, commander=otto)  # who commands needs no approval
answer = starting.run(make.runbook(text={text!r}), by=otto, item=way.item).pk
"""


@pytest.mark.once
def test_a_process_that_is_killed_outright_never_has_its_command_sent_again(target, tmp_path):
    site, mark = Installation(tmp_path), tmp_path / "mark"
    site.migrate()
    text = step(f"echo x >>{mark}; sleep 3", "within: 20 s")
    site.ask(PREPARED.format(port=target.port, host_key=target.line(), user=target.user,
                             private=PRIVATE, text=text))  # fmt: skip
    first, second = site.start(KILLED), None
    try:
        until(mark.exists)
        first.kill()
        first.wait(10)
        second = site.start(KILLED)
        until(lambda: stands(site)[:2] == ("waiting", "unknown"))
    finally:
        for process in filter(None, (first, second)):
            process.kill()
            process.wait(10)

    assert stands(site) == ("waiting", "unknown", "unknown", 1)
    assert mark.read_text() == "x\n"


def stands(site):
    """Return how its one run and step stand."""
    with closing(sqlite3.connect(site.home / DATABASE)) as database:
        return database.execute(
            "SELECT r.state, r.asks, s.state, s.sent_at IS NOT NULL FROM changes_runbookrun r"
            " JOIN changes_runbooksteprun s ON s.run_id = r.id"
        ).fetchone() or ("", "", "", 0)


def until(is_so, seconds=60):
    ends = monotonic() + seconds
    while not is_so():
        assert monotonic() < ends, "it did not come to that in time"
        sleep(0.1)
