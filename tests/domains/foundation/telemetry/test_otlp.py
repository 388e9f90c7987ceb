"""The door for OTLP: who may, what is taken, in part or not, deltas, and the answers' formats."""

import gzip
import json
import re
from datetime import timedelta
from urllib.parse import unquote, urlsplit

import pytest
from google.protobuf import json_format
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceResponse as Response,
)
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric, Summary, SummaryDataPoint

from fullscore.connectors.samples import Full
from fullscore.domains.foundation.telemetry import queries, services
from fullscore.domains.foundation.telemetry.endpoints import samples
from fullscore.domains.foundation.telemetry.models import Metric as Known
from fullscore.domains.foundation.telemetry.models import PushKey, Refusal, Series
from fullscore.domains.foundation.telemetry.services import intake
from fullscore.kit import time
from fullscore.kit.models.user import system
from tests import make
from tests.connectors.otlp import requests
from tests.connectors.otlp.requests import distribution, gauge, histogram, number, sums

pytestmark = pytest.mark.django_db

PROTOBUF, JSON = "application/x-protobuf", "application/json"
SUMMARY = Metric(name="s", summary=Summary(data_points=[SummaryDataPoint()]))


@pytest.fixture
def at():
    """Return this second, in ms."""
    return queries.milliseconds(time.now()) // 1000 * 1000


@pytest.fixture
def key():
    """Return the text of a key for the whole estate."""
    return services.issue_push_key(None, by=system(), name="otel")[1]


@pytest.fixture
def post(client, key):
    def send(*metrics, kind=PROTOBUF, text=key, resource=None, body=None, **headers):
        told = requests.request(*metrics, **(resource or {}))
        if body is None:
            body = requests.in_json(told) if kind == JSON else requests.packed(told)
        headers = {"authorization": f"Bearer {text}"} | headers
        return client.post("/v1/metrics", body, content_type=kind, headers=headers)

    return send


def told(answer, kind=Response):
    if answer.headers["Content-Type"] == JSON:
        return json_format.Parse(answer.content, kind())
    return kind.FromString(answer.content)


def stored(name, **labels):
    (one,) = [s for s in Series.objects.filter(metric__name=name) if s.labels == labels]
    found = queries.store().read([one.pk], start_ms=0, end_ms=2**42)
    return list(zip(found.ts_ms.tolist(), found.values.tolist(), strict=True))


@pytest.mark.parametrize("kind", [PROTOBUF, JSON])
def test_samples_are_on_the_disk_when_the_answer_comes(post, at, kind):
    answer = post(
        gauge("load.1m", number(0.5, at=at), unit="{run}"),
        sums("http.requests", number(7, at=at, route="/"), unit="{request}"),
        histogram("http.time", distribution([1, 2], [0.1], 0.9, at=at), unit="s"),
        kind=kind,
    )

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, kind)
    assert not told(answer).HasField("partial_success")
    assert stored("load_1m") == [(at, 0.5)]
    assert stored("http_requests", route="/") == [(at, 7.0)]
    assert stored("http_time_bucket", le="0.1") == [(at, 1.0)]
    assert stored("http_time_bucket", le="+Inf") == [(at, 3.0)]
    assert [(m.name, m.unit, m.kind) for m in Known.objects.order_by("name")] == [
        ("http_requests", "1", "counter"),
        ("http_time_bucket", "1", "counter"),
        ("http_time_count", "1", "counter"),
        ("http_time_sum", "s", "counter"),
        ("load_1m", "1", "gauge"),
    ]


def test_both_formats_end_in_the_same_series(post, at):
    post(gauge("a", number(1.0, at=at, x="y")), resource={"host__name": "web1"})
    post(gauge("a", number(2.0, at=at + 1, x="y")), resource={"host__name": "web1"}, kind=JSON)

    assert stored("a", x="y", host_name="web1") == [(at, 1.0), (at + 1, 2.0)]


def test_a_body_may_come_packed_and_an_empty_one_is_all_taken(post, at):
    body = gzip.compress(requests.packed(requests.request(gauge("a", number(1.0, at=at)))))

    packed = post(body=body, **{"content-encoding": "gzip"})
    empty = post(body=b"{}", kind=JSON)

    assert (packed.status_code, empty.status_code, empty.content) == (200, 200, b"{}")
    assert stored("a") == [(at, 1.0)]


