"""Who gets in where, who becomes root there, and why: page, file, API and command."""

import csv
import io
from datetime import timedelta
from unittest.mock import patch

import pytest

from fullscore.config import tools
from fullscore.connectors.probe.parse import Report
from fullscore.domains.foundation.access import tokens
from fullscore.domains.infrastructure.servers import commands, services
from fullscore.domains.infrastructure.servers.models import Account, AccountKey
from fullscore.domains.infrastructure.servers.queries import access, told
from fullscore.domains.infrastructure.servers.queries.access import Asked
from fullscore.kit import time
from fullscore.kit.errors import Invalid, NotAllowed, NotFound
from fullscore.kit.models.user import system
from tests import make

pytestmark = pytest.mark.django_db
RULE = {"who": ["%sudo"], "hosts": ["ALL"], "run_as": ["ALL", ":ALL"], "tags": ["NOPASSWD"],
        "commands": ["ALL"], "file": "/etc/sudoers", "line": 50}  # fmt: skip


@pytest.fixture
def viewer():
    return make.user("viewer", role="viewer")


def named(name, **values):
    item = make.item(name=name, **values)
    return make.server(item=item)


def key(mark, comment):
    return {"type": "ssh-ed25519", "bits": 256, "fingerprint": f"SHA256:{mark}", "options": None,
            "comment": comment, "file": "/home/eve/.ssh/authorized_keys"}  # fmt: skip


def login(name, *keys, groups=("users",), **values):
    known = {"uid": 1000, "shell": "/bin/bash", "is_locked": True, "groups": list(groups)}
    return known | {"name": name, "keys": list(keys)} | values


def tell(server, at, **facts):
    """Let a server tell facts at a moment, which is now to all that is written."""
    report = Report(at.timestamp(), "1.0", 1, True, facts, (), ())
    with patch.object(time, "now", lambda: at):
        services.take_facts(server, report, by=system(), now=at)
    server.refresh_from_db()


def cells(matrix):
    people = {one.pk: one.name for one in matrix.people}
    servers = {one.pk: one.name for one in matrix.servers}
    return {
        (people[c.person], servers[c.server]): (c.ways, c.is_root) for c in matrix.cells.values()
    }


@pytest.fixture
def fleet():
    """Return Ann, Eve who has left, and two servers they get in to."""
    ann = make.person("Ann", email="ann@example.org")
    eve = make.person("Eve", email="eve@example.org", state="left")
    web, db = named("web"), named("db")
    for server, name, whose, root in ((web, "ann", ann, True), (db, "ann", ann, False)):
        make.server_account(
            server=server, name=name, person=whose, can_log_in=True, key_count=1,
            becomes_root="%sudo by /etc/sudoers:50" if root else "",
        )  # fmt: skip
    shared = make.server_account(server=web, name="deploy", purpose="Deploys", can_log_in=True)
    make.account_key(account=shared, person=eve, comment="eve@example.org")
    make.server_account(server=web, name="old", person=eve, can_log_in=False)
    return ann, eve, web, db


def test_people_stand_against_servers_with_leavers_and_where_they_get_in_first(fleet, viewer):
    found = access.matrix(viewer, Asked())

    assert [one.name for one in found.people] == ["Eve", "Ann"]
    assert [one.name for one in found.servers] == ["web", "db"]
    assert cells(found) == {
        ("Ann", "web"): (1, True), ("Ann", "db"): (1, False), ("Eve", "web"): (1, False),
    }  # fmt: skip
    assert (found.people_total, found.servers_total, found.left_total) == (2, 2, 1)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param({"person": "eve"}, {("Eve", "web")}, id="a part of a name"),
        pytest.param({"person": "ann@example"}, {("Ann", "web"), ("Ann", "db")}, id="an address"),
        pytest.param({"server": "d"}, {("Ann", "db")}, id="a part of a server's name"),
        pytest.param({"is_root": True}, {("Ann", "web")}, id="only root"),
        pytest.param({"person": "nobody"}, set(), id="nobody of that name"),
        pytest.param({"person": "9" * 30}, set(), id="a number too long for any"),
        pytest.param({"team": 0}, set(), id="a team that is not there"),
    ],
)
def test_the_matrix_shows_what_is_asked_for(fleet, viewer, asked, expected):
    assert set(cells(access.matrix(viewer, Asked(**asked)))) == expected


def test_a_team_is_who_is_in_it_today(fleet, viewer):
    ann, eve, *_ = fleet
    team, today = make.team(), time.now().date()
    make.membership(person=ann, team=team, starts_on=today)
    make.membership(
        person=eve, team=team, starts_on=today - timedelta(9), ends_on=today - timedelta(1)
    )

    found = access.matrix(viewer, Asked(team=team.pk))

    assert [one.name for one in found.people] == ["Ann"]


