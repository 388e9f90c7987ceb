"""The probe's samples beside those of node_exporter, whose names and units they carry."""

import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request

import pytest

from fullscore.connectors.probe.client import Local
from tests.servers import free_port

LINE = re.compile(r"^(node_\w+)(?:\{(.*)\})? (\S+)$", re.M)
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

# What moves between two readings on a working machine: compared within 1 % or this much.
SLACK = {
    "_bytes": 64e6,
    "_total": 2e4,
    "_seconds_total": 2.0,
    "_CurrEstab": 20,
    "_allocated": 500,
    "_procs_running": 20,
}

# Debian's package leaves out more than the exporter itself does; these are the exporter's own.
AS_UPSTREAM = [
    "--collector.netdev.device-exclude=^$",
    "--collector.filesystem.mount-points-exclude="
    "^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)",
]


def scraped(port):
    """Return what the exporter tells, once it answers."""
    address = f"http://127.0.0.1:{port}/metrics"
    ends = time.monotonic() + 10
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                text = answer.read().decode()
        except urllib.error.URLError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.05)
            continue
        return {
            (name, tuple(sorted(LABEL.findall(labels)))): float(value)
            for name, labels, value in LINE.findall(text)
        }


@pytest.fixture(scope="module")
def both():
    """Return (the exporter's series, ours), read within a moment of each other."""
    program = shutil.which("prometheus-node-exporter") or shutil.which("node_exporter")
    if program is None:
        pytest.skip("node_exporter is not here: apt-get install prometheus-node-exporter")
    port = free_port()
    exporter = subprocess.Popen(
        [program, f"--web.listen-address=127.0.0.1:{port}", *AS_UPSTREAM],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        theirs = scraped(port)
        rows = Local().samples()
    finally:
        exporter.terminate()
        exporter.wait()
    return theirs, {(name, tuple(sorted(labels.items()))): v for name, labels, v in rows}


def test_every_name_of_ours_is_one_of_the_exporters(both):
    theirs, ours = both
    names = {name for name, _ in theirs}

    unknown = {name for name, _ in ours if name.startswith("node_")} - names

    assert {name for name in unknown if not name.startswith("node_pressure_")} == set()


def test_the_labels_are_the_exporters(both):
    theirs, ours = both
    names = {name for name, _ in theirs}

    unknown = {key for key in ours if key[0] in names and key not in theirs}

    assert unknown == set()


def test_the_values_agree_within_one_percent_or_a_moment(both):
    theirs, ours = both
    shared = ours.keys() & theirs.keys()

    apart = {
        key: (ours[key], theirs[key])
        for key in shared
        if abs(ours[key] - theirs[key]) > max(0.01 * abs(theirs[key]), slack(key[0]))
    }

    assert len(shared) >= 40
    assert apart == {}


def slack(name):
    fitting = [amount for ending, amount in SLACK.items() if name.endswith(ending)]
    return min(fitting, default=1.0)
