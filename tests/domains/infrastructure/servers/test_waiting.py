"""Stolen processors and slow disks, read from samples as the probe and an exporter send them."""

import pytest

from fullscore.domains.infrastructure.servers.queries import waiting
from fullscore.kit.checks import Scope
from tests import make
from tests.domains.foundation.telemetry.worlds import world

__all__ = ["world"]


def counter(world, item, name, labels, per_second, minutes=20):
    """Let a counter of an item rise by so much a second, told each minute until now."""
    metric = make.metric(name=name) if name not in world.metrics else world.metrics[name]
    world.metrics[name] = metric
    series = world.series(metric, item, labels=labels)
    world.measured(series, *(per_second * 60 * n for n in range(minutes + 1)), every=60)


@pytest.fixture
def host(world):
    world.metrics = {}
    return make.item(name="web1")


def test_steal_is_the_mean_of_all_processors(world, host):
    for cpu, stolen in (("0", 0.3), ("1", 0.1)):
        counter(world, host, waiting.MODES, {"cpu": cpu, "mode": "steal"}, stolen)
        counter(world, host, waiting.MODES, {"cpu": cpu, "mode": "user"}, 0.9)

    (told,) = waiting.stolen(Scope(world.now))

    assert (told.item, told.percent) == (host.pk, pytest.approx(20, rel=0.02))


def test_a_disk_s_wait_is_time_by_requests_and_a_resting_one_waits_for_nothing(world, host):
    make.disk(server=make.server(item=host), name="sda", is_rotational=True)
    for device, reads in (("sda", 10.0), ("vdb", 0.01)):
        labels = {"device": device}
        counter(world, host, waiting.COUNTS[0], labels, reads)
        counter(world, host, waiting.COUNTS[1], labels, reads)
        counter(world, host, waiting.TIMES[0], labels, reads * 0.05)
        counter(world, host, waiting.TIMES[1], labels, reads * 0.15)

    sda, vdb = waiting.slow(Scope(world.now))

    assert (sda.device, sda.is_rotational, sda.await_ms) == (
        "sda",
        True,
        pytest.approx(100, rel=0.02),
    )
    assert (vdb.device, vdb.is_rotational, vdb.await_ms) == ("vdb", False, 0.0)


def test_what_told_nothing_lately_is_not_known(world, host):
    counter(world, host, waiting.MODES, {"cpu": "0", "mode": "steal"}, 0.1)
    counter(world, host, waiting.COUNTS[0], {"device": "sda"}, 10)
    world.now = world.now.replace(hour=world.now.hour + 2)

    assert [one.percent for one in waiting.stolen(Scope(world.now))] == [None]
    assert [one.await_ms for one in waiting.slow(Scope(world.now))] == [None]
