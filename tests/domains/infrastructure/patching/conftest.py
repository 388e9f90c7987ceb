"""A small estate with servers that have updates waiting."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings

from fullscore.domains.infrastructure.patching.jobs import Patcher
from fullscore.domains.infrastructure.patching.jobs.hands import Patience
from fullscore.domains.infrastructure.servers.models import PackageVersion
from fullscore.kit import time
from tests import make

QUICK = Patience(poll=0.1, update=20, reboot=3, settle=1)
NOW = datetime(2026, 3, 2, 0, 30, tzinfo=UTC)  # a Monday, half an hour before windows open


@pytest.fixture
def clock(monkeypatch):
    """Return a function that moves the time on, and tells it."""
    now = [NOW]
    monkeypatch.setattr(time, "now", lambda: now[0])

    def on(**span):
        now[0] += timedelta(**span)
        return now[0]

    return on


@pytest.fixture
def ticking(monkeypatch, db):
    """Return a function that moves the time on; it goes by itself as well."""
    ahead, real = [timedelta(0)], time.now
    monkeypatch.setattr(time, "now", lambda: real() + ahead[0])

    def on(**span):
        ahead[0] += timedelta(**span)
        return time.now()

    return on


@pytest.fixture
def patience():
    """How long processes wait for what; a test may let them wait longer."""
    return [QUICK]


@pytest.fixture
def patcher(monkeypatch, ticking, patience):
    """Return a maker of processes that patch; the test's transaction belongs to its thread."""

    async def asked(self, ask, *values, **named):
        return await sync_to_async(ask)(*values, **named)

    monkeypatch.setattr(Patcher, "_asked", asked)
    opened = replace(settings.OPTIONS, allowed_networks="127.0.0.0/8")
    monkeypatch.setattr(settings, "OPTIONS", opened)
    return lambda: Patcher(patience[0])


@pytest.fixture
def patch(patcher):
    """Return a function that lets one process take a turn and finish what it begins."""

    def turn(times=2):
        one = patcher()

        async def turns():
            for _ in range(times):
                await one.turn()
                await one.settled()
                await one.turn()

        async_to_sync(turns)()
        one._database.shutdown()

    return turn


def patchable(name="", *, package="openssl", version="3.0.1", candidate="3.0.2", **values):
    """Return a server with one security update waiting for ten days."""
    item = make.item(kind="host", **({"name": name} if name else {}), **values)
    server = make.server(item=item, security_updates=1)
    waits(server, package, version, candidate)
    return server


def waits(server, package, version, candidate, *, is_security=True, days=10, manager="deb"):
    """Let an update wait on a server."""
    told = {"name": package, "version": version, "manager": manager}
    known = PackageVersion.objects.filter(**told).first() or make.package(**told)
    return make.installed(
        server=server, package=known, candidate=candidate, is_security=is_security,
        waiting_since=NOW - timedelta(days=days),
    )  # fmt: skip


def needs(dependent, *supports, needed=None, name=""):
    """Let an item need others."""
    requirement = make.requirement(dependent=dependent, needed=needed, name=name)
    for support in supports:
        make.link(from_item=dependent, to_item=support, requirement=requirement)
    return requirement
