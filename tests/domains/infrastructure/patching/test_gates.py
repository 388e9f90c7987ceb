"""What keeps a server from being touched, and what speaks against one that was."""

from dataclasses import replace
from datetime import timedelta

import pytest

from fullscore.domains.infrastructure.patching import services
from fullscore.domains.infrastructure.patching.queries import gates
from fullscore.kit import time
from fullscore.kit.errors import Invalid
from tests import make
from tests.domains.infrastructure.patching import targets as hosts
from tests.domains.infrastructure.patching.campaigns import enrolled, only, started
from tests.domains.infrastructure.patching.conftest import NOW, needs

HOUR = timedelta(hours=1)


@pytest.fixture
def shop(db, clock):
    """A run whose update has begun, on the one server of a shop; a printer hangs on it as well."""
    server = make.server(item=make.item(kind="host", name="web1"))
    service = make.item(kind="service", name="shop", criticality=1)
    other = make.item(kind="service", name="printer", criticality=4)
    needs(service, server.item), needs(other, server.item)
    run = make.server_run(server=server, state="running")
    make.run_step(run=run, name="check", place=1, started_at=NOW - HOUR)
    make.run_step(run=run, name="update", place=2, started_at=NOW)
    return run, {"host": server.item, "shop": service, "printer": other}


@pytest.mark.parametrize(
    ("what", "where", "values", "told"),
    [
        pytest.param("trouble", "shop", {"title": "Orders fail"}, "Orders fail", id="a trouble"),
        pytest.param("finding", "host", {"title": "A unit failed"}, "A unit failed", id="finding"),
        pytest.param("finding", "shop", {"severity": 3}, "", id="a finding that can wait"),
        pytest.param("finding", "shop", {"state": "closed"}, "", id="a finding that is over"),
        pytest.param("breach", "shop", {"severity": 3}, "beyond its threshold", id="a breach"),
        pytest.param("breach", "host", {"severity": 3}, "", id="a mild breach of the host's own"),
        pytest.param("breach", "host", {"severity": 5}, "beyond its", id="a grave one"),
        pytest.param("breach", "shop", {"ended_at": NOW + HOUR}, "", id="a breach that is over"),
        pytest.param("trouble", "printer", {}, "", id="where nobody notices"),
    ],
)
@pytest.mark.parametrize("hours", [1, -2])
def test_what_began_since_the_update_speaks_against_it(shop, what, where, values, told, hours):
    run, items = shop
    at = NOW + timedelta(hours=hours)
    if what == "breach":
        make.breach(series=make.series(item=items[where]), since=at, **values)
    elif what == "finding":
        closed = {"closed_at": NOW + HOUR, "closed_as": "fixed"} if "state" in values else {}
        make.finding(item=items[where], opened_at=at, **closed, **values)
    else:
        make.trouble(item=items[where], since=at, **values)

    found = gates.wrong_since_update(run)

    assert (told in found) if told and hours > 0 else found == ""


@pytest.mark.parametrize(
    ("ident", "hours", "severity", "is_kept"),
    [
        ("servers.unit_failed", 2, 4, True),
        ("servers.unit_failed", 30, 4, False),
        ("servers.unit_failed", 2, 3, False),
        ("servers.host_silent", 2, 5, True),
        ("servers.disk_failing", 2, 5, False),
    ],
)
def test_a_host_that_has_begun_to_fail_is_not_touched(shop, ident, hours, severity, is_kept):
    run, items = shop
    make.finding(item=items["host"], check_of=make.check(ident=ident), severity=severity,
                 opened_at=NOW - timedelta(hours=hours), title="It fails")  # fmt: skip

    told = gates.obstacle(run, NOW)

    assert told == ("It does not stand well: It fails" if is_kept else "")


def test_a_watch_leaves_time_for_what_is_watched(db):
    with pytest.raises(Invalid, match="at most half"):
        services.draft(by=make.user("ann"), title="x", baseline=make.baseline(), cut_off_at=NOW,
                       begins_at=NOW, run_minutes=15, settle_minutes=8)  # fmt: skip


@pytest.mark.real
@pytest.mark.parametrize(
    ("minutes", "prepare", "told"),
    [
        pytest.param(10, "breach", "beyond its threshold", id="figures out of their band"),
        pytest.param(10, "later", "webapp.service did not come back", id="a service dies later"),
        pytest.param(0, "later", "", id="not watched: nobody sees it die"),
    ],
)
def test_a_server_is_watched_after_its_update(
    ticking, patch, patience, tmp_path, minutes, prepare, told
):
    hosts.needed()
    patience[0] = replace(patience[0], settle=4)
    one = hosts.deb(tmp_path, "webapp", "1.0")
    dies = (
        '(sleep 2; echo stopped >"$HOME/root/usr/share/webapp/unit") >/dev/null 2>&1 </dev/null &'
    )
    two = hosts.deb(tmp_path / "2", "webapp", "2.0", script=dies if prepare == "later" else "")
    source = hosts.repository(tmp_path / "source", one, two)
    template = tmp_path / "template"
    template.mkdir()
    hosts.prepared(template, one)
    with hosts.targets(template, source, 1) as [target]:
        server = enrolled(target, "web1")
        service = make.item(kind="service", name="shop", criticality=1)
        needs(service, server.item, make.item(kind="host"), needed=1)
        if prepare == "breach":
            series = make.series(item=service)
            make.breach(series=series, severity=3, since=time.now() + timedelta(minutes=1))
        campaign = started(ticking, settle_minutes=minutes)

        patch(times=1)

        run = only(campaign)
        assert run.state == ("failed" if told else "done")
        assert told in run.why
        assert run.leases.filter(released_at=None).count() == (1 if told else 0)
