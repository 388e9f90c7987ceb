"""Scraping: a real node_exporter, faults in words, markers, leases, a killed collector."""

import io
import math
import signal
import subprocess
import sys
import time as clock
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.db import IntegrityError

from fullscore.config.resources import RESOURCES
from fullscore.connectors.base import Garbled, Unreachable
from fullscore.domains.foundation.telemetry import checks, queries, services
from fullscore.domains.foundation.telemetry.jobs import Scraper, reader
from fullscore.domains.foundation.telemetry.models import Collector, ScrapeTarget, Series
from fullscore.domains.foundation.telemetry.services.scraped import Scraped
from fullscore.interfaces.cli.run import run
from fullscore.kit import time
from fullscore.kit.checks import Limits, Scope
from fullscore.kit.models import AuditEntry, Secret
from fullscore.kit.models.user import system
from tests import make
from tests.installation import ROOT, Installation
from tests.servers import free_port, node_exporter

pytestmark = pytest.mark.django_db


@pytest.fixture
def scraper(monkeypatch):
    """Return a collector that may reach loopback."""
    opened = replace(settings.OPTIONS, allowed_networks="127.0.0.0/8")
    monkeypatch.setattr(settings, "OPTIONS", opened)
    one = Scraper("first")
    yield one
    one.reader.close()


@pytest.fixture
def shown(monkeypatch):
    """Let targets show what the test puts in: bytes, or an error."""
    found = {"": b"up2 1\n"}

    def fetched(call, guard, limits):
        answer = found.get(call.url, found[""])
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(reader, "fetched", fetched)
    return found


def scrape(scraper, *, times=1, start=None):
    """Let a collector do its turns until each target was read so often; return the last instant."""
    now = start or time.now()
    for _ in range(times):
        services.scrape_now(ScrapeTarget.objects.first(), by=system())
        scraper._beat_at = 0
        scraper.turn(now)
        scraper.reader.wait(30)
        scraper._store_what_came()
        now += timedelta(seconds=1)
    return now


def stored(name, **labels):
    found = {}
    for one in Series.objects.filter(metric__name=name):
        if all(one.labels.get(k) == v for k, v in labels.items()):
            rows = queries.store().read([one.pk], start_ms=0, end_ms=2**42)
            found[tuple(sorted(one.labels.items()))] = rows.values.tolist()
    return found


@pytest.mark.real
def test_a_real_node_exporter_is_read_for_its_item(scraper):
    with node_exporter() as port:
        target = make.scrape_target(url=f"http://127.0.0.1:{port}/metrics")
        scrape(scraper)

    target.refresh_from_db()
    assert (target.state, target.last_error) == ("ok", "")
    assert target.last_samples > 200
    assert "go_goroutines" in target.first_metrics or "go_gc" in target.first_metrics
    load = Series.objects.get(metric__name="node_load1")
    assert (load.item, load.bound_by, load.labels) == (
        target.item, "target", {"instance": f"127.0.0.1:{port}"},
    )  # fmt: skip
    assert list(stored("up").values()) == [[1.0]]
    assert Series.objects.get(metric__name="node_cpu_guest_seconds_total", labels__cpu="0",
                              labels__mode="user").metric.kind == "counter"  # fmt: skip


def test_without_the_operators_leave_nothing_inside_is_reached():
    one = Scraper("first")
    make.scrape_target(url=f"http://127.0.0.1:{free_port()}/metrics")

    scrape(one)

    error = ScrapeTarget.objects.get().last_error
    assert error.startswith("Refused: ")
    assert "an operator can allow that network" in error
    one.reader.close()


