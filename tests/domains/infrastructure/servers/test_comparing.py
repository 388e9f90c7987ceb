"""Two servers side by side, and servers found by what they tell: page, file, API and command."""

import csv
import io

import pytest

from fullscore.domains.foundation.access import tokens
from fullscore.domains.infrastructure.servers import commands
from fullscore.domains.infrastructure.servers.models import Server
from fullscore.domains.infrastructure.servers.queries import compare as queries
from fullscore.domains.infrastructure.servers.queries.compare import Row
from fullscore.domains.infrastructure.servers.queries.facts import having
from fullscore.domains.infrastructure.servers.services.rows import write
from fullscore.kit.errors import Invalid, NotAllowed
from fullscore.kit.models import AuditEntry
from tests import make

pytestmark = pytest.mark.django_db


def package(name, version, manager="deb", **values):
    return {"manager": manager, "name": name, "version": version, "architecture": "amd64"} | values


def told(name, **facts):
    """Return a server that told these sections."""
    server = make.server(item=make.item(name=name))
    for section, content in facts.items():
        make.facts(server=server, section=section, content=content)
    write(server, facts, list(facts))
    return server


@pytest.fixture
def viewer():
    return make.user("viewer", role="viewer")


@pytest.fixture
def two():
    key = {"fingerprint": "SHA256:k", "comment": "ann@x"}
    user = {"name": "ann", "uid": 1000, "shell": "/bin/bash", "groups": ["ann"], "is_locked": True}
    a = told(
        "alpha",
        packages=[package("openssl", "3.0.9-1"), package("bash", "5.2-1"), package("vim", "2:9.0")],
        users=[{**user, "keys": [key]}],
        sshd={"settings": {"PermitRootLogin": "no", "X11Forwarding": "no"}, "matches": []},
        kernel={"sysctls": {"net.ipv4.ip_forward": "0"}},
        hardware={"disks": [{"name": "sda", "size_bytes": 1_000, "rotational": True}]},
        sudo=[{"who": ["%sudo"], "run_as": ["ALL"], "tags": [], "commands": ["ALL"],
               "file": "/etc/sudoers", "line": 5}],
        listeners=[{"transport": "tcp", "address": "0.0.0.0", "port": 22, "unit": "ssh.service"}],
        units=[{"name": "ssh.service", "active": "active", "enabled": "enabled"}],
    )  # fmt: skip
    b = told(
        "beta",
        packages=[package("openssl", "3.0.11-1"), package("bash", "5.2-1")],
        users=[{**user, "keys": [], "groups": ["ann", "sudo"]}],
        sshd={"settings": {"permitrootlogin": "yes", "x11forwarding": "no"},
              "matches": [{"criteria": "User eve", "settings": {"AllowTcpForwarding": "no"}}]},
        kernel={"sysctls": {"net.ipv4.ip_forward": "1"}},
        hardware={"disks": [{"name": "sda", "size_bytes": 1_000, "rotational": False}]},
        listeners=[], units=[{"name": "ssh.service", "active": "failed", "enabled": "enabled"}],
    )  # fmt: skip
    return a, b


def parts(a, b, by, **given):
    return {part.key: part for part in queries.compare(a, b, by=by, **given)}


def test_only_what_differs_is_told_and_which_version_is_newer(two, viewer):
    found = parts(*two, viewer)

    packages = found["packages"]
    assert list(packages.rows) == [
        Row("openssl", "3.0.9-1", "3.0.11-1", "b"), Row("vim", "2:9.0", ""),
    ]  # fmt: skip
    assert (packages.total, packages.differing) == (3, 2)
    assert [row.name for row in found["sshd"].rows] == [
        "allowtcpforwarding for User eve", "permitrootlogin",
    ]  # fmt: skip
    assert found["sysctls"].rows[0][:3] == ("net.ipv4.ip_forward", "0", "1")
    assert found["disks"].rows[0].a == "1,000 bytes, rotating"
    assert found["units"].rows[0][:3] == ("ssh.service", "enabled, active", "enabled, failed")
    assert found["listeners"].rows[0][:3] == ("tcp 0.0.0.0 22", "ssh.service", "")
    [login] = found["logins"].rows
    assert "keys: ann@x" in login.a
    assert "in ann, sudo" in login.b


def test_what_is_alike_is_told_when_asked_for(two, viewer):
    names = [row.name for row in parts(*two, viewer, everything=True)["packages"].rows]

    assert names == ["bash", "openssl", "vim"]


def test_what_one_has_not_told_is_not_known_rather_than_absent(two, viewer):
    sudo = parts(*two, viewer)["sudo"]

    assert (sudo.rows, sudo.differing, sudo.untold) == ((), 0, "beta")


