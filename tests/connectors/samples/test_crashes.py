"""Killed, raced, out of room, restored wrongly: nothing acknowledged is lost or doubled."""

import errno
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from fullscore.connectors.base import Refused
from fullscore.connectors.samples import Samples, open_store
from fullscore.connectors.samples.parquet import upkeep
from fullscore.connectors.samples.parquet.upkeep import Upkeep
from tests.disks import small_disk

__all__ = ["small_disk"]

pytestmark = pytest.mark.once
ROOT = Path(__file__).parents[3]
DAY = 86_400_000
START = 1_780_000_000_000 // DAY * DAY
DIES = """
import os, signal, sys
import numpy as np
from fullscore.connectors.samples import Samples, open_store
from fullscore.connectors.samples.parquet import steps, upkeep
upkeep.MANY_HOT = 1
store = open_store(sys.argv[1])
steps.watch(lambda step: step == sys.argv[2] and os.kill(os.getpid(), signal.SIGKILL))
if sys.argv[3] == "append":
    store.append(Samples(np.array([1]), np.array([{at}]), np.array([2.0])))
else:
    store.maintain(now_ms={now})
"""

RACES = f"""
import sys
from fullscore.connectors.samples import open_store
from fullscore.connectors.samples.parquet import upkeep
from fullscore.connectors.samples.parquet.upkeep import Upkeep
upkeep.MANY_HOT = 2
store = open_store(sys.argv[1])
for _ in range(5):
    store.maintain(now_ms={START + 2 * DAY})
"""


def one(ts: int, value: float, series: int = 1) -> Samples:
    return Samples(np.array([series]), np.array([ts]), np.array([value]))


def values(store) -> list[float]:
    return store.read([1], start_ms=0, end_ms=2**42).values.tolist()


def dies(url: str, step: str, doing: str, *, now: int = START + 2 * DAY) -> None:
    code = DIES.format(at=START + 50_000, now=now)
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        [sys.executable, "-c", code, url, step, doing], env=environment, timeout=60
    )
    assert done.returncode == -signal.SIGKILL, f"the step “{step}” was never reached"


@pytest.mark.parametrize("step", ["numbered", "written", "synced", "renamed", "durable", "listed"])
def test_killed_while_appending(tmp_path, step):
    url = f"parquet://{tmp_path}/s"
    store = open_store(url)
    store.append(one(START, 1.0))

    dies(url, step, "append")

    expected = [1.0, 2.0] if step == "listed" else [1.0]
    assert values(open_store(url)) == expected
    store.append(one(START + 50_000, 3.0))
    assert values(open_store(url)) == [1.0, 3.0]


@pytest.mark.parametrize("step", ["written", "renamed", "merged", "swapped", "unlinked"])
def test_killed_while_compacting(tmp_path, step):
    url = f"parquet://{tmp_path}/s"
    store = open_store(url)
    for n in range(5):
        store.append(one(START + n * 60_000, float(n)))

    dies(url, step, "maintain")

    assert values(open_store(url)) == [0.0, 1.0, 2.0, 3.0, 4.0]
    store.manifest.end_lease(store.manifest.ask("SELECT holder FROM lease")[0][0])
    store.maintain(now_ms=START + 2 * DAY)
    assert values(store) == [0.0, 1.0, 2.0, 3.0, 4.0]


@pytest.mark.parametrize("step", ["written", "durable", "closed"])
def test_killed_while_raw_samples_retire(tmp_path, step):
    url = f"parquet://{tmp_path}/s"
    store = open_store(url)
    for n in range(20):
        store.append(one(START + n * 60_000, float(n)))
    store.maintain(now_ms=START + 2 * DAY)
    asked = {"start_ms": START, "end_ms": START + DAY, "step_ms": DAY, "function": "increase"}

    dies(url, step, "maintain", now=START + 40 * DAY)

    assert open_store(url).aggregate([1], **asked).values.tolist() == [19.0]
    store.manifest.end_lease(store.manifest.ask("SELECT holder FROM lease")[0][0])
    store.maintain(now_ms=START + 40 * DAY)
    assert store.aggregate([1], **asked).values.tolist() == [19.0]
    assert values(store) == []


