"""The door for remote-write: who may, what is taken, what is refused and where that is seen."""

import base64
import struct
from datetime import timedelta

import numpy as np
import pytest

from fullscore.connectors.samples import Full
from fullscore.domains.foundation.telemetry import checks, jobs, queries, services
from fullscore.domains.foundation.telemetry.endpoints import samples
from fullscore.domains.foundation.telemetry.models import Metric, PushKey, Refusal, Series
from fullscore.domains.foundation.telemetry.services import intake
from fullscore.kit import time
from fullscore.kit.checks import Limits, Scope
from fullscore.kit.models.user import system
from tests import make
from tests.connectors.prometheus import bodies

pytestmark = pytest.mark.django_db


def now_ms():
    return queries.milliseconds(time.now()) // 1000 * 1000


@pytest.fixture
def key():
    """Return the text of a key for the whole estate."""
    return services.issue_push_key(None, by=system(), name="prometheus")[1]


@pytest.fixture
def write(client, key):
    def send(*series, text=key, **headers):
        headers = {"authorization": f"Bearer {text}", "content-encoding": "snappy"} | headers
        kind = headers.pop("kind", "application/x-protobuf")
        body = bodies.packed(b"".join(bodies.series(*one) for one in series))
        return client.post("/api/v1/write", body, content_type=kind, headers=headers)

    return send


def up(ts_ms, value=1.0, **labels):
    return bodies.key(**{"__name__": "up"} | labels), bodies.sample(ts_ms, value)


def stored(**labels):
    (one,) = Series.objects.filter(labels=labels)
    found = queries.store().read([one.pk], start_ms=0, end_ms=2**42)
    return list(zip(found.ts_ms.tolist(), found.values.tolist(), strict=True))


def test_samples_are_on_the_disk_when_the_answer_comes(write):
    at = now_ms()

    answer = write(up(at, 1.0, job="a"), up(at, 0.0, job="b"), up(at + 1, 7.5, job="a"))

    assert (answer.status_code, answer.content) == (204, b"")
    assert stored(job="a") == [(at, 1.0), (at + 1, 7.5)]
    assert stored(job="b") == [(at, 0.0)]
    assert Metric.objects.get().name == "up"


def test_known_series_take_the_short_way_and_end_in_the_same_rows(write):
    at = now_ms()
    for minute in range(3):
        write(up(at + minute, float(minute), job="a"))

    assert Series.objects.count() == 1
    assert stored(job="a") == [(at, 0.0), (at + 1, 1.0), (at + 2, 2.0)]


def test_the_order_of_labels_and_empty_ones_make_no_other_series(write):
    at = now_ms()
    write(up(at, job="a", zone="x"))
    write(up(at + 1, zone="x", job="a", empty=""))

    assert len(stored(job="a", zone="x")) == 2


def test_a_marker_of_the_end_is_kept_bit_for_bit(write):
    write(up(now_ms(), bodies.STALE, job="a"))

    ((_, value),) = stored(job="a")
    assert struct.pack("<d", value) == struct.pack("<d", bodies.STALE)


# ── who may ────────────────────────────────────────────────────────────────────────────────────


def test_the_key_may_come_as_the_password_of_basic_auth(write, key):
    basic = base64.b64encode(f"anybody:{key}".encode()).decode()

    assert write(up(now_ms()), authorization=f"Basic {basic}").status_code == 204


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("", id="none"),
        pytest.param("Bearer fp_wrong", id="wrong"),
        pytest.param("Basic !!", id="no base64"),
        pytest.param("Digest x", id="another scheme"),
    ],
)
def test_without_a_good_key_it_is_401_and_nothing_is_taken(write, header):
    answer = write(up(now_ms()), authorization=header)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert not Series.objects.exists()


def test_a_revoked_key_opens_nothing(write):
    services.revoke(PushKey.objects.get(), by=system())

    assert write(up(now_ms())).status_code == 401


def test_a_sender_that_comes_too_often_is_told_when_to_come_again(write):
    PushKey.objects.update(per_minute=1)

    codes = [write(up(now_ms())).status_code for _ in range(2)]

    assert codes == [204, 429]
    assert int(write(up(now_ms())).headers["Retry-After"]) > 0


