"""Each check of samples against a sick twin, a healthy twin, and a host without samples."""

from dataclasses import replace

import pytest

from fullscore.config.checks import CHECKS
from fullscore.domains.infrastructure.servers.checks import samples
from fullscore.domains.infrastructure.servers.queries import Gauge, Volume
from fullscore.domains.infrastructure.servers.queries.waiting import Slow, Stolen
from fullscore.kit.checks import Limits
from tests.domains.infrastructure.servers.hosts import NOW, worst

TOTAL = "node_memory_MemTotal_bytes"
LEFT = "node_memory_MemAvailable_bytes"
USED = "node_filefd_allocated"
MOST = "node_filefd_maximum"


def gauge(**figures):
    return Gauge(7, "web1", "", figures)


def waiting(percent, has_series=1.0):
    return gauge(percent=percent, has_series=has_series)


def volume(used, *, a_day=0.0, size=1000.0, hours=100):
    """Return a volume of which `used` is taken and that has grown by so much a day."""
    past = () if used is None else tuple(
        (hour / 24, used - a_day * (hours - hour) / 24) for hour in range(hours + 1)
    )  # fmt: skip
    return Volume(7, "web1", "/srv", size, used, past)


TWINS = [
    (samples.disk_filling, volume(990), 5, "over 98 %"),
    (samples.disk_filling, volume(960), 4, "over 95 %"),
    (samples.disk_filling, volume(800, a_day=40), 4, "full in five days"),
    (samples.disk_filling, volume(800, a_day=20), "good", "full in ten days"),
    (samples.disk_filling, volume(900), "good", "full for long, and not growing"),
    (samples.disk_filling, volume(930), "good", "93 %, and was good before"),
    (samples.disk_filling, replace(volume(930), is_held=True), 4, "93 %, and is not good yet"),
    (samples.disk_filling, replace(volume(899), is_held=True), "good", "good again under 90 %"),
    (samples.disk_filling, volume(800, a_day=40, hours=20), "good", "a day says nothing yet"),
    (samples.disk_filling, volume(None), "unknown", "no samples"),
    (samples.inodes_filling, volume(970), 4, "over 95 %"),
    (samples.inodes_filling, volume(100), "good", "plenty"),
    (samples.inodes_filling, volume(0, size=0), "nothing", "a filesystem without inodes"),
    (samples.inodes_filling, volume(None), "unknown", "no samples"),
    (samples.memory_pressure, waiting(6), 4, "6 % of the time"),
    (samples.memory_pressure, waiting(4), "good", "4 % of the time"),
    (samples.memory_pressure, waiting(None), "unknown", "no samples"),
    (samples.memory_pressure, waiting(None, 0.0), "not_applicable", "a kernel without PSI"),
    (samples.cpu_pressure, waiting(41), 3, "41 %"),
    (samples.cpu_pressure, waiting(81), 4, "81 %"),
    (samples.cpu_pressure, waiting(39), "good", "39 %"),
    (samples.cpu_pressure, waiting(None), "unknown", "no samples"),
    (samples.io_pressure, waiting(21), 4, "21 %"),
    (samples.io_pressure, waiting(19), "good", "19 %"),
    (samples.io_pressure, waiting(None), "unknown", "no samples"),
    (samples.cpu_stolen, Stolen(7, "web1", 11.0), 3, "11 %"),
    (samples.cpu_stolen, Stolen(7, "web1", 9.0), "good", "9 %"),
    (samples.cpu_stolen, Stolen(7, "web1", None), "unknown", "no samples"),
    (samples.disk_slow, Slow(7, "web1", "sda", False, 51.0), 4, "51 ms, solid"),
    (samples.disk_slow, Slow(7, "web1", "sda", True, 51.0), "good", "51 ms, rotating"),
    (samples.disk_slow, Slow(7, "web1", "sda", True, 201.0), 4, "201 ms, rotating"),
    (samples.disk_slow, Slow(7, "web1", "sda", False, 0.0), "good", "hardly used"),
    (samples.disk_slow, Slow(7, "web1", "", False, None), "unknown", "no samples"),
    (samples.swap_thrash, gauge(sum=1001.0), 3, "1,001 pages a second"),
    (samples.swap_thrash, gauge(sum=999.0), "good", "999 pages a second"),
    (samples.swap_thrash, gauge(sum=None), "unknown", "no samples"),
    (samples.oom_killed, gauge(sum=1.0), 5, "one killed"),
    (samples.oom_killed, gauge(sum=0.0), "good", "none killed"),
    (samples.oom_killed, gauge(sum=None), "unknown", "no samples"),
    (samples.file_handles, gauge(**{USED: 81.0, MOST: 100.0}), 4, "81 %"),
    (samples.file_handles, gauge(**{USED: 79.0, MOST: 100.0}), "good", "79 %"),
    (samples.file_handles, gauge(**{USED: None, MOST: 100.0}), "unknown", "no samples"),
    (samples.memory_low, gauge(**{TOTAL: 100.0, LEFT: 1.0}), 4, "1 % left"),
    (samples.memory_low, gauge(**{TOTAL: 100.0, LEFT: 4.0}), 3, "4 % left"),
    (samples.memory_low, gauge(**{TOTAL: 100.0, LEFT: 6.0}), "good", "6 % left"),
    (samples.memory_low, gauge(**{TOTAL: 100.0, LEFT: None}), "unknown", "no samples"),
]


@pytest.mark.parametrize(
    ("check", "fact", "expected"),
    [pytest.param(check, fact, word, id=f"{check.id}: {why}") for check, fact, word, why in TWINS],
)
def test_twins(check, fact, expected):
    assert worst(check, fact) == expected


def test_every_check_of_samples_has_its_sick_its_healthy_and_its_unread_twin():
    of_samples = {c.id for c in CHECKS if c.judge.__module__ == samples.__name__}

    for said in ("good", "unknown"):
        assert {check.id for check, _, word, _ in TWINS if word == said} == of_samples
    assert {check.id for check, _, word, _ in TWINS if isinstance(word, int)} == of_samples


def test_a_volume_that_fills_is_due_before_it_is_full():
    (verdict,) = samples.disk_filling.judge(
        [volume(800, a_day=40)], now=NOW, limits=Limits(samples.disk_filling.limits)
    )

    assert verdict.figure == pytest.approx(5, rel=1e-6)
    assert (verdict.due_on - NOW.date()).days in (4, 5)
