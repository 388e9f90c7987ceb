"""Hosts that come to a step together share one play, and none spoils another's."""

import asyncio
from dataclasses import replace

import pytest

from fullscore.connectors.ansible import client
from fullscore.connectors.ansible.client import Host
from fullscore.connectors.base import Refused, Unreachable
from fullscore.connectors.ssh import keys
from fullscore.domains.infrastructure.patching.jobs import by_ansible
from fullscore.domains.infrastructure.patching.jobs.by_ansible import ByAnsible, Stage
from fullscore.domains.infrastructure.patching.jobs.hands import Failed, Patience
from tests.servers import free_port, sshd

pytestmark = [pytest.mark.real, pytest.mark.once]
PRIVATE, PUBLIC = keys.new_pair("plays")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with sshd(words=f"SetEnv HOME={tmp_path_factory.mktemp('home')}") as started:
        started.authorize(f"restrict {PUBLIC}")
        yield started


@pytest.fixture
def plays(monkeypatch):
    """Note which playbook is played for how many hosts."""
    seen, real = [], client.play

    async def noted(name, hosts, **more):
        seen.append((name, len(hosts)))
        return await real(name, hosts, **more)

    monkeypatch.setattr(client, "play", noted)
    return seen


def hands(stage, server, **variables):
    place = Host("127.0.0.1", server.port, server.user, server.line(), PRIVATE, variables)
    return ByAnsible(stage, place, Patience(poll=0.1, update=30))


def together(*asked):
    """Ask at once; what went wrong comes back as it is."""

    async def gathered():
        return await asyncio.gather(*(ask() for ask in asked), return_exceptions=True)

    return asyncio.run(gathered())


def test_what_is_asked_at_once_is_one_play_and_a_reboot_is_always_one_of_its_own(server, plays):
    stage = Stage()
    some = [hands(stage, server, reboot=["true"]) for _ in range(3)]

    told = together(some[0].identity, some[1].identity, some[2].wants_reboot, some[0].reboot)

    assert told[0] == told[1]
    assert told[2:] == [False, None]
    assert sorted(plays) == [("reboot", 1), ("reboot", 3)]


def test_a_host_that_hangs_spoils_no_others_step(server, plays, monkeypatch):
    noted = client.play

    async def shared_ones_end_early(name, hosts, *, limits):
        seconds = 5 if len(hosts) > 1 else limits.timeout_seconds
        return await noted(name, hosts, limits=replace(limits, timeout_seconds=seconds))

    monkeypatch.setattr(client, "play", shared_ones_end_early)
    stage = Stage()
    good = hands(stage, server)
    slow = hands(stage, server, dpkg_query=["sh", "-c", "sleep 8", "dpkg-query"])

    one, other = together(
        lambda: good.stand([["bash", "1", "2"]]), lambda: slow.stand([["bash", "1", "2"]])
    )

    assert one.versions["bash"]
    assert other.versions == {}
    assert plays == [("verify", 2), ("verify", 1), ("verify", 1)]


def test_what_went_wrong_in_a_play_is_told_as_over_ssh(server, plays):
    stage = Stage()
    broken = hands(stage, server, dpkg=["sh", "-c", "echo bash is half installed", "dpkg"])
    away = hands(stage, server)
    away._host = replace(away._host, port=free_port())
    stranger = hands(stage, server)
    stranger._host = replace(stranger._host, host_key=PUBLIC)
    packages = [["bash", "1", "2"]]

    told = together(*(lambda one=one: one.look(packages) for one in (broken, away, stranger)))

    assert [type(one) for one in told] == [Failed, Unreachable, Refused]
    assert str(told[0]) == "Its packages are not sound: bash is half installed"
    assert "Connection refused" in str(told[1])
    assert "another key than the trusted one" in str(told[2])
    assert plays == [("check", 3)]


def test_names_that_are_none_of_debians_never_come_to_ansible(server, plays):
    one = hands(Stage(), server)
    packages = [["bash; reboot", "1", "{{ 2 }}"]]

    told = together(
        lambda: one.look(packages), lambda: one.stand(packages),
        lambda: one.update("up-1", packages), lambda: one.put_back("back-1", "keep-1", packages),
    )  # fmt: skip

    assert [type(each) for each in told] == [Refused] * 4
    assert plays == []


def test_work_that_takes_longer_than_one_play_waits_for_is_waited_for(server, plays, monkeypatch):
    monkeypatch.setattr(by_ansible, "HOLD_SECONDS", 1)
    one = hands(Stage(), server, apt_get=["sh", "-c", "sleep 5; echo once", "apt-get"])

    log = together(lambda: one.update("update-7", [["bash", "1", "2"]]))[0]

    assert log.strip() == "once"
    assert len(plays) >= 2


def test_who_asks_while_plays_are_under_way_shares_the_next(server, plays, monkeypatch):
    stage = Stage()
    stage._turns = asyncio.Semaphore(1)
    one = hands(stage, server)

    async def asked():
        first = asyncio.create_task(one.wants_reboot())
        await asyncio.sleep(1)
        second = asyncio.create_task(one.wants_reboot())
        await asyncio.sleep(by_ansible.GATHER_SECONDS + 0.1)
        return await asyncio.gather(first, second, one.wants_reboot())

    assert asyncio.run(asked()) == [False] * 3
    assert plays == [("reboot", 1), ("reboot", 2)]


@pytest.mark.parametrize("count", [1, 2], ids=["alone", "together"])
def test_whatever_breaks_a_play_is_told_to_all_that_asked(server, monkeypatch, count):
    async def no_room(name, hosts, **more):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(client, "play", no_room)
    one = hands(Stage(), server)

    told = together(*[one.wants_reboot] * count)

    assert [type(each) for each in told] == [OSError] * count
