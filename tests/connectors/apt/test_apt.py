"""What apt and dpkg say, as recorded, and what is never asked of a shell."""

import shlex

import pytest

from fullscore.connectors.apt import commands, parse
from fullscore.connectors.apt.transaction import kept, planned
from fullscore.connectors.base import Garbled, Refused

pytestmark = pytest.mark.once

SIMULATED = """NOTE: This is only a simulation!
Reading package lists...
Building dependency tree...
The following packages will be upgraded:
  libssl3:i386 openssl
Inst openssl [3.0.15-1~deb12u1] (3.0.17-1~deb12u2 Debian-Security:12/stable-security [amd64])
Inst libssl3:i386 [3.0.15-1~deb12u1] (3.0.17-1~deb12u2 Debian-Security:12/stable [i386])
Inst linux-image-6.1.0-40-amd64 (6.1.153-1 Debian-Security:12/stable-security [amd64])
Remv libold [1.0-1]
Conf openssl (3.0.17-1~deb12u2 Debian-Security:12/stable-security [amd64])
"""
PLANNED = [
    ["openssl", "3.0.15-1~deb12u1", "3.0.17-1~deb12u2"],
    ["libssl3:i386", "3.0.15-1~deb12u1", "3.0.17-1~deb12u2"],
]
LOCKED = """E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 812 (apt-get)
E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?
"""  # noqa: E501 - as it is printed


def test_what_apt_would_do_beyond_the_plan_is_told():
    found = parse.transaction(SIMULATED)

    assert [one[:3] for one in found.upgraded] == [tuple(one) for one in PLANNED]
    assert found.differs_from(planned(PLANNED)) == (
        "also install linux-image-6.1.0-40-amd64, remove libold"
    )
    assert found.removed[0][:3] == ("libold", "1.0-1", "")
    more = planned([*PLANNED, ["curl", "1", "2"]])
    assert "leave curl as it is" in found.differs_from(more)
    assert found.leaves(more) == "leave curl as it is"


def test_what_was_approved_and_would_not_be_done_differs_too():
    approved = kept(parse.transaction(SIMULATED).rows())
    now = parse.transaction("\n".join(SIMULATED.splitlines()[:7]))

    assert parse.transaction(SIMULATED).differs_from(approved) == ""
    assert now.differs_from(approved) == (
        "not install linux-image-6.1.0-40-amd64, not remove libold"
    )
    other = SIMULATED.replace("6.1.153-1", "6.1.158-1")
    assert parse.transaction(other).differs_from(approved).startswith("also install linux-image")


@pytest.mark.parametrize(
    ("origin", "is_taken"),
    [
        ("Debian-Security:12/stable-security", True),
        ("Debian:12.9/stable, Debian-Security:12/stable-security", True),
        ("Docker CE:bookworm", False),
        ("Debian:12.9/stable, Docker CE:bookworm", False),
        ("", False),
    ],
)
def test_a_new_dependency_comes_from_where_the_updates_come_from(origin, is_taken):
    text = SIMULATED.replace("6.1.153-1 Debian-Security:12/stable-security", f"6.1.153-1 {origin}")

    assert bool(parse.transaction(text).dependencies()) == is_taken


@pytest.mark.parametrize(
    "line",
    ["Inst x (1.0)", "Inst x (1.0", "Inst x [0.9] (1.0 [", "Inst x (1.0 ((Debian [amd64]) []"],
)
def test_a_line_that_is_odd_is_never_overlooked(line):
    found = parse.transaction(line)

    assert [one[0] for one in (*found.added, *found.upgraded)] == ["x"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (LOCKED, "Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 812"),
        ("Reading…\ndpkg: error processing package x (--configure):\n", "dpkg: error processing"),
        ("", "it said nothing"),
        ("only words", "only words"),
    ],
)
def test_the_complaint_is_the_first_error(text, told):
    assert parse.complaint(text).startswith(told)


def test_escapes_and_control_characters_are_not_kept():
    assert parse.words(b"a\x1b[31mred\x1b[0m\x07\xffb") == "ared\ufffdb"


@pytest.mark.parametrize(
    ("boot", "newest"),
    [
        ("vmlinuz-6.1.0-9-amd64\nvmlinuz-6.1.0-10-amd64\ninitrd.img-6.1.0-11", "6.1.0-10-amd64"),
        ("", ""),
        ("grub", ""),
    ],
)
def test_the_newest_kernel_is_found_by_number(boot, newest):
    text = f"0b5c1d9e-7c1e-4b63-9d3e-0f9f4a5d2e11\n6.1.0-9-amd64\n{boot}\n"

    assert parse.identity(text).newest == newest


@pytest.mark.parametrize("text", ["", "no boot\n6.1", "<html>\n"])
def test_a_host_that_does_not_tell_its_boot_is_garbled(text):
    with pytest.raises(Garbled):
        parse.identity(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ended 0\nlog", ("ended", 0, "log")),
        ("ended 100\nE: x", ("ended", 100, "E: x")),
        ("running\n", ("running", None, "")),
        ("lost", ("lost", None, "")),
    ],
)
def test_how_detached_work_stands_is_read(text, expected):
    assert parse.detached(text) == expected


@pytest.mark.parametrize(
    "package",
    [
        ["openssl; rm -rf /", "1", "2"],
        ["-o=Dir=/", "1", "2"],
        ["openssl", "1", "2$(id)"],
        ["openssl", "1", "../2"],
        ["Openssl", "1", "2"],
        ["", "1", "2"],
    ],
)
def test_what_is_no_package_never_reaches_a_shell(package):
    with pytest.raises(Refused):
        commands.update("update-1", [package])


def test_what_is_one_is_quoted_once():
    script = commands.simulate([["libssl3:i386", "1", "1:3.0.17-1~deb12u2+b1"]])

    assert "libssl3:i386=1:3.0.17-1~deb12u2+b1" in shlex.split(script)


def test_a_folder_of_ours_has_a_plain_name():
    with pytest.raises(Refused):
        commands.peek("../../etc")
