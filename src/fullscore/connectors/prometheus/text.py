"""The text that exporters show: split quickly where it is plain, read with care where it is not.

Source: Prometheus exposition formats, text-based format 0.0.4.
"""

import re
from collections.abc import Container
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from fullscore.connectors.base import Garbled

ACCEPT = "text/plain;version=0.0.4"
LATEST_MS = 1e15  # the year 33658: what lies beyond is a mistake, and overflows somewhere
_LABEL = rb'[a-zA-Z_][a-zA-Z0-9_]*="[^"\\ }\n]*"'
_PLAIN = re.compile(
    rb"[a-zA-Z_:][a-zA-Z0-9_:]*(?:\{(?:" + _LABEL + rb"(?:," + _LABEL + rb")*,?)?\})?"
)
_PAIR = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="([^"]*)"')
_TYPE = re.compile(rb"# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|histogram|summary)")
Named = tuple[str, dict[str, str]]


@dataclass(slots=True)
class Exposition:
    """The samples of one text, a key for each; what the unknown keys mean; which only rise."""

    keys: list[bytes] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    ts_ms: list[int] = field(default_factory=list)  # where the text says one, else the scrape's
    named: dict[bytes, Named] = field(default_factory=dict)
    counters: set[str] = field(default_factory=set)

    def add(self, key: bytes, value: float, ts_ms: int) -> None:
        """Add a sample."""
        self.keys.append(key)
        self.values.append(value)
        self.ts_ms.append(ts_ms)

    def arrays(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return instants and values."""
        return np.array(self.ts_ms, np.int64), np.array(self.values, np.float64)


def parse(
    body: bytes, *, at_ms: int, known: Container[bytes] = frozenset(), limit: int = 50_000
) -> Exposition:
    """Return the samples of a text. Raises Garbled, naming the line.

    Keys in `known` are of an earlier text and trusted.
    """
    found, odd = Exposition(), list[tuple[int, bytes]]()
    for number, line in enumerate(body.split(b"\n"), 1):
        if not line or line[0] == 35:  # "#"
            _note_kind(line, found)
            continue
        key, _, text = line.rpartition(b" ")
        if key not in known and key not in found.named and not _is_plain(key, found):
            odd.append((number, line))
            continue
        try:
            if b"_" in text:  # Python's own reading of numbers takes it
                raise ValueError
            found.add(key, float(text), at_ms)
        except ValueError:
            odd.append((number, line))
        if len(found.keys) + len(odd) > limit:
            raise Garbled(f"There are more than {limit} samples: raise the target's limit.")
    for number, line in odd:
        _read_with_care(number, line, found, at_ms)
    return found


def _note_kind(line: bytes, found: Exposition) -> None:
    if kind := _TYPE.match(line):
        name, word = kind[1].decode(), kind[2]
        ends = ("",) if word == b"counter" else ("_count", "_sum", "_bucket")
        found.counters.update(name + end for end in ends)


def _is_plain(key: bytes, found: Exposition) -> bool:
    """Note what a key means if it is written plainly, without escapes and blanks."""
    if not _PLAIN.fullmatch(key):
        return False
    try:
        name, _, labels = key.decode().partition("{")
    except UnicodeDecodeError:
        return False
    pairs = _PAIR.findall(labels)
    if len(dict(pairs)) < len(pairs):
        return False
    found.named[key] = (name, {k: v for k, v in pairs if v})
    return True


def _read_with_care(number: int, line: bytes, found: Exposition, at_ms: int) -> None:
    """Add the sample of a line that is not plain, by the reader of the format's makers."""
    from prometheus_client.parser import text_string_to_metric_families as families  # 5 MB

    try:
        samples = [s for family in families(line.decode() + "\n") for s in family.samples]
    except (ValueError, IndexError, KeyError, OverflowError) as error:
        raise Garbled(f"Line {number} is no sample: {str(error)[:100] or line[:60]!r}.") from error
    for one in samples:
        labels = {k: v for k, v in one.labels.items() if v}
        key = repr((one.name, sorted(labels.items()))).encode()
        instant = at_ms if one.timestamp is None else float(one.timestamp) * 1000
        if not abs(instant) < LATEST_MS:  # and not when it is no number
            raise Garbled(f"Line {number} has no instant we know: {line[:60]!r}.")
        found.named[key] = (one.name, labels)
        found.add(key, one.value, round(instant))
