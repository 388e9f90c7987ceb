"""Running the probe on this machine, in a process and in ours."""

import time

import pytest

from fullscore.connectors.base import Garbled, Unreachable
from fullscore.connectors.probe import parse
from fullscore.connectors.probe.client import Local, run_local


@pytest.fixture
def script(tmp_path):
    """Return a function that writes a stand-in for the probe."""

    def written(content):
        path = tmp_path / "probe.py"
        path.write_text("import os, sys, time\ndef main(words):\n    " + content + "\n")
        return path

    return written


def test_facts_and_samples_come_from_a_process_of_their_own():
    report = parse.read(run_local(facts=True, samples=True))

    assert report.facts["identity"]["hostname"]
    assert "node_load1" in {name for name, _, _ in report.samples}


def test_only_what_is_asked_is_taken():
    report = parse.read(run_local(facts=False, samples=True))

    assert report.facts == {}
    assert report.samples


def test_a_probe_that_hangs_is_ended(script):
    started = time.monotonic()

    with pytest.raises(Unreachable, match=r"within 0\.5 seconds"):
        run_local(facts=True, samples=False, timeout_seconds=0.5, script=script("time.sleep(60)"))

    assert time.monotonic() - started < 5


def test_a_probe_that_prints_without_end_is_ended(script):
    endless = script("while True: print('x' * 10000)")

    with pytest.raises(Garbled, match="more than 100000 bytes"):
        run_local(facts=True, samples=False, limit_bytes=100_000, script=endless)


def test_a_probe_that_fails_is_quoted(script):
    with pytest.raises(Unreachable, match=r"status 3: no disk"):
        run_local(
            facts=True, samples=False, script=script("sys.stderr.write('no disk'); sys.exit(3)")
        )


def test_the_probe_sees_nothing_of_our_environment(script, monkeypatch):
    monkeypatch.setenv("FULLSCORE_SECRET_KEY", "secret")

    output = run_local(facts=True, samples=False, script=script("print(sorted(os.environ))"))

    assert b"FULLSCORE" not in output


def test_asking_for_nothing_is_a_mistake():
    with pytest.raises(ValueError, match="facts, samples or both"):
        run_local(facts=False, samples=False)


def test_samples_in_our_process_are_those_of_the_process():
    own = {(name, tuple(sorted(labels.items()))) for name, labels, _ in Local().samples()}
    report = parse.read(run_local(facts=False, samples=True))
    others = {(name, tuple(sorted(labels.items()))) for name, labels, _ in report.samples}

    assert len(own & others) > 0.95 * len(others)


def test_samples_in_our_process_cost_less_than_one_percent_of_a_core():
    local = Local()
    local.samples()
    started = time.process_time()

    for _ in range(10):
        local.samples()

    assert (time.process_time() - started) / 10 < 0.01 * 15