def test_what_was_known_and_is_forgotten_while_it_is_stored_is_named_anew(post, at, monkeypatch):
    post(gauge("a", number(1.0, at=at)))
    known = dict(services.known_keys(services.of_key(PushKey.objects.get())))
    intake.memory.clear()
    monkeypatch.setattr(services, "known_keys", lambda sender: known)

    post(gauge("a", number(2.0, at=at + 1)))

    assert stored("a") == [(at, 1.0), (at + 1, 2.0)]


@pytest.mark.parametrize(
    ("resource", "rule"),
    [
        pytest.param({"host__id": "5f" * 16}, "machine", id="host.id"),
        pytest.param({"host__name": "WEB1.example.org"}, "name", id="host.name"),
        pytest.param({"host__name": "x", "cloud__resource_id": "i-7"}, "cloud", id="the cloud's"),
    ],
)
def test_series_are_bound_by_what_the_resource_says_of_its_host(post, at, resource, rule):
    host = make.item("web1.example.org")
    make.identifier(item=host, kind="machine_id", value="5f" * 16)
    make.identifier(item=host, kind="cloud_id", value="i-7")

    post(gauge("a", number(1.0, at=at)), resource=resource)

    series = Series.objects.get()
    assert (series.item, series.bound_by) == (host, rule)


def test_what_the_page_of_a_new_key_says_to_paste_is_what_the_door_takes(client, at):
    browser = make.client(make.user("root", role="administrator"))
    page = browser.post("/push-keys/add", {"name": "shop", "item": ""}).content.decode()
    told = dict(re.findall(r"OTEL_EXPORTER_OTLP_METRICS_(\w+)=([^\s<]+)", page))
    name, _, value = told["HEADERS"].partition("=")

    answer = client.post(
        urlsplit(told["ENDPOINT"]).path,
        requests.packed(requests.request(gauge("a", number(1.0, at=at)))),
        content_type=PROTOBUF,
        headers={name: unquote(value)},
    )

    assert (answer.status_code, told["PROTOCOL"]) == (200, "http/protobuf")


# ── in part, and not at all ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", [PROTOBUF, JSON])
def test_what_is_not_taken_is_told_by_data_points_and_counted(post, at, kind):
    ahead = distribution([1, 1], [1.0], 3.0, at=at + 3_600_000)

    answer = post(gauge("a", number(1.0, at=at)), SUMMARY, histogram("h", ahead), kind=kind)

    part = told(answer).partial_success
    assert (answer.status_code, part.rejected_data_points) == (200, 2)
    assert "clock" in part.error_message
    assert dict(Refusal.objects.values_list("reason", "count")) == {"future": 4, "histogram": 1}
    if kind == JSON:
        assert json.loads(answer.content)["partialSuccess"]["rejectedDataPoints"] == "2"


def test_what_is_older_than_what_is_kept_is_told_in_part(post, at):
    queries.store().drop_before(at - 86_400_000)
    old = at - 90_000_000

    answer = post(
        gauge("a", number(1.0, at=at), number(1.0, at=old)),
        sums("d", number(1, at=at), number(1, at=old), temporality=1),
    )

    assert told(answer).partial_success.rejected_data_points == 2
    assert Refusal.objects.get().reason == "too_old"


def test_where_nothing_is_good_it_is_400_and_says_why(post):
    answer = post(SUMMARY)

    assert answer.status_code == 400
    status = told(answer, Status)
    assert status.code == 3
    assert "explicit buckets" in status.message


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        pytest.param({"body": b"\xff"}, 400, 3, id="no protobuf"),
        pytest.param({"body": b"{", "kind": JSON}, 400, 3, id="no JSON"),
        pytest.param({"body": b"x", "content-encoding": "gzip"}, 400, 3, id="no gzip"),
        pytest.param({"text": "fp_wrong"}, 401, 16, id="wrong key"),
        pytest.param({"body": b"x" * 1001}, 413, 3, id="too large"),
        pytest.param({"kind": "text/plain", "body": b"x"}, 415, 3, id="another kind"),
        pytest.param({"content-encoding": "zstd"}, 415, 3, id="another packing"),
    ],
)
def test_what_cannot_be_taken_is_told_in_status_and_body(post, monkeypatch, more, status, code):
    monkeypatch.setattr(samples, "MOST_BYTES", 1000)

    answer = post(**more)

    assert answer.status_code == status
    body = told(answer, Status)
    assert body.code == code
    assert body.message