def test_nobody_there_is_told_in_words_and_found_after_three_times(scraper):
    target = make.scrape_target(url=f"http://127.0.0.1:{free_port()}/metrics")

    def verdict():
        found = queries.targeted(Scope(time.now()))
        (one,) = checks.target_down.judge(found, now=time.now(), limits=Limits({"high": 2}))
        return one.outcome, one.severity

    now = scrape(scraper, times=2)
    assert verdict() == ("good", 0)
    scrape(scraper, start=now)

    target.refresh_from_db()
    assert (target.state, target.failures) == ("failing", 3)
    assert target.last_error.startswith("Unreachable: ")
    assert verdict() == ("bad", 4)
    assert list(stored("up").values()) == [[0.0, 0.0, 0.0]]


def test_a_zero_byte_in_what_is_shown_stops_nothing(scraper, shown):
    target = make.scrape_target()
    shown[""] = b'a{b="\x00"} 1\nc 2\n'

    scrape(scraper)

    target.refresh_from_db()
    assert (target.state, target.first_metrics) == ("ok", 'a{b=""} 1\nc 2')
    assert list(stored("c").values()) == [[2.0]]


def test_a_series_that_vanishes_gets_the_marker_of_the_end(scraper, shown):
    make.scrape_target()
    shown[""] = b"a 1\nb 2\n"
    now = scrape(scraper)
    shown[""] = b"a 3\n"
    scrape(scraper, start=now)

    (a,), (b,) = stored("a").values(), stored("b").values()
    assert a == [1.0, 3.0]
    assert b[0] == 2.0
    assert math.isnan(b[1])


def test_a_target_that_fails_ends_what_it_showed(scraper, shown):
    make.scrape_target()
    now = scrape(scraper)
    shown[""] = Unreachable("nobody")
    scrape(scraper, start=now)

    ((first, second),) = stored("up2").values()
    assert first == 1.0
    assert math.isnan(second)


def test_a_paused_target_is_only_shown(scraper, shown):
    target = services.pause(make.scrape_target(), by=system())

    scrape(scraper)

    target.refresh_from_db()
    assert (target.state, target.first_metrics) == ("paused", "up2 1")
    assert not Series.objects.exists()


def test_what_nobody_foresaw_in_one_target_is_told_of_it_alone(monkeypatch):
    def broken(body, **more):
        raise RuntimeError("odd")

    monkeypatch.setattr(reader, "fetched", lambda *asked: b"a 1\n")
    monkeypatch.setattr(reader.text, "parse", broken)
    reading = reader.Reader()
    reading.start(reader.Aim(1, "http://192.0.2.1/", 15, 5, 10, {}), time.now())
    reading.wait(5)

    [came] = reading.came()
    assert came.read.error == "It could not be read: RuntimeError."


def test_a_scrape_of_the_future_does_not_hide_what_comes_after_it():
    target, now = make.scrape_target(), time.now()
    services.note_scraped([Scraped(target.pk, now + timedelta(days=36500), 1, 1, "", "")])
    services.note_scraped([Scraped(target.pk, now, 1, 0, "", "Unreachable: nobody there.")])

    ScrapeTarget.objects.filter(pk=target.pk).update(last_at=now + timedelta(days=900))
    services.note_scraped([Scraped(target.pk, now, 1, 0, "", "Unreachable: nobody there.")])

    target.refresh_from_db()
    assert (target.state, target.failures) == ("failing", 1)


def test_a_fault_names_its_line_and_its_family(scraper, shown):
    make.scrape_target()
    shown[""] = Garbled("Line 812 is no sample.")

    scrape(scraper)

    assert ScrapeTarget.objects.get().last_error == "Garbled: Line 812 is no sample."


def test_each_target_has_its_own_moment_and_a_late_one_is_passed_over(scraper, shown):
    target = make.scrape_target(every_seconds=15)
    begin = time.now()

    due = [scraper._is_due(_held(target), begin + timedelta(seconds=n)) for n in range(61)]
    late = [scraper._is_due(_held(target), begin + timedelta(seconds=300 + n)) for n in range(15)]

    assert sum(due) == 4
    assert late[0]
    assert sum(late) <= 2  # the one that is late and the next; the 15 missed meanwhile never are


def _held(target):
    target.held_until = time.now() + timedelta(hours=1)
    return target


