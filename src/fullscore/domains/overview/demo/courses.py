"""How Brightwater's figures run: the course of every series as a function of time. Pure.

Counters are closed integrals of their rate, so that any instants may be asked in any order.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fullscore.domains.overview.demo.company import Computer

Floats = NDArray[np.float64]
DAY = 86_400.0
EPOCH = 1_735_689_600.0  # counters began on 2025-01-01, before all machines
DAYS_LEFT, LEAK_DAYS = 9.3, 6.0  # read a few hours later by the check as 9.2 or 9.3
SWAPPED_PER_SECOND = 1400.0
WEEKLY = 0.08  # by so much processors and memory follow the week, and an uneven fortnight
GROWING_DAYS = 60.0  # since when the load, or the memory, of some hosts grows
CPU_GROWN, MEMORY_GROWN = 0.3, 0.1  # by what share of the whole until today
# What a slow disk adds since this many seconds before the founding: waiting shares, and tasks.
SLOW_SINCE, SLOW_STALLED, SLOW_WAITING, SLOW_LOAD = 40 * 60.0, 0.12, 0.9, 9.0


@dataclass(frozen=True, slots=True)
class Course:
    """One series: its name, its labels, and its value at given Unix seconds."""

    metric: str
    value: Callable[[Floats], Floats]
    labels: dict[str, str] = field(default_factory=dict)
    is_long: bool = False  # its days are kept hour by hour


def steady(level: float) -> Callable[[Floats], Floats]:
    """Return a course that does not change."""
    return lambda at: np.full(len(at), level)


def daily(level: float, swing: float, dice: Random) -> Callable[[Floats], Floats]:
    """Return a gauge that follows the working day, with a little unrest."""
    shift, unrest = dice.uniform(0, 4000), dice.uniform(300, 900)

    def value(at: Floats) -> Floats:
        day = np.sin(2 * np.pi * (at - shift) / DAY - 2.2)
        return level * (1 + swing * day + 0.2 * swing * np.sin(2 * np.pi * at / unrest))

    return value


def counted(rate: float, swing: float, dice: Random) -> Callable[[Floats], Floats]:
    """Return a counter whose rate follows the working day; it never falls as long as swing < 1."""
    shift = dice.uniform(0, 4000)

    def value(at: Floats) -> Floats:
        angle = 2 * np.pi * (at - shift) / DAY - 2.2
        since = at - EPOCH
        return np.asarray(rate * (since - swing * DAY / (2 * np.pi) * (np.cos(angle) - 1)))

    return value


def uneven(rate: float, dice: Random) -> Callable[[Floats], Floats]:
    """Return what a counter of this rate has more or less for the week and an uneven fortnight."""
    waves = [
        (7 * DAY, WEEKLY),
        (dice.uniform(9, 17) * DAY, WEEKLY),
        (dice.uniform(2, 4) * DAY, 0.04),
    ]
    shifts = [dice.uniform(0, 7 * DAY) for _ in waves]

    def value(at: Floats) -> Floats:
        parts = [
            size * length / (2 * np.pi) * np.sin(2 * np.pi * (at - shift) / length)
            for (length, size), shift in zip(waves, shifts, strict=True)
        ]
        return np.asarray(rate * sum(parts))

    return value


def together(*values: Callable[[Floats], Floats]) -> Callable[[Floats], Floats]:
    """Return the sum of courses."""
    return lambda at: np.asarray(sum(value(at) for value in values))


def ramping(rate: float, since: float, days: float) -> Callable[[Floats], Floats]:
    """Return a counter whose rate has grown evenly from nothing to this after so many days."""
    return lambda at: 0.5 * rate / (days * DAY) * np.maximum(0.0, at - since) ** 2


def rising(
    value: Callable[[Floats], Floats], per_second: float, since: float
) -> Callable[[Floats], Floats]:
    """Return a counter that rises by so much more since an instant."""
    return lambda at: value(at) + per_second * np.maximum(0.0, at - since)


def raised(
    value: Callable[[Floats], Floats], by: float, since: float
) -> Callable[[Floats], Floats]:
    """Return a gauge that stands so much higher since an instant."""
    return lambda at: value(at) + np.where(at >= since, by, 0.0)


def of_host(
    computer: Computer, mounts: list[dict[str, Any]], *, seed: int, today: float
) -> Iterator[Course]:
    """Yield the courses of one host; `today` is the instant of the founding, where stories are
    pinned."""
    dice = computer.dice(seed, "courses")
    busy = _busy(computer, dice)
    memory = float(computer.memory_bytes)
    user = together(counted(busy, 0.6, dice), uneven(busy, computer.dice(seed, "weeks")))
    if "cpu_growing" in computer.faults:
        grown = ramping(computer.cpus * CPU_GROWN, today - GROWING_DAYS * DAY, GROWING_DAYS)
        user = together(user, grown)
    yield Course("node_cpu_seconds_total", user, _mode("user"), is_long=True)
    yield Course(
        "node_cpu_seconds_total", counted(busy / 4, 0.6, dice), _mode("system"), is_long=True
    )
    slow, since = "slow_disk" in computer.faults, today - SLOW_SINCE
    waiting = rising(counted(busy / 30, 0.5, dice), SLOW_WAITING * slow, since)
    yield Course("node_cpu_seconds_total", waiting, _mode("iowait"))
    load = raised(daily(busy * 1.3, 0.5, dice), SLOW_LOAD * slow, since)
    yield Course("node_load1", load, is_long=True)
    yield Course("node_load15", daily(busy * 1.3, 0.4, dice))
    yield Course("node_memory_MemTotal_bytes", steady(memory), is_long=True)
    yield Course(
        "node_memory_MemAvailable_bytes", _available(computer, memory, today, dice), is_long=True
    )
    for metric in ("node_network_receive_bytes_total", "node_network_transmit_bytes_total"):
        rate = dice.uniform(2e5, 4e6) if "idle" not in computer.faults else 150.0
        yield Course(metric, counted(rate, 0.7, dice), {"device": "eth0"}, is_long=True)
    yield from _pressure(computer, dice, since)
    yield Course("node_filefd_allocated", daily(4200, 0.1, dice))
    yield Course("node_filefd_maximum", steady(1_048_576))
    for mount in mounts:
        yield from _mount(computer, mount, today)


def _busy(computer: Computer, dice: Random) -> float:
    """Return how many processors work on the mean."""
    share = dice.uniform(0.05, 0.3)
    if "idle" in computer.faults:
        return computer.cpus * 0.004
    return computer.cpus * (0.2 if "cpu_growing" in computer.faults else share)


def _mode(name: str) -> dict[str, str]:
    return {"cpu": "0", "mode": name}


def _available(
    computer: Computer, memory: float, today: float, dice: Random
) -> Callable[[Floats], Floats]:
    """Return the memory left: a daily wave, or a leak that a restart ends each six days."""
    if "memory_leak" not in computer.faults:
        share = dice.uniform(0.35, 0.6)
        if "memory_growing" not in computer.faults:
            return daily(memory * share, 0.15, dice)
        since, per_second = today - GROWING_DAYS * DAY, memory * MEMORY_GROWN / (GROWING_DAYS * DAY)
        wave = daily(memory * 0.42, 0.15, dice)
        return lambda at: wave(at) - per_second * np.maximum(0.0, at - since)

    def leaking(at: Floats) -> Floats:
        grown = np.mod((at - today) / DAY + 4.0, LEAK_DAYS) / LEAK_DAYS
        return memory * (0.72 - 0.6 * grown)

    return leaking


def _pressure(computer: Computer, dice: Random, since: float) -> Iterator[Course]:
    is_thrashing = "swap_thrash" in computer.faults
    stalled = SLOW_STALLED if "slow_disk" in computer.faults else 0.0
    for metric, share in (
        ("node_pressure_cpu_waiting_seconds_total", dice.uniform(0.01, 0.12)),
        ("node_pressure_memory_stalled_seconds_total", 0.0004),
        ("node_pressure_io_stalled_seconds_total", dice.uniform(0.002, 0.03)),
    ):
        more = stalled if "_io_" in metric else 0.0
        yield Course(metric, rising(counted(share, 0.5, dice), more, since))
    swapped = SWAPPED_PER_SECOND / 2 if is_thrashing else 0.0
    yield Course("node_vmstat_pswpin", counted(swapped, 0.0, dice))
    yield Course("node_vmstat_pswpout", counted(swapped, 0.0, dice))
    yield Course("node_vmstat_oom_kill", steady(0.0))


def _mount(computer: Computer, mount: dict[str, Any], today: float) -> Iterator[Course]:
    labels = {"device": mount["device"], "fstype": mount["type"], "mountpoint": mount["mount"]}
    size, left = float(mount["size_bytes"]), float(mount["size_bytes"] - mount["used_bytes"])
    is_filling = "disk_filling" in computer.faults and mount["mount"] != "/"
    space = _filling(left, today) if is_filling else _growing(size, left, today)
    yield Course("node_filesystem_size_bytes", steady(size), labels)
    yield Course("node_filesystem_avail_bytes", space, labels, is_long=mount["mount"] != "/")
    yield Course("node_filesystem_files", steady(float(mount["inodes"])), labels)
    yield Course(
        "node_filesystem_files_free", steady(float(mount["inodes"] - mount["inodes_used"])), labels
    )


def _filling(left: float, today: float) -> Callable[[Floats], Floats]:
    """Return the space left on a volume that grows evenly and is full in DAYS_LEFT days."""
    per_second = left / (DAYS_LEFT * DAY)
    return lambda at: np.asarray(left - per_second * (at - today))


def _growing(size: float, left: float, today: float) -> Callable[[Floats], Floats]:
    """Return the space left on a volume that grows by a hundredth a month."""
    return lambda at: np.asarray(left - size * 0.01 / (30 * DAY) * (at - today))
