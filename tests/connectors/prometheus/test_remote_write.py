"""Remote-write bodies: what is in them comes out, however it is written; all else is Garbled."""

import json
import resource
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fullscore.connectors.base import Garbled
from fullscore.connectors.prometheus.remote_write import WriteLimits, decode, labels
from tests.connectors.prometheus import bodies
from tests.connectors.prometheus.bodies import T0, counted, key, packed, sample, series, varint
from tests.shared import shared_data

pytestmark = pytest.mark.once

UP = key(__name__="up", job="node")
LOAD = key(__name__="load1", job="node")
EXEMPLAR, HISTOGRAM, UNKNOWN = counted(3, b"\x11" + bytes(8)), counted(4, b"\x08\x03"), b"\x78\x01"


def told(batch):
    """Return the samples of a batch with their labels, values as bytes, so that NaNs compare."""
    named = [labels(batch.keys[place]) for place in batch.series.tolist()]
    values = [struct.pack("<q", bits) for bits in batch.values.view(np.int64).tolist()]
    return list(zip(named, batch.ts_ms.tolist(), values, strict=True)), batch.skipped


def outcome(raw, known=frozenset()):
    """Return what a body's content is decoded to; None when it is Garbled."""
    try:
        return told(decode(packed(raw), known=known))
    except Garbled:
        return None


def shared_bodies(kind):
    return sorted(shared_data("remote-write", kind).glob("*.bin"))


def test_the_shared_bodies_are_read_whether_their_series_are_known_or_not():
    expected = json.loads(shared_data("remote-write", "good", "expected.json").read_text())
    for path in shared_bodies("good"):
        body, case = path.read_bytes(), expected[path.stem]
        wanted = [
            (tuple(sorted(one["labels"].items())), one["ts_ms"], int(one["bits"], 16))
            for one in case["samples"]
        ]

        new = decode(body)
        known = decode(body, known=set(new.keys))

        for batch in (new, known):
            samples = [(n, t, int.from_bytes(v, "little")) for n, t, v in told(batch)[0]]
            assert samples == wanted, path.name
            assert batch.skipped == case["skipped"], path.name


def test_the_shared_hostile_bodies_are_garbled():
    for path in shared_bodies("hostile"):
        with pytest.raises(Garbled):
            decode(path.read_bytes())


def test_a_batch_tells_one_key_per_message_and_samples_in_the_order_they_came():
    raw = (
        series(UP, sample(T0, 1.0), sample(T0 + 1, 0.0), sample(T0 + 2, 3.0))
        + series(LOAD, EXEMPLAR)
        + series(UP, sample(T0 + 3, 4.0))
    )

    batch = decode(packed(raw), known={UP})

    assert batch.keys == [UP, LOAD, UP]
    assert batch.series.tolist() == [0, 0, 0, 2]
    assert batch.ts_ms.tolist() == [T0, T0 + 1, T0 + 2, T0 + 3]
    assert batch.values.tolist() == [1.0, 0.0, 3.0, 4.0]
    assert batch.skipped == 1


