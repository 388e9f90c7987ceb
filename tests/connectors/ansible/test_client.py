"""Plays for real: ansible-playbook against an sshd on loopback, and what goes wrong in words."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from fullscore.connectors.ansible import client, folder, parse
from fullscore.connectors.ansible.client import Host
from fullscore.connectors.apt import commands
from fullscore.connectors.base import Garbled, Limits, Refused, Unreachable
from fullscore.connectors.ssh import keys
from tests.domains.infrastructure.patching import targets
from tests.servers import free_port, sshd

pytestmark = [pytest.mark.real, pytest.mark.once]

LIMITS = Limits(timeout_seconds=60, size_bytes=16 << 20)
MINE = keys.new_pair("test")
OTHER = keys.new_pair("test")
HOSTILE = r"\033]0;owned\007\033[31mred\r\n\173{ 7 * 7 }\175 \342\200\256\000end"

SLOW = {"dpkg": ["sh", "-c", "sleep 15", "dpkg"], "targets": []}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with sshd(words=f"SetEnv HOME={tmp_path_factory.mktemp('home')}") as started:
        started.authorize("restrict " + MINE[1])
        yield started


@pytest.fixture(autouse=True)
def corner(monkeypatch):
    """Let plays have their folders where no other test has; a short path, for sockets lie in it."""
    with tempfile.TemporaryDirectory(prefix="corner-") as made:
        monkeypatch.setattr(tempfile, "tempdir", made)
        yield made


def host(server, **values):
    """Return a host that a play reaches, but for the given values."""
    known = {"address": "127.0.0.1", "port": server.port, "user": server.user,
             "host_key": server.line(), "private_key": MINE[0]}  # fmt: skip
    return Host(**{**known, **values})


def play(name, *, limits=LIMITS, **hosts):
    return asyncio.run(client.play(name, hosts, limits=limits))


def prints(text, *, status=0):
    """Return variables with which the first task of `check` prints a text, and ends so."""
    return {"dpkg": ["sh", "-c", f"printf '{text}'; exit {status}", "dpkg"], "targets": []}


def left():
    """Return the folders and processes of this test's plays that are there."""
    mark = f"{folder.MARK}={tempfile.gettempdir()}/".encode()
    places = list(Path(tempfile.gettempdir()).glob(f"{folder.PREFIX}*"))
    marked = [
        entry.name
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and mark in read(entry / "environ")
    ]
    return places, marked