def test_both_sides_are_paged_with_as_many_questions_for_any_size(
    viewer, monkeypatch, django_assert_max_num_queries
):
    monkeypatch.setattr(access, "PEOPLE", 2)
    monkeypatch.setattr(access, "SERVERS", 3)
    servers = [named(f"host{n}") for n in range(7)]
    for n in range(5):
        person = make.person(f"Person {n}")
        for server in servers:
            make.server_account(server=server, name=f"p{n}", person=person, can_log_in=True)

    with django_assert_max_num_queries(14):
        last = access.matrix(viewer, Asked(), people=3, servers=3)

    assert [one.name for one in last.people] == ["Person 4"]
    assert [one.name for one in last.servers] == ["host6"]
    assert (last.people_total, last.servers_total, len(last.cells)) == (5, 7, 1)


def test_who_sees_no_logins_sees_no_matrix(fleet):
    nobody = make.user("nobody")

    with pytest.raises(NotAllowed, match="view account"):
        told.who_gets_in(nobody)
    with pytest.raises(NotAllowed):
        told.why(nobody, person="Ann", server="web")
    assert make.client(nobody).get("/access").status_code == 403
    assert make.client(nobody).get("/access/why?person=Ann&server=web").status_code == 403
    assert make.client(nobody).get("/access.csv").status_code == 403


def test_servers_of_other_teams_are_neither_columns_nor_found(fleet):
    *_, db = fleet
    team = make.team()
    db.item.owner = team
    db.item.save()
    one = make.user("one", role="viewer", team=team)

    found = access.matrix(one, Asked())

    assert [server.name for server in found.servers] == ["db"]
    assert [way.server.name for way in access.ways(one, Asked())] == ["db"]
    with pytest.raises(NotFound, match="you may not see it"):
        told.why(one, person="Ann", server="web")


def test_the_chain_goes_from_the_person_by_key_group_and_rule_to_the_change(viewer):
    make.person("Eve Adams", email="eve@example.org")
    server, now = named("web"), time.now()
    tell(server, now - timedelta(days=9), users=[login("eve", key("a", "eve@laptop"))], sudo=[])
    change = make.change(
        title="Root for Eve", started_at=now - timedelta(days=3), items=[server.item],
        ended_at=now - timedelta(days=3) + timedelta(hours=1), state="done",
        result="good", points=10, band="low",
        requested_by=make.user("boss"),
    )  # fmt: skip
    at = now - timedelta(days=3) + timedelta(minutes=20)
    eve = login("eve", key("a", "eve@laptop"), groups=("eve", "sudo"))
    tell(server, at, users=[eve], sudo=[RULE])

    [chain] = told.why(viewer, person="eve", server="web")["chains"]

    assert chain["becomes_root"] is True
    kinds = [step["kind"] for step in chain["steps"]]
    assert kinds == ["person", "key", "login", "group", "rule"]
    _, opened, _, group, rule = chain["steps"]
    assert opened["text"] == "has the key “eve@laptop”, ssh-ed25519 of 256 bits, SHA256:a"
    assert opened["place"] == "/home/eve/.ssh/authorized_keys"
    assert "it was there when" in opened["since"]["text"]
    assert group["text"] == "is in the group sudo"
    assert rule["text"] == "may by sudo: %sudo ALL=(ALL:ALL) NOPASSWD: ALL"
    assert rule["place"] == "/etc/sudoers:50"
    granted = f"in change {change.pk} “Root for Eve”, requested by Boss"
    assert group["since"]["text"] == rule["since"]["text"] == granted
    assert rule["since"]["change"] == {"id": change.pk, "title": "Root for Eve"}


def test_what_came_outside_every_change_says_so(viewer):
    make.person("Eve", email="eve@example.org")
    server, now = named("web"), time.now()
    tell(server, now - timedelta(days=2), users=[login("eve", key("a", "eve"))], sudo=[])
    tell(server, now - timedelta(days=1), users=[login("eve", key("b", "eve"))], sudo=[RULE])

    [chain] = told.why(viewer, person="Eve", server="web")["chains"]

    assert chain["becomes_root"] is False
    assert chain["steps"][1]["since"]["text"] == "in no change that is recorded"


def test_a_password_and_the_number_of_root_are_ways_too(viewer):
    boss = make.person("Boss")
    server = named("web")
    make.server_account(
        server=server, name="toor", uid=0, person=boss, is_locked=False, can_log_in=True,
        becomes_root="is root", password_changed_on=make.DAY,
    )  # fmt: skip

    answer = told.why(viewer, person=str(boss.pk), server=str(server.pk))

    texts = [step["text"] for step in answer["chains"][0]["steps"]]
    assert texts == ["Boss", f"knows its password, last changed on {make.DAY:%-d %b %Y}",
                     "opens the login toor", "is root: its number is 0"]  # fmt: skip


def test_anothers_key_in_ones_own_login_is_the_others_way(viewer):
    ann, eve = make.person("Ann"), make.person("Eve")
    own = make.server_account(server=named("web"), name="ann", person=ann, can_log_in=True)
    make.account_key(account=own, person=eve, comment="eve")

    [chain] = told.why(viewer, person="Eve", server="web")["chains"]
    assert [step["kind"] for step in chain["steps"]] == ["person", "key", "login"]
    assert told.why(viewer, person="Ann", server="web")["chains"][0]["steps"][1]["kind"] == "login"


