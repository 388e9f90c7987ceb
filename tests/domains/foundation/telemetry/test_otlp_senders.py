"""The official OpenTelemetry SDK and its exporter, sending to a running server of ours."""

from contextlib import contextmanager

import pytest
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import AggregationTemporality, PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import (
    ExponentialBucketHistogramAggregation,
    View,
)
from opentelemetry.sdk.resources import Resource

from tests.domains.foundation.telemetry.live import KEY, TOO_OFTEN, serving
from tests.installation import Installation
from tests.servers import free_port

pytestmark = [pytest.mark.real, pytest.mark.once]

LAST = """
from fullscore.domains.foundation.telemetry import queries
from fullscore.domains.foundation.telemetry.models import Refusal, Series
rows = {s.pk: s for s in Series.objects.select_related("metric")}
found = queries.store().latest(list(rows), at_ms=2**42, lookback_ms=2**42)
told = [[rows[s].metric.name, rows[s].metric.kind, rows[s].metric.unit, rows[s].labels, v]
        for s, v in zip(found.series.tolist(), found.values.tolist(), strict=True)]
answer = {"last": told, "refused": list(Refusal.objects.values_list("reason", "count"))}
"""
DELTA = AggregationTemporality.DELTA


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Return one installation for all: each test is a service of its own."""
    installation = Installation(tmp_path_factory.mktemp("otlp"))
    installation.migrate()
    return installation


@pytest.fixture(scope="module")
def key(installed):
    return installed.ask(KEY.format(per_minute=6000))


@contextmanager
def sdk(service, port, key, *, temporality=None, views=()):
    """Run the SDK with its exporter; it sends when it is flushed."""
    exporter = OTLPMetricExporter(
        endpoint=f"http://127.0.0.1:{port}/v1/metrics",
        headers={"authorization": f"Bearer {key}"},
        compression=Compression.Gzip,
        preferred_temporality=temporality,
        timeout=60,
    )
    told = {"service.name": service, "host.name": "web1", "service.instance.id": "1"}
    provider = MeterProvider(
        [PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)],
        resource=Resource.create(told),
        views=views,
    )
    try:
        yield provider, provider.get_meter("tests")
    finally:
        exporter.shutdown()  # first, or it would try for long to reach a server that is gone
        provider.shutdown()


def last(told, name, **labels):
    (found,) = [row for row in told if row[0] == name and labels.items() <= row[3].items()]
    return found[1:]


def test_what_the_sdk_counts_is_here_also_after_a_kill_whole_or_in_deltas(installed, key):
    port, delta = free_port(), {Counter: DELTA, Histogram: DELTA}
    with (
        sdk("whole", port, key) as whole,
        sdk("added", port, key, temporality=delta) as added,
    ):
        for _ in range(2):  # the server is killed after each
            with serving(installed, port):
                for provider, meter in (whole, added):
                    measure(meter)
                    assert provider.force_flush(60_000)

    told = installed.ask(LAST)
    for service in ("whole", "added"):
        mine = [row for row in told["last"] if row[3].get("service_name") == service]
        labels = {
            "service_name": service,
            "host_name": "web1",
            "service_instance_id": "1",
            "otel_scope_name": "tests",
        }
        assert last(mine, "shop_orders") == ["counter", "1", {**labels, "size": "big"}, 6.0]
        assert last(mine, "shop_stock") == ["gauge", "", labels, 10.0]
        assert last(mine, "shop_time_bucket", le="0.1")[3] == 0.0
        assert last(mine, "shop_time_bucket", le="1")[3] == 2.0
        assert last(mine, "shop_time_count")[3] == 2.0
        assert last(mine, "shop_time_sum") == ["counter", "s", labels, 1.0]
    assert told["refused"] == []


def measure(meter):
    """Measure once with one instrument of each kind."""
    bounds = {"explicit_bucket_boundaries_advisory": [0.1, 1.0]}
    meter.create_counter("shop.orders", unit="{order}").add(3, {"size": "big"})
    meter.create_up_down_counter("shop.stock").add(5)
    meter.create_histogram("shop.time", unit="s", **bounds).record(0.5)


def test_what_is_refused_is_told_and_what_comes_too_often_comes_again(installed, key):
    port = free_port()
    view = View(instrument_type=Histogram, aggregation=ExponentialBucketHistogramAggregation())
    with (
        serving(installed, port),
        sdk("often", port, key, views=[view]) as (provider, meter),
    ):
        meter.create_histogram("spread").record(1.0)
        counter = meter.create_counter("often")
        counter.add(1)
        assert provider.force_flush(60_000)
        installed.ask(TOO_OFTEN)
        counter.add(1)
        assert provider.force_flush(60_000)  # answered with 429 and `Retry-After` for a while

    told = installed.ask(LAST)
    assert last(told["last"], "often")[3] == 2.0
    assert [row for row in told["last"] if row[0].startswith("spread")] == []
    assert told["refused"] == [["histogram", 2]]
