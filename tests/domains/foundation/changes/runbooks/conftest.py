"""Runbooks, and a process that brings their runs on without sending anything."""

from dataclasses import dataclass, field

import pytest

from fullscore.domains.foundation.changes import services
from fullscore.domains.foundation.changes.services.runbooks import starting, stepping
from fullscore.kit.models.user import system
from tests import make

RESTART = """## Restart
```command
systemctl restart {unit}
```
"""
WITH_UNIT = "```parameters\nunit: name = nginx\n```\n" + RESTART


@dataclass
class Hand:
    """Brings runs on in this process; what would be sent is answered by the test."""

    clock: object
    name: str = "a" * 32
    orders: list = field(default_factory=list)

    def on(self, run):
        """Bring a run on until it waits, is over, or a command is to be sent."""
        by, now = system(), self.clock.now
        order = None
        if run.pk in stepping.claim(by=by, holder=self.name, most=20, now=now) or (
            type(run).objects.get(pk=run.pk).holder == self.name
        ):
            order = stepping.advance(run.pk, holder=self.name, by=by, now=now)
        if order:
            self.orders.append(order.command)
        run.refresh_from_db()
        return order

    def answers(self, order, status=0, output=b"", why=""):
        """Send a command and let it end so."""
        assert stepping.send(order, holder=self.name, now=self.clock.now)
        self.ends(order, status, output, why)

    def ends(self, order, status=0, output=b"", why=""):
        stepping.take(order, status, output, why, holder=self.name, by=system(), now=self.clock.now)


@pytest.fixture
def hand(clock):
    return Hand(clock)


@pytest.fixture
def host(db):
    """Return an item on which commands can be run."""
    host = make.item("web-1")
    way = make.command_access(item=host, host_key="ssh-ed25519 AAAA")
    give_key(way)
    return host


def give_key(way):
    """Give an access a key, as its page does."""
    from fullscore.domains.foundation.changes.services.runbooks import entering

    entering.make_way_key(way, by=system())


@pytest.fixture
def begin(crew, host):
    """Begin a run of some steps in Otto's name, who may alter hosts."""

    def begun(text, by=None, item=None, **values):
        runbook = make.runbook(text=text, written_by=crew.ann, approved_by=crew.ada)
        return starting.run(runbook, by=by or crew.otto, item=item or host, **values)

    return begun


def last(run):
    """Return the newest step of a run."""
    return run.steps.order_by("-number").first()


def approve(run, by):
    """Say yes to the change a run waits for."""
    return services.approve(last(run).change, by=by)