def test_a_gzip_bomb_is_refused(post, monkeypatch):
    monkeypatch.setattr(
        "fullscore.domains.foundation.telemetry.endpoints.samples.MOST_BYTES", 10_000
    )

    answer = post(body=gzip.compress(bytes(20_000)), **{"content-encoding": "gzip"})

    assert answer.status_code == 400


def test_a_sender_that_comes_too_often_is_told_when_to_come_again(post, at):
    PushKey.objects.update(per_minute=1)
    post(gauge("a", number(1.0, at=at)))

    answer = post(gauge("a", number(1.0, at=at)))

    assert (answer.status_code, told(answer, Status).code) == (429, 8)
    assert int(answer.headers["Retry-After"]) > 0


def test_a_full_buffer_is_503_and_told_when_to_come_again(post, at, monkeypatch):
    class Busy:
        def append(self, samples):
            raise Full("More samples wait than are held.")

    with monkeypatch.context() as patched:
        patched.setattr(intake, "_door", Busy)
        answer = post(sums("a", number(1, at=at), temporality=1))

    assert (answer.status_code, told(answer, Status).code) == (503, 14)
    assert int(answer.headers["Retry-After"]) > 0


# ── deltas ─────────────────────────────────────────────────────────────────────────────────────


def delta(value, at, starts=0, **labels):
    return sums("d", number(value, at=at, starts=starts, **labels), temporality=1)


def test_deltas_become_running_totals(post, at):
    post(delta(5, at, starts=at - 1000))
    post(delta(2, at + 1000, starts=at))
    post(delta(1, at + 9000, starts=at + 8000))

    assert stored("d") == [
        (at - 1000, 0.0),
        (at, 5.0),
        (at + 1000, 7.0),
        (at + 8000, 7.0),
        (at + 9000, 8.0),
    ]
    assert Known.objects.get().kind == "counter"


def test_totals_go_on_after_a_restart_because_the_store_has_them(post, at):
    post(delta(5, at))
    intake.memory.clear()
    intake._door.cache_clear()

    post(delta(2, at + 1))

    assert stored("d") == [(at, 5.0), (at + 1, 7.0)]


def test_a_total_is_found_after_hours_of_silence(post, at):
    post(delta(5, at - 10 * 3_600_000))
    post(delta(2, at))

    assert stored("d")[-1] == (at, 7.0)


def test_a_sender_that_tries_again_adds_nothing(post, at):
    post(delta(5, at))

    again = post(delta(5, at))

    assert (again.status_code, again.content) == (200, b"")
    assert stored("d") == [(at, 5.0)]


def test_increments_that_come_too_late_are_counted(post, at):
    post(delta(5, at))

    answer = post(delta(2, at - 1), gauge("a", number(1.0, at=at)))

    assert told(answer).partial_success.rejected_data_points == 1
    assert stored("d") == [(at, 5.0)]
    refusal = Refusal.objects.get()
    assert (refusal.reason, refusal.count) == ("order", 1)
    assert "in order" in refusal.example


def test_histograms_of_deltas_accumulate_bucket_by_bucket(post, at):
    for second in (0, 1):
        told = distribution([1, 2], [0.1], 0.5, at=at + second, route="/")
        post(histogram("h", told, temporality=1))

    assert stored("h_bucket", le="0.1", route="/")[-1] == (at + 1, 2.0)
    assert stored("h_count", route="/")[-1] == (at + 1, 6.0)
    assert stored("h_sum", route="/")[-1] == (at + 1, 1.0)


def test_the_rate_of_a_counter_told_in_deltas_is_right_over_a_silence(post, at):
    post(delta(60, at - 600_000, starts=at - 660_000))
    post(delta(30, at, starts=at - 60_000))
    (series,) = Series.objects.all()

    found = queries.store().aggregate(
        [series.pk], start_ms=at - 700_000, end_ms=at + 1, step_ms=700_001, function="increase"
    )

    assert found.values.tolist() == [90.0]


def test_what_is_alive_is_noted_for_deltas_too(post, at):
    post(delta(1, at))
    sender = services.of_key(PushKey.objects.get())

    intake._refreshed[sender.name] = time.now() - timedelta(minutes=11)
    before = Series.objects.get().last_at
    post(delta(1, at + 1))

    assert Series.objects.get().last_at > before