def read(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_one_play_tells_of_each_host_what_became_of_it(server):
    told = play(
        "reboot",
        good=host(server),
        ordered=host(server, variables={"reboot": ["true"], "is_ordered": True}),
        broken=host(server, variables={"reboot": ["sh", "-c", "echo E: no >&2; exit 7"],
                                       "is_ordered": True}),
        stranger=host(server, host_key=OTHER[1]),
        locked=host(server, private_key=OTHER[0]),
        nobody=host(server, port=free_port()),
    )  # fmt: skip

    assert {name: one.state for name, one in told.items()} == {
        "good": "ok", "ordered": "changed", "broken": "failed", "stranger": "unreachable",
        "locked": "unreachable", "nobody": "unreachable",
    }  # fmt: skip
    assert told["good"].output("identity").splitlines()[0].count("-") == 4
    assert told["good"].task("order") is None
    assert (told["broken"].problem, told["broken"].task("order").status) == ("E: no", 7)
    assert told["stranger"].problem.startswith("It shows another key than the trusted one")
    assert told["locked"].problem.startswith("It does not let this account in")
    assert [name for name, one in told.items() if one.is_refused] == ["stranger", "locked"]
    assert "Connection refused" in told["nobody"].problem
    assert left() == ([], [])


def test_what_takes_too_long_is_ended_with_all_it_began(server):
    began = time.monotonic()
    slow = host(server, variables=SLOW)

    with pytest.raises(Unreachable, match="no complete answer within 4 seconds"):
        play("check", limits=replace(LIMITS, timeout_seconds=4), slow=slow)

    assert time.monotonic() - began < 14
    assert left() == ([], [])


def test_what_is_given_up_is_ended_with_all_it_began(server):
    slow = host(server, variables=SLOW)

    async def given_up():
        task = asyncio.create_task(client.play("check", {"slow": slow}, limits=LIMITS))
        while not any(b"ansible-playbook" in read(Path(f"/proc/{p}/cmdline")) for p in left()[1]):
            await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return task.cancelled()

    assert asyncio.run(given_up())
    assert left() == ([], [])


def test_what_hosts_print_is_harmless_and_bounded(server):
    told = play(
        "check",
        hostile=host(server, variables=prints(HOSTILE, status=3)),
        much=host(server, variables=prints("%0100000d", status=3)),
        flood=host(server, variables=prints("%0900000d", status=3)),
    )

    # Nothing is read as a template; terminal escapes, controls and marks of direction are gone.
    assert told["hostile"].output("audit") == "red\n{{ 7 * 7 }} end"
    assert told["hostile"].problem == "{{ 7 * 7 }} end"
    much = told["much"].output("audit")
    assert len(much.encode()) <= parse.MOST_OUTPUT
    assert parse.CUT in much
    assert told["flood"].state == "failed"
    assert told["flood"].output("audit") == parse.LEFT_OUT


def test_a_flood_beyond_the_limit_is_refused_as_a_whole(server):
    flood = host(server, variables=prints("%0390000d", status=3))

    with pytest.raises(Garbled, match="more than the 200,000 bytes"):
        play("check", limits=replace(LIMITS, size_bytes=200_000), flood=flood)

    assert left() == ([], [])


def test_the_key_is_on_no_command_line_in_no_environment_and_in_no_file(server):
    secret = [line.encode() for line in MINE[0].splitlines() if line and "KEY" not in line]
    seen, kinds = [], set()
    told_of = host(server, variables={"names": ["none-such"]})

    async def watched():
        task = asyncio.create_task(client.play("verify", {"host": told_of}, limits=LIMITS))
        while not task.done():
            places, marked = left()
            files = [path for place in places for path in place.rglob("*") if path.is_file()]
            files += [Path(f"/proc/{pid}/{name}") for pid in marked
                      for name in ("cmdline", "environ")]  # fmt: skip
            for path in files:
                kinds.add(path.name)
                seen.extend(path for line in secret if line in read(path))
            assert all(place.stat().st_mode & 0o777 == 0o700 for place in places if place.exists())
            await asyncio.sleep(0.02)
        return await task

    told = asyncio.run(watched())

    assert told["host"].state == "ok"
    assert seen == []
    assert {"cmdline", "environ", "known_hosts", "hosts.json", "command"} <= kinds
    assert not any(line.decode() in str(told) for line in secret)


def test_what_a_killed_process_left_is_cleared_away_by_the_next(server, tmp_path, corner):
    words = dict(address="127.0.0.1", port=server.port, user=server.user, host_key=server.line(),
                 private_key=MINE[0], variables=SLOW)  # fmt: skip
    script = (
        "import asyncio; from fullscore.connectors.ansible import client;"
        "from fullscore.connectors.base import Limits;"
        f"asyncio.run(client.play('check', {{'slow': client.Host(**{words!r})}},"
        " limits=Limits(timeout_seconds=60, size_bytes=1 << 24)))"
    )
    path = tmp_path / "script.py"
    path.write_text(script)
    environment = {**os.environ, "PYTHONPATH": "src", "TMPDIR": corner}
    begun = subprocess.Popen([sys.executable, path], env=environment)
    while not any(b"ansible-playbook" in read(Path(f"/proc/{p}/cmdline")) for p in left()[1]):
        time.sleep(0.05)
        assert begun.poll() is None

    folder.sweep()
    assert left()[1]  # its process lives: nobody touches it
    begun.send_signal(signal.SIGKILL)
    begun.wait(10)
    places, marked = left()
    assert (len(places), bool(marked)) == (1, True)
    os.utime(places[0], (time.time() - 100, time.time() - 100))
    folder.sweep()

    assert left() == ([], [])


@pytest.mark.parametrize(
    ("values", "name", "told"),
    [
        pytest.param({}, "no-such", "no playbook", id="an unknown playbook"),
        pytest.param({"private_key": "x"}, "verify", "no private key", id="no key"),
        pytest.param({"user": "{{ x }}"}, "verify", "read as a template", id="a template as user"),
        pytest.param(
            {"variables": {"names": ["{% x %}"]}}, "verify", "template", id="a template inside"
        ),
    ],
)
def test_what_cannot_be_played_is_refused(server, values, name, told):
    with pytest.raises(Refused, match=told):
        play(name, host=host(server, **values))

    assert left() == ([], [])


def test_hosts_are_called_by_plain_words(server):
    with pytest.raises(Refused, match="no name for a host"):
        play("verify", **{"all:!x": host(server)})


@pytest.mark.parametrize(
    ("programs", "told"),
    [
        pytest.param([], r"pip install 'fullscore\[ansible\]'", id="no Ansible"),
        pytest.param(["ansible-runner", "ansible-playbook", "ssh"], "needs ssh-agent", id="no SSH"),
    ],
)
def test_where_something_lacks_it_says_what_to_install(
    server, monkeypatch, tmp_path, programs, told
):
    for name in programs:
        (tmp_path / name).touch(mode=0o755)
    monkeypatch.setattr(client, "_path", lambda: str(tmp_path))

    with pytest.raises(Refused, match=told):
        play("verify", host=host(server))


def test_playbooks_use_the_commands_that_sudoers_allow():
    told = yaml.safe_load((client.PLAYBOOKS / "group_vars/all.yml").read_text())

    assert " ".join(told["apt_get"]) == commands.GET
    assert " ".join(told["reboot"]) == commands.reboot()
    assert " ".join(told["apt_settings"]) == commands.KEEP_SETTINGS


def test_packages_are_saved_updated_verified_and_put_back_in_another_root(server, tmp_path):
    targets.needed()
    one, two = (targets.deb(tmp_path, "webapp", version) for version in ("1.0", "2.0"))
    source = targets.repository(tmp_path / "source", one, two)
    targets.prepared(tmp_path, one)
    root = tmp_path / "root"
    (root / "etc/apt/sources.list").write_text(f"deb [trusted=yes] file:{source} ./\n")
    (tmp_path / "apt.conf").write_text(targets.APT.format(root=root))
    options = ["-c", str(tmp_path / "apt.conf")]
    update = ["apt-get", *options, "-q", "update"]
    subprocess.run(update, check=True, capture_output=True, timeout=30)
    variables = {
        "apt_get": ["apt-get"], "apt_options": options, "names": ["webapp"],
        "dpkg_query": ["dpkg-query", f"--admindir={root}/var/lib/dpkg"], "hold_seconds": 20,
    }  # fmt: skip

    def went(name, task, **more):
        told = play(name, host=host(server, variables={**variables, **more}))["host"]
        assert (told.problem, told.state in ("ok", "changed")) == ("", True)
        return told.output(task)

    assert went("save", "keep", place="keep-1", kept=["webapp=1.0"]) == "webapp_1.0_all.deb"
    assert went("update", "wait", place="up-1", targets=["webapp=2.0"]).startswith("ended 0\n")
    assert went("verify", "versions") == "webapp 2.0 installed"
    back = {"saved": "keep-1", "stems": ["webapp_1.0"], "place": "back-1"}
    assert "downgraded" in went("downgrade", "wait", **back)
    assert went("verify", "versions") == "webapp 1.0 installed"
    # Asked again, what has been done is not done again: the host still tells its end.
    assert went("update", "wait", place="up-1", targets=["webapp=2.0"]).startswith("ended 0\n")
    assert went("verify", "versions") == "webapp 1.0 installed"
