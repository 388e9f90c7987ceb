"""Appends of many threads: joined while one runs, each told its own part, none lost."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from fullscore.connectors.base import Garbled, Refused
from fullscore.connectors.samples import Full, Grouped, Samples


def samples(*ts_ms, series=1):
    count = len(ts_ms)
    return Samples(np.full(count, series), np.array(ts_ms, np.int64), np.arange(count, dtype=float))


class Disk:
    """A store whose first append waits until it is let go; it drops what lies below `floor`."""

    def __init__(self, floor=0):
        self.groups, self.floor = [], floor
        self.has_begun, self.may_go = threading.Event(), threading.Event()

    def append(self, group):
        self.has_begun.set()
        self.may_go.wait(10)
        self.groups.append(group)
        return int(np.count_nonzero(group.ts_ms >= self.floor))


def several(grouped, disk, parts):
    """Append the first part, then all others while it is on its way; return what each is told."""
    with ThreadPoolExecutor(len(parts)) as pool:
        told = [pool.submit(grouped.append, parts[0])]
        disk.has_begun.wait(10)
        told += [pool.submit(grouped.append, part) for part in parts[1:]]
        while len(grouped._waiting) < len(parts) - 1:
            pass
        disk.may_go.set()
        return [one.result(10) for one in told]


def test_a_lone_sender_is_served_at_once():
    disk = Disk()
    disk.may_go.set()

    assert Grouped(disk.append).append(samples(1, 2)) == 2
    assert len(disk.groups) == 1


def test_all_that_wait_go_to_the_disk_together_in_the_order_they_came():
    disk = Disk()

    told = several(Grouped(disk.append), disk, [samples(n, series=n) for n in range(1, 9)])

    assert told == [1] * 8
    assert len(disk.groups) == 2
    assert sorted(disk.groups[1].series.tolist()) == list(range(2, 9))


@pytest.mark.parametrize("floor", [0, 2, 5, 6, 100])
def test_each_is_told_how_many_of_its_own_were_dropped(floor):
    disk = Disk(floor)
    parts = [samples(9), samples(1, 5, 5, 7), samples(2, 6), samples(5)]

    told = several(Grouped(disk.append), disk, parts)

    assert told == [int(np.count_nonzero(part.ts_ms >= floor)) for part in parts]


def test_what_is_no_sample_spoils_nobody_elses_group():
    disk = Disk()
    disk.may_go.set()
    grouped = Grouped(disk.append)

    with pytest.raises(Garbled):
        grouped.append(samples(-1))
    assert grouped.append(samples(1)) == 1


def test_a_disk_that_fails_is_told_to_all_and_the_next_may_try():
    answers = [Refused("no room"), 1]

    def append(group):
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    grouped = Grouped(append)
    with pytest.raises(Refused, match="no room"):
        grouped.append(samples(1))
    assert grouped.append(samples(1)) == 1


def test_more_than_may_wait_is_refused_and_taken_later():
    disk = Disk()
    grouped = Grouped(disk.append, most=3)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(grouped.append, samples(1, 2))
        disk.has_begun.wait(10)

        with pytest.raises(Full):
            grouped.append(samples(1, 2))
        disk.may_go.set()

        assert first.result(10) == 2
    assert grouped.append(samples(1, 2)) == 2