@pytest.mark.parametrize(
    ("person", "server", "problem", "match"),
    [
        pytest.param("", "web", Invalid, "Name a person", id="nobody named"),
        pytest.param("Ann", "nowhere", NotFound, "no server “nowhere”", id="no such server"),
        pytest.param("n", "web", Invalid, "more than one person: Ann, Anna", id="two fit"),
    ],
)
def test_who_or_where_is_not_clear(viewer, person, server, problem, match):
    named("web")
    make.person("Ann")
    make.person("Anna")

    with pytest.raises(problem, match=match):
        told.why(viewer, person=person, server=server)


def test_a_whole_name_goes_before_a_part_of_another(viewer):
    named("web")
    make.person("Ann")
    make.person("Anna")

    assert told.why(viewer, person="ann", server="web")["person"]["name"] == "Ann"


def test_the_page_links_each_cell_to_its_chain(fleet, viewer):
    ann, _, web, _ = fleet
    browser = make.client(viewer)

    page = browser.get("/access").content.decode()
    chain = browser.get(f"/access/why?person={ann.pk}&server={web.pk}").content.decode()

    assert f"/access/why?person={ann.pk}&amp;server={web.pk}" in page
    assert "1 person who has left still gets in" in page
    assert "opens the login ann" in chain


def test_the_chain_of_who_has_left_leads_to_what_to_remove(fleet, viewer):
    ann, eve, web, _ = fleet
    check = make.check(ident="servers.leaver_login")
    found = make.finding(check_of=check, item=None, record=f"directory.person:{eve.pk}")
    browser = make.client(viewer)

    of_eve = browser.get(f"/access/why?person={eve.pk}&server={web.pk}").content.decode()
    of_ann = browser.get(f"/access/why?person={ann.pk}&server={web.pk}").content.decode()

    assert "has left" in of_eve
    assert f'href="/findings/{found.pk}"' in of_eve
    assert "What to remove" not in of_ann


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("team=x", id="a team that is no number"),
        pytest.param("people=0", id="a page before the first"),
        pytest.param("servers=abc", id="a page that is no number"),
    ],
)
def test_a_page_asked_for_wrongly_says_so(fleet, viewer, query):
    answer = make.client(viewer).get(f"/access?{query}")

    assert answer.status_code == 422
    assert "number" in answer.content.decode()


def test_the_file_has_every_way_and_no_formula(fleet, viewer):
    _, eve, *_ = fleet
    eve.name = "=Eve()"
    eve.save()

    answer = make.client(viewer).get("/access.csv")

    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert [(r["person"], r["server"], r["login"]) for r in rows] == [
        ("Ann", "db", "ann"), ("Ann", "web", "ann"), ("'=Eve()", "web", "deploy"),
    ]  # fmt: skip
    assert rows[2]["key"].startswith("SHA256:")
    assert rows[1]["becomes_root"] == "%sudo by /etc/sudoers:50"


def test_the_api_answers_matrix_and_chain_by_a_token_that_covers_it(fleet, viewer):
    ann, _, web, _ = fleet
    text = tokens.new()
    make.token(text, user=viewer)
    program = {"Authorization": f"Bearer {text}"}
    client = make.client()

    matrix = client.get("/api/access?root=true", headers=program)
    chain = client.get(f"/api/access/why?person={ann.pk}&server={web.pk}", headers=program)
    wrong = client.get("/api/access?people_page=0", headers=program)

    assert [row["person"]["name"] for row in matrix.json()["rows"]] == ["Ann"]
    assert chain.json()["gets_in"] is True
    assert wrong.status_code == 422
    assert client.get("/api/access").status_code == 401


def test_a_login_that_is_shut_is_no_way_in(fleet, viewer):
    Account.objects.update(can_log_in=False)

    assert access.matrix(viewer, Asked()).cells == {}
    assert list(access.ways(viewer, Asked())) == []


def test_the_command_prints_who_gets_in_and_why(fleet, viewer, capsys):
    def run(*words):
        return commands.run(["access", *words], who=lambda email: viewer)

    assert run("web") == 0
    assert capsys.readouterr().out.splitlines() == [
        "Ann: login ann, 1 key; root: %sudo by /etc/sudoers:50",
        f"Eve (has left): login deploy, key eve@example.org {eve_key()}",
    ]
    assert run("web", "--root", "--person", "eve") == 0
    assert "opens the login deploy, which is for: Deploys" in capsys.readouterr().out
    assert run("db", "--person", "Eve") == 1
    assert capsys.readouterr().out == "Eve does not get in on db.\n"
    with pytest.raises(NotFound, match="no server"):
        run("nowhere")


def eve_key():
    return AccountKey.objects.get().fingerprint


def test_an_assistant_asks_why_within_the_reach_of_its_caller(fleet, viewer):
    assert tools.why_access(viewer, person="Ann", server="web")["becomes_root"] is True
    with pytest.raises(NotAllowed):
        tools.why_access(make.user("nobody"), person="Ann", server="web")
