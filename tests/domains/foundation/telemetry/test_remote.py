"""The collector of a site: what it may read, its spool, a centre that is away or killed."""

import errno
import gzip
import json
import math
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from fullscore.connectors.base import Unreachable
from fullscore.connectors.http import Answer
from fullscore.domains.foundation.telemetry import queries, services
from fullscore.domains.foundation.telemetry.jobs import RemoteScraper, Spool, reader, remote
from fullscore.domains.foundation.telemetry.models import Collector, ScrapeTarget, Series
from fullscore.kit import time
from fullscore.kit.errors import Conflict, Invalid, NotAllowed
from fullscore.kit.models import Secret
from fullscore.kit.models.user import system
from tests import make
from tests.domains.foundation.telemetry.live import serving, settle
from tests.installation import ROOT
from tests.servers import free_port, node_exporter

pytestmark = pytest.mark.django_db


@pytest.fixture
def site():
    return make.item(kind="site", name="Frankfurt")


@pytest.fixture
def key(site):
    """Return the text of a key for collectors at the site."""
    return services.issue_push_key(site, by=system(), name="collector", collects=True)[1]


@pytest.fixture
def shown(monkeypatch):
    """Let every target show the same: what the test puts in."""
    found = {"": b"up2 1\n"}
    monkeypatch.setattr(reader, "fetched", lambda call, guard, limits: found[""])
    return found


@pytest.fixture
def centre(client, monkeypatch):
    """Let collectors speak to this process; `down` says that nobody answers.

    `stumbles` is the body it has a fault for.
    """
    state = {"down": False, "sent": 0, "stumbles": None}

    def fetch(call, *, guard, limits):
        if state["down"]:
            raise Unreachable("nobody")
        state["sent"] += 1
        if call.content == state["stumbles"]:
            return Answer(call.url, 500, {}, b"")
        headers = {f"HTTP_{k.upper().replace('-', '_')}": v for k, v in call.headers.items()}
        answer = client.generic(
            call.method, call.url.removeprefix("https://centre.example.org"), call.content,
            content_type="application/json", **headers,
        )  # fmt: skip
        return Answer(call.url, answer.status_code, answer.headers, answer.content)

    monkeypatch.setattr(remote.http, "fetch", fetch)
    return state


@pytest.fixture
def collector(key, centre, tmp_path):
    """Return a collector at the site."""
    spool = Spool(tmp_path / "spool")
    one = RemoteScraper("https://centre.example.org/", key, spool, name="fra-1")
    yield one
    one._reader.close()
    spool.close()


def scrape(collector, now):
    """Read every target once, and lay what came into the spool."""
    for aim in collector._aims.values():
        collector._reader.start(aim, now)
    collector._reader.wait(30)
    collector.turn(now)


def values(name):
    (one,) = Series.objects.filter(metric__name=name)
    return queries.store().read([one.pk], start_ms=0, end_ms=2**42).values.tolist()


def test_a_site_s_targets_are_read_by_its_collectors_alone(collector, site, shown):
    there = make.scrape_target(read_from=site)
    here = make.scrape_target()

    collector.beat()
    held = services.beat("central", now=time.now())

    assert list(collector._aims) == [there.pk]
    assert list(held) == [here.pk]
    assert Collector.objects.get(name="fra-1").site == site


def test_what_is_read_there_is_stored_as_if_it_was_read_here(collector, site, shown):
    target = make.scrape_target(read_from=site)
    shown[""] = b'# TYPE a counter\na 1\nb{disk="x"} 2\n'
    now = time.now()
    collector.beat()
    scrape(collector, now)
    shown[""] = b"# TYPE a counter\na 3\n"
    scrape(collector, now + timedelta(seconds=1))

    assert [collector.send_one() for _ in range(3)] == [True, True, False]

    target.refresh_from_db()
    assert (target.state, target.last_samples, target.first_metrics) == ("ok", 1, "a 3")
    assert values("a") == [1.0, 3.0]
    assert values("up") == [1.0, 1.0]
    ended = values("b")
    assert ended[0] == 2.0
    assert math.isnan(ended[1])
    b = Series.objects.get(metric__name="b")
    assert (b.item, b.labels) == (target.item, {"disk": "x", "instance": target.instance})