def test_orphans_are_swept_after_an_hour(tmp_path):
    store = open_store(f"parquet://{tmp_path}/s")
    orphan = tmp_path / "s" / "hot-000000000000-deadbeef.parquet"
    orphan.write_bytes(b"half a file")

    store.maintain(now_ms=START)
    assert orphan.exists()
    os.utime(orphan, (1, 1))
    store.maintain(now_ms=START)

    assert not orphan.exists()


def test_an_expired_lease_is_taken_over_and_a_held_one_respected(tmp_path, monkeypatch):
    monkeypatch.setattr(upkeep, "MANY_HOT", 1)
    store = open_store(f"parquet://{tmp_path}/s")
    store.append(one(START, 1.0))

    store.manifest.take_lease("somebody else", seconds=60)
    assert store.maintain(now_ms=START).compacted == 0
    store.manifest.take_lease("somebody else", seconds=-1)
    assert store.maintain(now_ms=START).compacted == 1


def test_a_compactor_that_lost_its_lease_changes_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(upkeep, "MANY_HOT", 1)
    store = open_store(f"parquet://{tmp_path}/s")
    store.append(one(START, 1.0))
    monkeypatch.setattr(upkeep, "LEASE_SECONDS", -1)

    assert store.maintain(now_ms=START).compacted == 0
    assert [p.name[:3] for p in (tmp_path / "s").glob("*.parquet")] == ["hot"]


def test_raw_samples_do_not_retire_under_a_lost_lease(tmp_path, monkeypatch):
    store = open_store(f"parquet://{tmp_path}/s")
    store.append(one(START, 1.0))
    store.maintain(now_ms=START + 2 * DAY)
    renew = Upkeep._renew
    monkeypatch.setattr(
        Upkeep, "_renew", lambda self: (renew(self), self.manifest.end_lease(self.holder))
    )

    assert store.maintain(now_ms=START + 40 * DAY).rolled_up == 0
    assert values(store) == [1.0]


def test_two_compactors_do_not_double_anything(tmp_path):
    url = f"parquet://{tmp_path}/s"
    store = open_store(url)
    for n in range(40):
        store.append(one(START + n * 1000, float(n)))
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}

    racing = [
        subprocess.Popen([sys.executable, "-c", RACES, url], env=environment) for _ in range(2)
    ]

    assert [process.wait(60) for process in racing] == [0, 0]
    assert values(store) == [float(n) for n in range(40)]
    assert store.stats().samples == 40


def test_a_reader_sees_neither_gap_nor_double_while_segments_are_swapped(tmp_path, monkeypatch):
    monkeypatch.setattr(upkeep, "MANY_HOT", 2)
    monkeypatch.setattr(upkeep, "MANY_LATE", 2)
    monkeypatch.setattr(upkeep, "GRACE_SECONDS", 0)
    url = f"parquet://{tmp_path}/s"
    store = open_store(url)
    store.append(one(START, 0.0))
    acknowledged, wrong, rounds, stop = [1], [], [], threading.Event()

    def look():
        mine = open_store(url)
        while not stop.is_set():
            least = len(acknowledged)
            found = values(mine)
            rounds.append(1)
            if found != [float(n) for n in range(len(found))] or len(found) < least:
                wrong.append((least, found))

    reader = threading.Thread(target=look)
    reader.start()
    compactions = 0
    for n in range(1, 90):
        store.append(one(START + n * 1000, float(n)))
        acknowledged.append(1)
        if n % 3 == 0:
            compactions += store.maintain(now_ms=START + DAY).compacted > 0
    stop.set()
    reader.join(60)

    assert compactions >= 29
    assert len(rounds) > 10
    assert wrong == []


def test_opening_while_others_append_is_never_refused(tmp_path):
    url = f"parquet://{tmp_path}/s"
    store, stop = open_store(url), threading.Event()

    def keep_appending():
        n = 0
        while not stop.is_set():
            store.append(one(START + (n := n + 1), 1.0))

    writer = threading.Thread(target=keep_appending)
    writer.start()
    try:
        for _ in range(20):
            open_store(url).close()
    finally:
        stop.set()
        writer.join(60)

    assert store.stats().quarantined == ()