def test_versions_of_two_package_managers_are_not_compared(viewer):
    a = told("a", packages=[package("openssl", "3.0.9-1")])
    b = told("b", packages=[package("openssl", "3.0.7-1.el9", "rpm", architecture="x86_64")])

    assert parts(a, b, viewer)["packages"].rows[0].newer == ""


def test_a_package_in_two_versions_is_one_row(viewer):
    kernels = [package("kernel", "5.14.0-1", "rpm"), package("kernel", "5.14.0-2", "rpm")]
    a, b = told("a", packages=kernels), told("b", packages=kernels[:1])

    assert list(parts(a, b, viewer)["packages"].rows) == [
        Row("kernel", "5.14.0-1; 5.14.0-2", "5.14.0-1")
    ]


def test_comparing_takes_as_many_questions_for_any_number_of_rows(
    viewer, django_assert_max_num_queries
):
    many = [package(f"p{n}", "1.0") for n in range(400)]
    a, b = told("a", packages=many), told("b", packages=[])

    with django_assert_max_num_queries(8):
        assert parts(a, b, viewer)["packages"].differing == 400


def test_one_server_is_not_compared_with_itself(two, viewer):
    with pytest.raises(Invalid, match="one and the same"):
        queries.compare(two[0], two[0], by=viewer)


def test_who_may_not_see_what_servers_tell_compares_nothing(two):
    nobody = make.user("nobody")

    with pytest.raises(NotAllowed):
        queries.compare(*two, by=nobody)
    assert make.client(nobody).get("/servers/compare?a=alpha&b=beta").status_code == 403
    assert make.client(nobody).get("/servers/compare.csv?a=alpha&b=beta").status_code in (403, 404)


def test_the_page_stands_two_side_by_side_and_says_what_is_wrong(two, viewer):
    browser = make.client(viewer)

    page = browser.get("/servers/compare?a=alpha&b=beta").content.decode()
    unknown = browser.get("/servers/compare?a=alpha&b=gamma")
    asking = browser.get("/servers/compare")

    assert "alpha and beta differ in" in page
    assert "Sudo rules: beta told nothing" in page
    assert unknown.status_code == 422
    assert "There is no server “gamma”" in unknown.content.decode()
    assert '<option value="alpha">' in asking.content.decode()


def test_servers_of_other_teams_are_not_offered_and_not_found(two):
    two[0].item.owner = team = make.team()
    two[0].item.save()
    browser = make.client(make.user("one", role="viewer", team=team))

    answer = browser.get("/servers/compare?a=alpha&b=beta")

    assert answer.status_code == 422
    assert '<option value="beta">' not in answer.content.decode()


def test_the_file_has_what_differs(two, viewer):
    answer = make.client(viewer).get("/servers/compare.csv?a=alpha&b=beta")

    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0] == ["part", "name", "alpha", "beta"]
    assert ["Packages", "openssl", "3.0.9-1", "3.0.11-1"] in rows
    assert AuditEntry.objects.filter(verb="export comparison", by=viewer).count() == 1


def test_the_api_compares_by_a_token(two, viewer):
    text = tokens.new()
    make.token(text, user=viewer)
    program = {"Authorization": f"Bearer {text}"}

    answer = make.client().get("/api/compared-servers?a=alpha&b=beta", headers=program)

    found = {part["part"]: part for part in answer.json()["parts"]}
    assert found["packages"]["rows"][0]["newer"] == "b"
    assert found["sudo"]["untold"] == "beta"


def test_the_command_says_by_its_code_whether_they_differ(two, viewer, capsys):
    def run(*words):
        return commands.run(["compare", *words], who=lambda email: viewer)

    assert run("alpha", "beta") == 1
    assert "  openssl: 3.0.9-1 | 3.0.11-1" in capsys.readouterr().out.splitlines()
    assert run("alpha", "beta", "--csv") == 1
    assert "Packages,vim,2:9.0," in capsys.readouterr().out
    told("one", kernel={"sysctls": {"kernel.core_pattern": "=1+1"}})
    told("two", kernel={"sysctls": {}})
    assert run("one", "two", "--csv") == 1
    assert "kernel.core_pattern,'=1+1," in capsys.readouterr().out
    told("empty")
    told("void")
    assert run("empty", "void") == 0
    assert "empty and void are alike" in capsys.readouterr().out


# ── found by what they tell ────────────────────────────────────────────────────────────────────