def test_a_credential_is_sent_and_shown_nowhere(scraper, monkeypatch):
    sent = []
    monkeypatch.setattr(
        reader, "fetched", lambda call, *_: sent.append(call.headers["Authorization"]) or b""
    )
    target = make.scrape_target()
    services.give_credential(target, by=system(), value="canary-7")
    now = scrape(scraper)
    services.give_credential(target, by=system(), value="canary-8", username="ann")
    scrape(scraper, start=now)

    assert sent == ["Bearer canary-7", "Basic YW5uOmNhbmFyeS04"]
    told = "".join(str((e.before, e.after, e.reason)) for e in AuditEntry.objects.all())
    page = make.client(make.user("root", role="administrator")).get(f"/scrape-targets/{target.pk}")
    assert page.status_code == 200
    assert "canary" not in told + page.content.decode()


def test_a_credential_is_opened_only_when_its_target_is_read(scraper, shown, monkeypatch):
    opened, really = [], Secret.open
    monkeypatch.setattr(Secret, "open", lambda one: opened.append(one.pk) or really(one))
    target = make.scrape_target(every_seconds=3600)
    services.give_credential(target, by=system(), value="canary-7")
    now = scrape(scraper)
    assert opened == [ScrapeTarget.objects.get().credential_id]
    ScrapeTarget.objects.update(wanted_at=None)

    for n in range(20):
        scraper.turn(now + timedelta(milliseconds=n))

    assert len(opened) == 1


def test_a_credential_that_cannot_be_opened_is_told_of_its_target_alone(scraper, shown):
    locked, other = make.scrape_target(), make.scrape_target()
    services.give_credential(locked, by=system(), value="canary-7")
    Secret.objects.update(ciphertext=b"short")
    ScrapeTarget.objects.update(wanted_at=time.now())

    scrape(scraper)

    states = dict(ScrapeTarget.objects.values_list("pk", "state"))
    assert states == {locked.pk: "failing", other.pk: "ok"}
    assert "altered or moved" in ScrapeTarget.objects.get(pk=locked.pk).last_error


@pytest.fixture
def command(capsys):
    """Return what runs `fullscore` with these words, as an administrator."""
    root = make.user("root", role="administrator")

    def ran(*words):
        code = run([*map(str, words)], lambda: RESOURCES, (), lambda email: root)
        return code, capsys.readouterr()

    return ran


def test_a_credential_comes_out_of_a_file_and_is_no_word_of_a_command(command, tmp_path):
    target, file = make.scrape_target(), tmp_path / "token"
    file.write_text("canary-7\n")

    code, _ = command("scrape-target", "give-credential", target.pk, "--value-from", file)

    target.refresh_from_db()
    assert code == 0
    with target.credential.open() as value:
        assert value == "canary-7"
    assert command("scrape-target", "give-credential", target.pk, "--value", "canary")[0] == 2


def test_a_credential_comes_out_of_standard_input(command, monkeypatch):
    target = make.scrape_target()
    monkeypatch.setattr(sys, "stdin", io.StringIO("canary-8\n"))

    command("scrape-target", "give-credential", target.pk, "--value-from", "-")

    target.refresh_from_db()
    with target.credential.open() as value:
        assert value == "canary-8"


@pytest.mark.parametrize("content", [
    pytest.param(None, id="no such file"), pytest.param("\n", id="nothing in it"),
])  # fmt: skip
def test_a_file_without_a_credential_is_told_and_nothing_is_stored(command, tmp_path, content):
    target, file = make.scrape_target(), tmp_path / "token"
    if content is not None:
        file.write_text(content)

    code, told = command("scrape-target", "give-credential", target.pk, "--value-from", file)

    target.refresh_from_db()
    assert (code, target.credential) == (2, None)
    assert str(file) in told.err