def test_while_the_centre_is_away_everything_waits_and_comes_with_its_own_time(
    collector, centre, site, shown
):
    target = make.scrape_target(read_from=site)
    now = time.now() - timedelta(minutes=3)
    collector.beat()
    centre["down"] = True
    for n in range(3):
        shown[""] = b"a %d\n" % n
        scrape(collector, now + timedelta(minutes=n))
    with pytest.raises(Unreachable):
        collector.send_one()
    assert collector._spool.waiting == 3

    centre["down"] = False
    while collector.send_one():
        pass
    collector.beat()

    (one,) = Series.objects.filter(metric__name="a")
    rows = queries.store().read([one.pk], start_ms=0, end_ms=2**42)
    assert rows.values.tolist() == [0.0, 1.0, 2.0]
    assert rows.ts_ms[0] == queries.milliseconds(now)
    target.refresh_from_db()
    assert target.last_at == now + timedelta(minutes=2)
    assert Collector.objects.get(name="fra-1").waiting == 0


def test_what_comes_late_does_not_hide_what_is_newer(site, key):
    target = make.scrape_target(read_from=site)
    newer = services.Scraped(target.pk, time.now(), 5, 1, "a 1", "Refused: no.")
    older = services.Scraped(target.pk, time.now() - timedelta(hours=1), 5, 1, "a 1", "")

    services.note_scraped([newer])
    services.note_scraped([older])

    target.refresh_from_db()
    assert (target.state, target.last_error) == ("failing", "Refused: no.")


def test_a_body_that_can_never_be_taken_does_not_block_those_behind_it(collector, centre):
    collector._spool.put(gzip.compress(b"no json"))
    collector._spool.put(gzip.compress(b""))

    assert [collector.send_one() for _ in range(2)] == [True, True]

    assert collector._spool.waiting == 0
    assert centre["sent"] == 2


def line(target, text="a 1\n", **more):
    told = {"target": target.pk, "at": time.now().isoformat(), "took_ms": 1, "error": "",
            "gone": [], "text": text}  # fmt: skip
    return json.dumps(told | more).encode()


def test_a_line_that_can_never_be_taken_costs_that_line_alone(collector, centre, site):
    first, second, third = (make.scrape_target(read_from=site) for _ in range(3))
    lines = [line(first), line(second, took_ms="long"), line(third)]
    collector._spool.put(gzip.compress(b"\n".join(lines)))

    with structlog.testing.capture_logs() as told:
        assert collector.send_one()

    states = {t.pk: t.state for t in ScrapeTarget.objects.all()}
    assert states == {first.pk: "ok", second.pk: "new", third.pk: "ok"}
    assert "took_ms" in told[0]["why"][0]


def test_what_the_centre_stumbles_over_waits_behind_the_others(collector, centre, site):
    target = make.scrape_target(read_from=site)
    centre["stumbles"] = b"odd"
    collector._spool.put(b"odd")
    for _ in range(remote.MOST_TRIES):
        collector._spool.put(gzip.compress(line(target)))
        with pytest.raises(Unreachable, match="500"):
            collector.send_one()
        assert collector.send_one()

    assert (collector._spool.waiting, collector._spool.dropped) == (0, 1)


def test_nothing_is_given_up_while_the_centre_stumbles_over_everything(collector, centre):
    centre["stumbles"] = b"odd"
    collector._spool.put(b"odd")
    collector._spool.put(b"odd")

    for _ in range(20):
        with pytest.raises(Unreachable):
            collector.send_one()

    assert (collector._spool.waiting, collector._spool.dropped) == (2, 0)
    centre["stumbles"] = None
    assert [collector.send_one() for _ in range(3)] == [True, True, False]


def test_a_scrape_of_another_site_s_target_is_passed_over(collector, site):
    collector._spool.put(gzip.compress(line(make.scrape_target())))

    assert collector.send_one()

    assert not Series.objects.exists()


