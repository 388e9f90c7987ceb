"""One host told of by several sources, and series muted for a time."""

from datetime import timedelta

import numpy as np
import pytest

from fullscore.connectors.samples import Samples
from fullscore.domains.foundation.telemetry import queries, services
from fullscore.domains.foundation.telemetry.metrics import described
from fullscore.domains.foundation.telemetry.models import Metric, Series
from fullscore.domains.foundation.telemetry.queries import Line
from fullscore.domains.foundation.telemetry.reading import judged
from fullscore.kit import time
from fullscore.kit.errors import Invalid
from fullscore.kit.models.user import system
from tests import make

pytestmark = pytest.mark.django_db
USER = {"mode": "user"}


@pytest.fixture
def host():
    return make.item(name="web1")


def told(host, name="node_cpu_seconds_total", *, by="sender", labels=USER, **values):
    metric = Metric.objects.filter(name=name).first() or make.metric(name=name)
    return make.series(metric=metric, item=host, bound_by=by, labels=labels, last_at=time.now(),
                       **values)  # fmt: skip


def doubles():
    services.mark_doubles(now=time.now())
    return set(Series.objects.filter(is_double=True).values_list("pk", flat=True))


def test_the_host_s_own_word_counts_before_what_is_read_there_and_what_is_sent(host):
    own = told(host)
    read = told(host, by="target", labels=USER | {"instance": "web1:9100"})
    sent = told(host, by="address", labels=USER | {"instance": "web1:9100", "job": "node"})

    assert doubles() == {read.pk, sent.pk}
    assert queries.series_of(host, "node_cpu_seconds_total", mode="user") == [own]


def test_when_the_first_source_falls_silent_the_next_takes_its_place(host):
    own = told(host)
    read = told(host, by="target", labels=USER | {"instance": "web1:9100"})
    assert doubles() == {read.pk}

    Series.objects.filter(pk=own.pk).update(last_at=time.now() - timedelta(hours=2))

    assert doubles() == set()


def test_what_only_one_source_tells_is_kept(host):
    told(host)
    told(host, by="target", labels=USER | {"instance": "web1:9100"})
    only = told(host, "node_hwmon_temp_celsius", by="target", labels={"instance": "web1:9100"})

    assert only.pk not in doubles()


def test_two_exporters_of_one_host_that_do_not_describe_it_are_two(host):
    told(host, "process_open_fds", by="target", labels={"instance": "web1:9100"})
    told(host, "process_open_fds", by="target", labels={"instance": "web1:9187"})

    assert doubles() == set()


def test_two_hosts_are_no_doubles_of_each_other(host):
    told(host)
    told(make.item(name="web2"), by="target", labels=USER | {"instance": "web2:9100"})

    assert doubles() == set()


def test_a_sum_counts_each_processor_once_and_a_threshold_fires_once(host):
    now = time.now()
    own = told(host, "node_load1", labels={})
    read = told(host, "node_load1", by="target", labels={"instance": "web1:9100"})
    make.threshold(metric=own.metric, function="last", high_at=1.0, clear_at=0.5)
    doubles()
    at_ms = queries.milliseconds(now) - 30_000
    both = np.array([own.pk, read.pk])
    queries.store().append(Samples(both, np.full(2, at_ms), np.full(2, 4.0)))

    (line,) = queries.draw(host, Line("node_load1", merge="sum"), start=now - timedelta(minutes=5),
                           end=now, step_seconds=300)  # fmt: skip
    found = judged.judged(now)

    assert [v for _, v in line.points if v is not None] == [4.0]
    assert found.series.tolist() == [own.pk]


def test_a_mute_with_an_end_ends_by_itself():
    one, for_good = make.series(), make.series()
    services.mute(one, by=system(), until=time.now() + timedelta(hours=1))
    services.mute(for_good, by=system())

    assert services.end_mutes(now=time.now(), by=system()) == 0
    assert services.end_mutes(now=time.now() + timedelta(hours=2), by=system()) == 1

    one.refresh_from_db()
    for_good.refresh_from_db()
    assert (one.is_muted, one.muted_until, for_good.is_muted) == (False, None, True)


def test_a_mute_cannot_end_in_the_past():
    with pytest.raises(Invalid, match="passed"):
        services.mute(make.series(), by=system(), until=time.now() - timedelta(minutes=1))


@pytest.mark.parametrize("name", [
    "node_procs_running", "node_network_up", "node_vmstat_pgfault",
    "node_netstat_Tcp_CurrEstab", "node_filesystem_readonly",
])  # fmt: skip
def test_what_our_own_probe_counts_has_a_unit(name):
    assert described(name).unit == "1"