@pytest.mark.parametrize("known", [frozenset(), {UP}], ids=["new", "known"])
@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([UP, sample(T0, bodies.STALE)], id="alone"),
        pytest.param([UP, sample(T0, bodies.STALE), sample(T0 + 1)], id="among others"),
        pytest.param([sample(T0, bodies.STALE), UP], id="before its labels"),
        pytest.param([UP, sample(T0, bodies.STALE), EXEMPLAR], id="with an exemplar"),
    ],
)
def test_the_bits_of_a_stale_marker_are_kept(parts, known):
    batch = decode(packed(series(*parts)), known=known)

    assert batch.values.view(np.uint64)[0] == 0x7FF0000000000002


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([UP, sample(T0), sample(T0 + 1)], id="several samples"),
        pytest.param([UP, counted(2, b"\x10" + varint(T0) + b"\x09" + bytes(8))], id="time first"),
        pytest.param([sample(T0), UP], id="samples before labels"),
        pytest.param([UP[:15], sample(T0), UP[15:]], id="labels in two places"),
        pytest.param([UP, sample(7)], id="a short instant"),
        pytest.param([UP, sample(-7)], id="an instant before 1970"),
        pytest.param([UP, sample(0, 0.0)], id="nothing told of the sample but its instant"),
        pytest.param([UP, b"\x12\x00"], id="nothing told of the sample"),
        pytest.param([UP, sample(T0, -0.0)], id="minus zero"),
        pytest.param([UP, sample(T0), EXEMPLAR, HISTOGRAM, HISTOGRAM], id="things left out"),
        pytest.param([UP, UNKNOWN, sample(T0)], id="an unknown field"),
        pytest.param([UP, b"\x7b\x08\x01\x7c", sample(T0)], id="an unknown group"),
        pytest.param([UP, b"\x12\x90\x00" + sample(T0)[2:]], id="a size written at length"),
        pytest.param([b"\x8a\x00" + UP[1:], sample(T0)], id="a tag written at length"),
        pytest.param([UP, counted(1, counted(1, b"a")), sample(T0)], id="a label without a value"),
        pytest.param([UP, key(path="x" * 300), sample(T0)], id="a long label"),
        pytest.param([UP, key(place="Köln"), sample(T0)], id="a label beyond ASCII"),
        pytest.param([UP], id="no sample"),
    ],
)
def test_other_ways_of_writing_a_series_are_read_as_the_protobuf_library_reads_them(parts):
    raw = series(LOAD, sample(T0)) + series(*parts) + series(LOAD, sample(T0 + 1))

    found = outcome(raw)

    assert found == bodies.plainly(raw)
    assert found == outcome(raw, known={LOAD})
    assert found == outcome(raw, known={UP, LOAD})


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(series(sample(T0)), id="no labels"),
        pytest.param(series(), id="nothing"),
        pytest.param(series(key(__name__=""), sample(T0)), id="an empty name"),
        pytest.param(series(key("a"), sample(T0)), id="no name"),
        pytest.param(series(UP, label := key("job"), sample(T0)), id="a label twice"),
        pytest.param(series(label, sample(T0), UP), id="a label twice, apart"),
        pytest.param(series(UP, key(**{"": "x"}), sample(T0)), id="a label without a name"),
        pytest.param(series(UP.replace(b"node", b"no\xffe"), sample(T0)), id="not UTF-8"),
        pytest.param(series(UP, sample(T0))[:-1], id="cut short"),
        pytest.param(series(UP, sample(T0)) + b"\x0a", id="cut after a tag"),
        pytest.param(series(UP, sample(T0)[:-1]), id="a sample longer than its series"),
        pytest.param(series(UP[:-1]), id="a label longer than its series"),
        pytest.param(b"\x0a\xff\xff\xff\xff\x7f", id="a count beyond any message"),
        pytest.param(b"\x02\x00", id="field zero"),
        pytest.param(b"\x0f", id="a wire type that is none"),
        pytest.param(b"\x7c", id="a group ended that never began"),
        pytest.param(b"\x7b\x74", id="a group ended as another"),
        pytest.param(b"\x7b" * 200 + b"\x7c" * 200, id="groups in groups"),
        pytest.param(b"\x79" + bytes(7), id="eight bytes cut short"),
        pytest.param(b"\x7d" + bytes(3), id="four bytes cut short"),
    ],
)
def test_what_is_no_series_is_garbled(raw):
    good = series(UP, sample(T0))

    for known in (frozenset(), {UP}):
        assert outcome(good + raw, known) is None


@pytest.mark.parametrize(
    ("limits", "raw"),
    [
        pytest.param({"samples": 3}, series(UP, *[sample(T0)] * 4), id="samples of one series"),
        pytest.param({"samples": 3}, series(UP, sample(T0)) * 4, id="series"),
        pytest.param({"samples": 3}, series(UP, *[sample(T0), sample(7)] * 2), id="odd samples"),
        pytest.param({"samples": 3}, series(UP, *[EXEMPLAR] * 4), id="exemplars"),
        pytest.param({"others": 2}, counted(3, b"\x08\x01") * 3, id="metadata"),
        pytest.param({"labels": 2}, series(UP, key("more"), sample(T0)), id="labels"),
        pytest.param({"labels": 2}, series(UP, sample(T0), key("more")), id="labels apart"),
        pytest.param({"labels_bytes": len(UP) - 1}, series(UP, sample(T0)), id="bytes of labels"),
        pytest.param({"unpacked_bytes": 30}, series(UP, sample(T0)), id="bytes unpacked"),
    ],
)
def test_more_than_a_limit_is_garbled_and_the_limit_itself_is_not(limits, raw):
    one_more = {name: most + (1 if most != 30 else 100) for name, most in limits.items()}

    with pytest.raises(Garbled):
        decode(packed(raw), limits=WriteLimits(**limits))

    decode(packed(raw), limits=WriteLimits(**one_more))


def test_labels_are_sorted_and_those_without_a_value_left_out():
    key_ = key(zone="b", __name__="up", empty="", job="node")

    assert labels(key_) == (("__name__", "up"), ("job", "node"), ("zone", "b"))
    with pytest.raises(Garbled):
        labels(b"\x0a\xff")


