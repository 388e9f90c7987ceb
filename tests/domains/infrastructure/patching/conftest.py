"""A small estate with servers that have updates waiting."""

from datetime import UTC, datetime, timedelta

import pytest

from fullscore.domains.infrastructure.servers.models import PackageVersion
from fullscore.kit import time
from tests import make

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
