"""Killed, raced, out of room, restored wrongly.

Nothing acknowledged is lost, nothing is doubled.
"""

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
from fullscore.connectors.samples.parquet import segments, upkeep

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


def one(ts: int, value: float, series: int = 1) -> Samples:
    return Samples(np.array([series]), np.array([ts]), np.array([value]))


def values(store) -> list[float]:
    return store.read([1], start_ms=0, end_ms=2**42).values.tolist()


def dies(url: str, step: str, doing: str) -> None:
    code = DIES.format(at=START + 50_000, now=START + 2 * DAY)
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
def test_killed_while_compacting(tmp_path, step, monkeypatch):
    url = f"parquet://{tmp_path}/s"
    store = open_store(url)
    for n in range(5):
        store.append(one(START + n * 60_000, float(n)))

    dies(url, step, "maintain")

    assert values(open_store(url)) == [0.0, 1.0, 2.0, 3.0, 4.0]
    monkeypatch.setattr(upkeep, "LEASE_SECONDS", 0)
    store.manifest.end_lease(store.manifest.ask("SELECT holder FROM lease")[0][0])
    store.maintain(now_ms=START + 2 * DAY)
    assert values(store) == [0.0, 1.0, 2.0, 3.0, 4.0]


def test_orphans_are_swept_after_an_hour(tmp_path):
    store = open_store(f"parquet://{tmp_path}/s")
    orphan = tmp_path / "s" / "hot-000000000000-deadbeef.parquet"
    orphan.write_bytes(b"half a file")

    store.maintain(now_ms=START)
    assert orphan.exists()
    os.utime(orphan, (1, 1))
    store.maintain(now_ms=START)

    assert not orphan.exists()


def test_two_compactors_do_not_double_anything(tmp_path, monkeypatch):
    monkeypatch.setattr(upkeep, "MANY_HOT", 2)
    url = f"parquet://{tmp_path}/s"
    store = open_store(url)
    for n in range(40):
        store.append(one(START + n * 1000, float(n)))

    doors = [open_store(url) for _ in range(3)]
    threads = [
        threading.Thread(target=d.maintain, kwargs={"now_ms": START + 2 * DAY}) for d in doors
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert values(store) == [float(n) for n in range(40)]
    assert store.stats().samples == 40


def test_a_reader_sees_neither_gap_nor_double_while_segments_are_swapped(tmp_path, monkeypatch):
    monkeypatch.setattr(upkeep, "MANY_HOT", 2)
    monkeypatch.setattr(upkeep, "GRACE_SECONDS", 0)
    url = f"parquet://{tmp_path}/s"
    store = open_store(url)
    store.append(one(START, 0.0))
    wrong, rounds, stop = [], [], threading.Event()

    def look():
        mine = open_store(url)
        while not stop.is_set():
            known = mine.stats().samples
            found = values(mine)
            rounds.append(1)
            if found != [float(n) for n in range(len(found))] or len(found) < min(known, 1):
                wrong.append(found)

    reader = threading.Thread(target=look)
    reader.start()
    for n in range(1, 60):
        store.append(one(START + n * 1000, float(n)))
        if n % 3 == 0:
            store.maintain(now_ms=START + DAY)
    stop.set()
    reader.join(60)

    assert len(rounds) > 10
    assert wrong == []


def test_a_full_disk_is_a_sentence_and_earlier_samples_stay(tmp_path, monkeypatch):
    store = open_store(f"parquet://{tmp_path}/s")
    store.append(one(START, 1.0))

    def full(path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(segments, "_sync", full)
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