def test_the_page_that_asks_for_a_credential_does_not_show_what_is_typed():
    target = make.scrape_target()
    client = make.client(make.user("root", role="administrator"))

    page = client.get(f"/scrape-targets/{target.pk}/give_credential").content.decode()

    assert 'type="password" name="value"' in page.replace("\n", " ")


def test_the_form_of_a_target_says_what_is_meant_and_in_which_unit():
    client = make.client(make.user("root", role="administrator"))

    page = client.get("/scrape-targets/add").content.decode()

    for words in ("Address (URL)", "Scrape every", "Seconds from one scrape", "Give up after"):
        assert words in page


def test_a_lease_is_held_by_one_until_it_ends():
    target, now = make.scrape_target(), time.now()
    services.hold([target.pk], "first", now=now)
    services.hold([target.pk], "second", now=now + timedelta(seconds=19))
    assert queries.held_targets("second", now + timedelta(seconds=19)) == {}

    services.hold([target.pk], "second", now=now + timedelta(seconds=21))

    assert list(queries.held_targets("second", now + timedelta(seconds=21))) == [target.pk]
    assert queries.held_targets("first", now + timedelta(seconds=21)) == {}


def test_the_targets_are_shared_by_those_that_live():
    now = time.now()
    make.collector(name="gone", seen_at=now - timedelta(seconds=16))
    make.collector(name="here", seen_at=now - timedelta(seconds=14))

    assert list(queries.live_collectors(now)) == ["here"]


def test_a_timeout_ends_before_the_next_scrape():
    with pytest.raises(IntegrityError):
        make.scrape_target(every_seconds=15, timeout_seconds=15)


COLLECT = """
import sys
from fullscore.domains.foundation.telemetry.jobs import Scraper
Scraper(sys.argv[1]).run()
"""
SET_UP = """
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.telemetry.models import ScrapeTarget
for n in range(6):
    item = Item.objects.create(kind="host", name=f"h{{n}}")
    ScrapeTarget.objects.create(item=item, url="http://127.0.0.1:{port}/metrics", every_seconds=15)
answer = 1
"""
WHO = """
from fullscore.domains.foundation.telemetry.models import ScrapeTarget
answer = list(ScrapeTarget.objects.values_list("holder", "state"))
"""


@pytest.mark.real
@pytest.mark.once
def test_the_targets_of_a_killed_collector_are_taken_over_within_half_a_minute(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    installed = Installation(home)
    installed.migrate()
    environment = {**installed.environment, "FULLSCORE_ALLOWED_NETWORKS": "127.0.0.0/8"}
    code = f"import django; django.setup()\n{COLLECT}"
    with node_exporter() as port:
        installed.ask(SET_UP.format(port=port))
        processes = [
            subprocess.Popen([sys.executable, "-c", code, who], env=environment, cwd=ROOT)
            for who in ("first", "second")
        ]
        try:
            assert until(60, lambda: {h for h, _ in installed.ask(WHO)} == {"first", "second"})
            processes[0].send_signal(signal.SIGKILL)
            killed = clock.monotonic()
            assert until(60, lambda: {h for h, _ in installed.ask(WHO)} == {"second"})
            assert clock.monotonic() - killed < 35  # 30 s, and the time that asking takes
            assert until(40, lambda: {s for _, s in installed.ask(WHO)} == {"ok"})
        finally:
            for process in processes:
                process.kill()
                process.wait(10)


def until(seconds, is_so):
    ends = clock.monotonic() + seconds
    while clock.monotonic() < ends:
        if is_so():
            return True
        clock.sleep(0.5)
    return False


def test_a_collector_that_stops_gives_back_what_it_holds(scraper, shown, monkeypatch):
    make.scrape_target()
    scrape(scraper)
    scraper.stop()
    scraping = "fullscore.domains.foundation.telemetry.jobs.scraping"
    monkeypatch.setattr(f"{scraping}.connections", SimpleNamespace(close_all=lambda: None))

    scraper.run()

    assert ScrapeTarget.objects.get().holder == ""
    assert not Collector.objects.exists()