def test_a_key_for_the_whole_estate_is_made_only_by_who_holds_it_everywhere(client):
    site = make.item(kind="site")
    bob = make.user("bob")
    make.grant(user=bob, role="engineer", site=site)
    browser = make.client(bob)

    refused = browser.post("/push-keys/add", {"name": "all", "item": ""})
    made = browser.post("/push-keys/add", {"name": "here", "item": site.pk})

    assert refused.status_code == 422
    assert "fp_" in made.content.decode()
    assert [k.item for k in PushKey.objects.all()] == [site]


# ── what is refused ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        pytest.param(
            "application/x-protobuf;proto=io.prometheus.write.v2.Request", b"x", 415, id="2.0"
        ),
        pytest.param("application/x-protobuf", b"\xff" * 20, 400, id="no snappy"),
        pytest.param("application/x-protobuf", bodies.packed(b"\x0a\xff"), 400, id="cut short"),
    ],
)
def test_what_cannot_be_read_is_told_in_the_status(client, key, kind, body, status):
    answer = client.post(
        "/api/v1/write", body, content_type=kind, headers={"authorization": f"Bearer {key}"}
    )

    assert answer.status_code == status
    assert answer.json()["detail"]


def test_more_than_is_taken_at_once_is_413(client, key, monkeypatch):
    monkeypatch.setattr(samples, "MOST_BYTES", 1000)

    answer = client.post(
        "/api/v1/write", b"x" * 1001, content_type="application/x-protobuf",
        headers={"authorization": f"Bearer {key}"},
    )  # fmt: skip

    assert answer.status_code == 413


def test_the_good_is_taken_and_the_rest_counted_by_reason(write):
    at = now_ms()
    ahead = at + 700_000

    answer = write(up(at, job="a"), up(ahead, job="a"), up(at, job="x" * 2000))

    assert answer.status_code == 204
    assert stored(job="a") == [(at, 1.0)]
    assert dict(Refusal.objects.values_list("reason", "count")) == {"future": 1, "labels": 1}


def test_where_nothing_is_good_the_senders_own_log_says_why(write):
    answer = write(up(now_ms() + 3_600_000, job="a"))

    assert answer.status_code == 400
    assert "clock" in answer.json()["detail"]


def test_what_is_older_than_what_is_kept_is_counted(write):
    at = now_ms()
    queries.store().drop_before(at - 86_400_000)

    write(up(at, job="a"), up(at - 90_000_000, job="a"))

    assert dict(Refusal.objects.values_list("reason", "count")) == {"too_old": 1}


def test_new_series_are_limited_by_the_hour_and_known_ones_go_on(write):
    PushKey.objects.update(new_series_per_hour=2)
    at = now_ms()
    write(up(at, job="a"), up(at, job="b"), up(at, job="c"), up(at, job="d"))

    answer = write(up(at + 1, job="e"), *(up(at + 1, job=job) for job in "abcd"))

    assert (answer.status_code, Series.objects.count()) == (204, 2)
    refusal = Refusal.objects.get()
    assert (refusal.reason, refusal.count) == ("new_series", 2 + 3)
    assert "more than 2 new series" in refusal.example.lower()


def test_a_full_buffer_is_503_and_told_when_to_come_again(write, monkeypatch):
    class Busy:
        def append(self, samples):
            raise Full("More samples wait than are held.")

    with monkeypatch.context() as patched:
        patched.setattr(intake, "_door", Busy)
        answer = write(up(now_ms()))

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0


def test_what_was_refused_is_a_series_of_our_own_that_is_nobodys_fault(write):
    write(up(now_ms() + 3_600_000, job="a"), up(now_ms(), job="a"))

    jobs.tell_refused()

    ((_, value),) = stored(reason="future")
    assert value == 1.0
    assert not Series.objects.unowned().filter(labels={"reason": "future"}).exists()


# ── whose they are ─────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def host():
    one = make.item("web1.example.org")
    make.identifier(item=one, kind="address", value="192.0.2.7")
    make.identifier(item=one, kind="machine_id", value="5f" * 16)
    return one