@pytest.fixture
def fleet():
    def server(name, kernel, *packages, **values):
        made = told(name, packages=list(packages), units=values.pop("units", []))
        for column, value in {"kernel": kernel, "cpu_count": 4, "memory_bytes": 8 << 30,
                              **values}.items():  # fmt: skip
            setattr(made, column, value)
        made.save()

    failed = {"name": "nginx.service", "active": "failed", "sub": "failed", "enabled": "enabled"}
    server("old", "5.10.0-28-amd64", package("openssl", "3.0.9-1"), units=[failed])
    server("new", "6.1.0-18-amd64", package("openssl", "3.0.11-1~deb12u2"), cpu_count=16)
    server("rocky", "5.14.0-427.el9.x86_64", package("openssl", "1:3.0.7-1.el9", "rpm"),
           os_id="rocky")  # fmt: skip
    server("bare", "", package("pip-only", "1", "pip"), cpu_count=None)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        pytest.param("kernel < 6.1", {"old", "rocky"}, id="an older kernel"),
        pytest.param("kernel >= 6.1", {"new"}, id="a newer kernel"),
        pytest.param("package:openssl < 3.0.11", {"old"}, id="an older package, each by its own"),
        pytest.param("package:openssl<3.0.11", {"old"}, id="without spaces"),
        pytest.param("package:openssl > 0", {"old", "new", "rocky"}, id="a package at all"),
        pytest.param("package:openssl = 3.0.9-1", {"old"}, id="one version"),
        pytest.param("package:openssl != 3.0.9-1", {"new", "rocky"}, id="another version"),
        pytest.param("package:pip-only > 0", set(), id="what has no order is in none"),
        pytest.param("kernel < 6.1 and os = rocky", {"rocky"}, id="two conditions"),
        pytest.param("KERNEL < 6.1 AND os = Rocky", {"rocky"}, id="in capital letters"),
        pytest.param("os != rocky", {"old", "new", "bare"}, id="another system"),
        pytest.param("cpus >= 8", {"new"}, id="a number"),
        pytest.param("cpus != 4", {"new"}, id="a number it is not; unknown is not counted"),
        pytest.param("memory >= 8G and cpus = 4", {"old", "rocky"}, id="a size"),
        pytest.param("unit:nginx = failed", {"old"}, id="a unit in a state"),
        pytest.param("unit:nginx.service != active", {"old"}, id="a unit not in a state"),
    ],
)
def test_servers_are_found_by_what_they_tell(fleet, where, expected):
    found = having(Server.objects.all(), where)

    assert set(found.values_list("item__name", flat=True)) == expected


@pytest.mark.parametrize(
    ("where", "match"),
    [
        pytest.param("kernel", "is no condition", id="no comparison"),
        pytest.param("", "is no condition", id="nothing"),
        pytest.param("colour = red", "“colour” is nothing that servers tell: kernel", id="unknown"),
        pytest.param("package < 3", "Say which package", id="no package named"),
        pytest.param("kernel:x < 3", "takes no name", id="a name too many"),
        pytest.param("cpus > many", "“many” is no number of cpus", id="no number"),
        pytest.param("cpus > 8G", "no number of cpus", id="a size where none is"),
        pytest.param("memory > 8X", "such as 8G", id="no size"),
        pytest.param("os < debian", "with = or !=", id="a word is not ordered"),
        pytest.param("unit:ssh > 3", "in a state or not", id="a unit is not ordered"),
        pytest.param(" and ".join(["cpus > 1"] * 9), "at most 8", id="too many conditions"),
        pytest.param("kernel < 6.1 or cpus > 8", "is no condition", id="or is not known"),
    ],
)
def test_a_condition_that_is_none_is_refused_with_what_to_write(where, match):
    with pytest.raises(Invalid, match=match) as refused:
        having(Server.objects.all(), where)

    assert "Write it as kernel < 6.1 and package:openssl < 3.0.11." in str(refused.value)


def test_page_and_api_filter_by_what_servers_tell(fleet, viewer):
    text = tokens.new()
    make.token(text, user=viewer)
    program = {"Authorization": f"Bearer {text}"}
    query = {"where": "package:openssl < 3.0.11"}

    page = make.client(viewer).get("/servers", query).content.decode()
    answer = make.client().get("/api/servers", query, headers=program)
    wrong = make.client().get("/api/servers", {"where": "kernel"}, headers=program)
    shown = make.client(viewer).get("/servers", {"where": "kernel"}).content.decode()

    assert ">old<" in page
    assert ">rocky<" not in page
    assert [row["item"]["name"] for row in answer.json()["items"]] == ["old"]
    assert wrong.status_code == 422
    assert "is no condition" in wrong.content.decode()
    assert "is no condition" in shown