def test_a_series_too_short_for_a_sample_is_not_looked_for_among_the_known():
    class Asked(set):
        def __contains__(self, key):
            lengths.append(len(key))
            return False

    lengths = []
    raw = series() + series(UP, sample(T0)) * 100

    with pytest.raises(Garbled):
        decode(packed(raw), known=Asked())

    assert max(lengths) < len(series(UP, sample(T0)))


NAMES = st.sampled_from(["up", "load1", "a_rather_long_name_" * 8, "größe"])
KEYS = NAMES.map(lambda name: key(__name__=name, job="node", site="fra1"))
VALUES = st.floats(width=64) | st.sampled_from([0.0, -0.0, bodies.STALE])
INSTANTS = st.integers(T0 - 10**9, T0 + 10**9) | st.integers(-(2**63), 2**63 - 1)
SAMPLES = st.builds(sample, INSTANTS, VALUES)
EXTRA = st.sampled_from([EXEMPLAR, HISTOGRAM, UNKNOWN, key("extra")])
USUAL = st.builds(series, KEYS, SAMPLES)
SEVERAL = st.builds(lambda k, many: series(k, *many), KEYS, st.lists(SAMPLES, max_size=5))
ODD = st.builds(
    lambda k, many: st.permutations([k, *many]), KEYS, st.lists(SAMPLES | EXTRA, max_size=5)
).flatmap(lambda parts: parts.map(lambda shuffled: series(*shuffled)))
OTHERS = st.sampled_from([counted(3, b"\x08\x01"), b"\x78\x05", b"\x7b\x08\x01\x7c"])
BODIES = st.lists(USUAL | SEVERAL | ODD | OTHERS, max_size=8).map(b"".join)


@given(raw=BODIES, known=st.sets(KEYS))
@settings(max_examples=300, deadline=None)
def test_the_quick_ways_and_the_careful_way_agree(raw, known):
    assert outcome(raw, known) == outcome(raw) == bodies.plainly(raw)


@given(
    raw=BODIES.filter(bool),
    known=st.sets(KEYS),
    harm=st.lists(st.tuples(st.integers(0, 2**16), st.integers(0, 255)), min_size=1, max_size=3),
    cut=st.integers(0, 3),
)
@settings(max_examples=600, deadline=None)
@example(raw=series(UP, sample(T0)), known={UP}, harm=[(1, 0)], cut=0)
def test_harmed_bodies_are_garbled_or_read_as_the_protobuf_library_reads_them(
    raw, known, harm, cut
):
    harmed = bytearray(raw)
    for place, byte in harm:
        harmed[place % len(harmed)] = byte
    harmed = bytes(harmed[: len(harmed) - cut])

    assert outcome(harmed, known) == outcome(harmed)
    assert outcome(harmed) in (None, bodies.plainly(harmed))


@given(st.binary(max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_a_batch_or_garbled(body):
    try:
        batch = decode(body)
    except Garbled:
        return

    assert len(batch.series) == len(batch.ts_ms) == len(batch.values)


HOSTILE = {
    "zeros of 33 MiB": "bytes(33 << 20)",
    "15 million empty series": "b'\\n\\0' * 15_000_000",
    "15 million unknown fields": "b'\\x18\\0' * 15_000_000",
    "one series of 16 million empty labels": "counted(1, b'\\n\\0' * 16_000_000)",
    "one series of 16 million empty samples": "counted(1, UP + b'\\x12\\0' * 15_900_000)",
    "one series of 3 million zeros": "counted(1, UP + sample(T0, 0.0) * 3_500_000)",
    "labels behind 16 million exemplars": "counted(1, b'\\x1a\\0' * 15_900_000 + UP)",
    "unknown fields in front of labels": "counted(1, b'\\x78\\0' * 400_000 + UP) * 40",
    "groups in groups": "counted(1, UP + b'\\x7b' * 16_000_000)",
    "a label of 16 million bytes": "counted(1, key(__name__='x' * 16_000_000))",
}
UNPACKS = """
import resource, sys
from fullscore.connectors.base import Garbled
from fullscore.connectors.prometheus.remote_write import decode
body = sys.stdin.buffer.read()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    decode(body)
except Garbled:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_body_is_garbled_within_little_memory(name):
    raw = eval(HOSTILE[name], {**vars(bodies), "UP": UP})
    source = Path(__file__).parents[3] / "src"

    done = subprocess.run(
        [sys.executable, "-c", UNPACKS],
        input=packed(raw),
        capture_output=True,
        timeout=60,
        env={"PYTHONPATH": str(source)},
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30)),
    )

    assert int(done.stdout) < 160 * 1024  # KiB; the body itself is unpacked to 32 MiB