def test_a_forked_process_appends_and_asks_like_any_other(tmp_path):
    code = """
import os, sys
import numpy as np
from fullscore.connectors.samples import Samples, open_store
store = open_store(sys.argv[1])
one = lambda at: Samples(np.array([1]), np.array([at]), np.array([1.0]))
ask = lambda: len(store.read([1], start_ms=0, end_ms=2**42))
store.append(one(1)), ask()
if (child := os.fork()) == 0:
    store.append(one(2))
    os._exit(0 if ask() == 2 else 1)
status = os.waitpid(child, 0)[1]
sys.exit(status or ask() != 2)
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-c", code, f"parquet://{tmp_path}/s"]

    assert subprocess.run(command, env=environment, timeout=60).returncode == 0


def test_a_disk_that_fills_up_is_a_sentence_and_earlier_samples_stay(small_disk):
    store = open_store(f"parquet://{small_disk}/s")
    random, stored = np.random.default_rng(1), 0

    def fill():
        nonlocal stored
        for n in range(200):
            ids = np.arange(1, 1001)
            store.append(Samples(ids, np.full(1000, START + n * 1000), random.random(1000)))
            stored += 1

    with pytest.raises(Refused, match="no room"):
        fill()

    assert stored > 3
    assert len(values(store)) == stored
    assert list((small_disk / "s").glob(".*.tmp")) == []


def test_a_full_disk_is_a_sentence_and_earlier_samples_stay(tmp_path, monkeypatch):
    store = open_store(f"parquet://{tmp_path}/s")
    store.append(one(START, 1.0))

    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(Refused, match="no room"):
            store.append(one(START + 1, 2.0))

    assert values(store) == [1.0]
    assert [p.name for p in (tmp_path / "s").glob(".*.tmp")] == []


def test_a_truncated_segment_is_named_and_the_rest_is_served(tmp_path):
    store = open_store(f"parquet://{tmp_path}/s")
    for n in range(3):
        store.append(one(START + n, float(n)))
    broken = sorted((tmp_path / "s").glob("hot-*.parquet"))[1]
    broken.write_bytes(broken.read_bytes()[:40])

    assert values(open_store(f"parquet://{tmp_path}/s")) == [0.0, 2.0]
    assert open_store(f"parquet://{tmp_path}/s").stats().quarantined == (broken.name,)


@pytest.mark.parametrize(
    "harm",
    [
        pytest.param(lambda path: path.write_bytes(path.read_bytes()[:40]), id="truncated"),
        pytest.param(lambda path: path.write_bytes(b"?" * path.stat().st_size), id="overwritten"),
        pytest.param(lambda path: path.unlink(), id="removed"),
    ],
)
@pytest.mark.parametrize("doing", ["asked", "kept up"])
def test_harm_to_a_segment_of_an_open_store_costs_that_segment_only(
    tmp_path, harm, doing, monkeypatch
):
    monkeypatch.setattr(upkeep, "MANY_HOT", 1)
    store = open_store(f"parquet://{tmp_path}/s")
    for n in range(3):
        store.append(one(START + n, float(n)))
    broken = sorted((tmp_path / "s").glob("hot-*.parquet"))[1]

    harm(broken)
    if doing == "kept up":
        store.maintain(now_ms=START + 2 * DAY)
        assert store.maintain(now_ms=START + 2 * DAY).compacted > 0

    assert values(store) == [0.0, 2.0]
    assert store.stats().quarantined == (broken.name,)


def test_a_manifest_older_than_its_segments_is_refused(tmp_path):
    url = f"parquet://{tmp_path}/s"
    store = open_store(url)
    store.append(one(START, 1.0))
    store.close()
    yesterday = (tmp_path / "s" / "manifest.sqlite3").read_bytes()
    store = open_store(url)
    store.append(one(START + 1, 2.0))
    store.close()
    for extra in ("manifest.sqlite3-wal", "manifest.sqlite3-shm"):
        (tmp_path / "s" / extra).unlink(missing_ok=True)
    (tmp_path / "s" / "manifest.sqlite3").write_bytes(yesterday)

    with pytest.raises(Refused, match="older than the segments"):
        open_store(url)