def test_a_credential_reaches_the_collector_of_its_site(collector, site, shown):
    target = make.scrape_target(read_from=site)
    services.give_credential(target, by=system(), value="canary-7")

    collector.beat()

    assert collector._aims[target.pk].headers == {"Authorization": "Bearer canary-7"}


def test_a_credential_that_cannot_be_opened_keeps_no_other_target_back(collector, site):
    locked, other = (make.scrape_target(read_from=site) for _ in range(2))
    services.give_credential(locked, by=system(), value="canary-7")
    Secret.objects.update(ciphertext=b"short")

    collector.beat()

    assert list(collector._aims) == [other.pk]
    locked.refresh_from_db()
    assert locked.state == "failing"


@pytest.mark.parametrize("path", ["beat", "scrapes"])
def test_any_other_key_learns_nothing(client, site, path):
    _, text = services.issue_push_key(site, by=system(), name="prometheus")

    answer = client.post(f"/api/collectors/{path}", "{}", content_type="application/json",
                         HTTP_AUTHORIZATION=f"Bearer {text}")  # fmt: skip

    assert answer.status_code == 403
    assert "not for a collector" in answer.json()["detail"]


def test_a_collector_s_key_needs_a_site_and_the_right_to_its_targets(site):
    with pytest.raises(Invalid, match="belongs to a site"):
        services.issue_push_key(make.item(), by=system(), name="c", collects=True)
    with pytest.raises(NotAllowed):
        services.issue_push_key(site, by=make.user("reader"), name="c", collects=True)


def test_two_sites_cannot_have_collectors_of_one_name(site):
    services.beat("same", now=time.now(), site=site)

    with pytest.raises(Conflict, match="another name"):
        services.beat("same", now=time.now())


def test_the_key_does_not_travel_in_the_clear():
    for address in ("http://centre.example.org", "centre.example.org", ""):
        with pytest.raises(Invalid, match="https"):
            remote.checked(address)
    assert remote.checked("http://127.0.0.1:8080/") == "http://127.0.0.1:8080"


def test_a_full_spool_drops_the_oldest_and_counts_it(tmp_path):
    spool = Spool(tmp_path, most_bytes=25)
    for n in range(4):
        spool.put(b"%010d" % n)

    assert (spool.waiting, spool.dropped) == (2, 2)
    assert spool.oldest()[1] == b"0000000002"


def test_a_spool_goes_on_where_a_killed_collector_left_it(tmp_path):
    first = Spool(tmp_path)
    first.put(b"one")
    first.put(b"two")
    (tmp_path / "00000000000000000003.gz.part").write_bytes(b"hal")
    first.close()

    second = Spool(tmp_path)
    second.put(b"three")

    found = []
    while (oldest := second.oldest()) is not None:
        found.append(oldest[1])
        second.remove(oldest[0])
    assert found == [b"one", b"two", b"three"]


def test_a_body_that_somebody_removed_is_passed_over_and_counted(tmp_path):
    spool = Spool(tmp_path)
    spool.put(b"one")
    spool.put(b"two")
    (tmp_path / "00000000000000000001.gz").unlink()

    assert spool.oldest()[1] == b"two"
    assert (spool.waiting, spool.dropped) == (1, 1)


def test_a_full_spool_is_emptied_and_filled_at_once(tmp_path):
    spool, taken = Spool(tmp_path, most_bytes=40), []
    is_filled = threading.Event()

    def take():
        while not is_filled.is_set():
            if (found := spool.oldest()) is not None:
                spool.remove(found[0])
                taken.append(found)

    with ThreadPoolExecutor(1) as threads:
        taker = threads.submit(take)
        for n in range(1, 501):
            spool.put(b"%010d" % n)
        is_filled.set()
        taker.result(30)

    assert all(int(name.partition(".")[0]) == int(body) for name, body in taken)
    assert spool.waiting == len(list(tmp_path.glob("*.gz")))
    assert len(taken) + spool.waiting + spool.dropped >= 500  # one may be dropped as it is taken