@pytest.mark.parametrize(
    ("labels", "rule"),
    [
        pytest.param({"item": "WEB1.example.org"}, "item", id="the label item"),
        pytest.param({"host_id": "5f" * 16}, "machine", id="the machine's id"),
        pytest.param({"host_name": "web1.example.org"}, "name", id="the host's name"),
        pytest.param({"instance": "web1.example.org:9100"}, "address", id="instance, a name"),
        pytest.param({"instance": "192.0.2.7:9100"}, "address", id="instance, an address"),
        pytest.param({"host_name": "nobody", "instance": "192.0.2.7"}, "address", id="the next"),
    ],
)
def test_a_series_is_bound_by_the_first_rule_that_knows_an_item(write, host, labels, rule):
    write(up(now_ms(), **labels))

    series = Series.objects.get()
    assert (series.item, series.bound_by) == (host, rule)


@pytest.mark.parametrize(
    "labels",
    [
        pytest.param({"instance": "localhost:9090"}, id="everybody's own name"),
        pytest.param({"instance": "[::1]:9090"}, id="everybody's own address"),
        pytest.param({"instance": "other:1"}, id="unknown"),
        pytest.param({}, id="no label"),
    ],
)
def test_what_no_rule_knows_is_nobodys_and_says_so(write, host, labels):
    write(up(now_ms(), **labels))

    assert Series.objects.unowned().get().binding == "No label names an item."


def test_two_items_of_one_name_get_neither(write, host):
    make.item("web1.example.org", kind="vm")

    write(up(now_ms(), host_name="web1.example.org", instance="192.0.2.7:1"))

    series = Series.objects.get()
    assert series.item is None
    assert "2 items" in series.binding


def test_a_key_of_a_site_reaches_nothing_beyond_it(client, host):
    site = make.item("fra", kind="site")
    inside = make.item("db1", site=site)
    _, text = services.issue_push_key(site, by=system(), name="p")
    for name in ("db1", host.name):
        body = bodies.packed(bodies.series(*up(now_ms(), instance=f"{name}:9100")))
        client.post("/api/v1/write", body, content_type="application/x-protobuf",
                    headers={"authorization": f"Bearer {text}"})  # fmt: skip

    owners = {s.labels["instance"]: s.item for s in Series.objects.all()}
    assert owners == {"db1:9100": inside, f"{host.name}:9100": None}


def test_samples_without_an_owner_are_found_and_gone_once_they_have_one(write, host):
    write(up(now_ms(), instance="new1:9100"), up(now_ms(), instance="192.0.2.7:9100"))
    scope = Scope(time.now())

    def verdicts():
        found = queries.senders_without_owner(scope)
        return list(checks.unowned.judge(found, now=scope.now, limits=Limits({})))

    (before,) = verdicts()
    services.bind(Series.objects.unowned().get(), item=host, by=system())
    (after,) = verdicts()

    assert (before.outcome, before.figure, after.outcome) == ("bad", 1, "good")
    assert before.evidence[0]["instance"] == "new1:9100"


def test_what_becomes_known_later_gets_its_series_and_a_hand_outlives_the_rules(write, host):
    write(up(now_ms(), instance="new1:9100"), up(now_ms(), instance="new2:9100"))
    first, second = Series.objects.order_by("labels__instance")
    services.bind(second, item=host, by=system())
    new1, _ = make.item("new1"), make.item("new2")

    jobs.bind_unowned()

    first.refresh_from_db(), second.refresh_from_db()
    assert (first.item, second.item, second.bound_by) == (new1, host, "hand")


def test_that_series_live_is_noted_every_ten_minutes_and_gone_ones_are_found_anew(write):
    at, key = time.now(), PushKey.objects.get()
    write(up(now_ms(), job="a"))
    sender = services.of_key(key)
    Series.objects.all().delete()
    again = services.Batch([b"k"], np.zeros(1, np.int64), np.array([now_ms()]), np.ones(1),
                           lambda k: services.Called("up", {"job": "b"}))  # fmt: skip

    services.take(again, sender, now=at + timedelta(minutes=11))

    assert b"k" not in services.known_keys(sender)
