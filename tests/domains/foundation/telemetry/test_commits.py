"""Group commit: nobody is answered before it is written, and whoever waits goes together."""

import threading

import pytest

from fullscore.domains.foundation.telemetry.commits import GroupCommit


def test_what_comes_while_one_is_written_goes_together():
    batches, is_writing, may_go_on = [], threading.Event(), threading.Event()

    def write(batch):
        batches.append(batch)
        is_writing.set()
        assert may_go_on.wait(10)

    commit = GroupCommit(write, most=3)
    threads = [threading.Thread(target=commit.put, args=(0,))]
    threads[0].start()
    assert is_writing.wait(10)
    for n in range(1, 6):
        threads.append(threading.Thread(target=commit.put, args=(n,)))
        threads[-1].start()
    while len(commit._queue) < 5:
        pass
    may_go_on.set()
    for thread in threads:
        thread.join(10)

    assert batches[0] == [0]
    assert sorted(len(batch) for batch in batches) == [1, 2, 3]
    assert sorted(n for batch in batches for n in batch) == list(range(6))


def test_when_writing_fails_whoever_waited_hears_of_it_and_the_next_is_written():
    written = []

    def write(batch):
        if batch == ["bad"]:
            raise OSError("full")
        written.extend(batch)

    commit = GroupCommit(write)

    with pytest.raises(OSError, match="full"):
        commit.put("bad")
    commit.put("good")

    assert written == ["good"]