def test_a_disk_without_room_costs_what_is_read_meanwhile_and_nothing_else(
    collector, site, shown, monkeypatch, tmp_path
):
    make.scrape_target(read_from=site)
    collector.beat()
    now = time.now()
    full = OSError(errno.ENOSPC, "No space left on device")
    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", lambda *words: (_ for _ in ()).throw(full))
        scrape(collector, now)
    scrape(collector, now + timedelta(seconds=1))

    assert (collector._spool.waiting, collector._spool.dropped) == (1, 1)
    assert not list((tmp_path / "spool").glob("*.part"))
    assert collector.send_one()


@pytest.mark.parametrize("fault", [PermissionError("not now"), KeyError("what nobody foresaw")])
def test_what_fails_for_a_while_only_delays(collector, centre, monkeypatch, fault):
    monkeypatch.setattr(remote, "WAIT_SECONDS", 0.01)
    collector._spool.put(gzip.compress(b""))
    asked, oldest = [], collector._spool.oldest

    def unreadable_at_first():
        asked.append(1)
        if len(asked) == 1:
            raise fault
        found = oldest()
        if found is None:
            collector.stop()
        return found

    monkeypatch.setattr(collector._spool, "oldest", unreadable_at_first)
    monkeypatch.setattr(collector, "beat", lambda: None)
    collector._send()

    assert (collector._spool.waiting, centre["sent"]) == (0, 1)


def test_two_collectors_do_not_share_a_spool(tmp_path):
    first = Spool(tmp_path)

    with pytest.raises(Conflict, match="--spool"):
        Spool(tmp_path)
    first.close()


SET_UP = """
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.telemetry import services
from fullscore.domains.foundation.telemetry.models import ScrapeTarget
from fullscore.kit.models.user import system
site = Item.objects.create(kind="site", name="fra")
item = Item.objects.create(kind="host", name="web1", site=site)
ScrapeTarget.objects.create(
    item=item, url="http://127.0.0.1:{port}/metrics", every_seconds=15, read_from=site)
_, answer = services.issue_push_key(site, by=system(), name="c", collects=True)
"""
WANTED = """
from fullscore.domains.foundation.telemetry.models import ScrapeTarget
from fullscore.kit.time import now
ScrapeTarget.objects.update(wanted_at=now())
answer = 1
"""
LOADS = """
from fullscore.domains.foundation.telemetry import queries
from fullscore.domains.foundation.telemetry.models import Series
series = list(Series.objects.filter(metric__name="node_load1").values_list("pk", flat=True))
answer = len(queries.store().read(series, start_ms=0, end_ms=2**42).values)
"""


@pytest.mark.real
@pytest.mark.once
def test_a_collector_of_its_own_outlives_a_killed_centre(installed, tmp_path):
    web, spool = free_port(), tmp_path / "spool"
    with node_exporter() as exporter:
        token = tmp_path / "key"
        token.write_text(installed.ask(SET_UP.format(port=exporter)))
        words = ["--centre", f"http://127.0.0.1:{web}", "--key-file", token, "--spool", spool]
        alone = {**installed.environment, "FULLSCORE_HOME": str(tmp_path / "alone"),
                 "FULLSCORE_ALLOWED_NETWORKS": "127.0.0.0/8"}  # fmt: skip
        with serving(installed, web):
            collector = subprocess.Popen(
                [sys.executable, "-m", "fullscore", "collector", *map(str, words)],
                env=alone, cwd=ROOT,
            )  # fmt: skip
            try:
                installed.ask(WANTED)
                assert settle(40, lambda: installed.ask(LOADS) >= 1)
            except BaseException:
                collector.kill()
                raise
        try:
            before = installed.ask(LOADS)
            assert settle(30, lambda: list(spool.glob("*.gz")))
            with serving(installed, web):
                assert settle(40, lambda: installed.ask(LOADS) > before)
                assert settle(10, lambda: not list(spool.glob("*.gz")))
        finally:
            collector.terminate()
            assert collector.wait(40) == 0
