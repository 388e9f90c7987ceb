"""Series that are new, or written in another way: checked, then given to the protobuf library.

One series at a time, so that no more than its own bytes turn into objects at once.
"""

from array import array
from collections.abc import Container, Iterator
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from fullscore.connectors.base import Garbled
from fullscore.connectors.prometheus.remote_write import messages
from fullscore.connectors.prometheus.remote_write.contract import Read, WriteLimits
from fullscore.connectors.protobuf import wire

LABEL = 1 << 3 | wire.COUNTED  # the tag of a label in a TimeSeries
LEAST_BYTES = 2  # of any field: with so many bytes for each sample, too many cannot come


class Parsing:
    """Reads series; their samples gather in arrays."""

    def __init__(
        self, raw: bytes, known: Container[bytes], limits: WriteLimits, *, room: int
    ) -> None:
        self.raw, self.known, self.limits = raw, known, limits
        self.room = room  # how many samples may still come
        self.walks = limits.samples + limits.others  # fields that may still be walked over
        self.places, self.ends, self.ts_ms = array("q"), array("q"), array("q")
        self.values = array("d")
        self.skipped = 0

    def key(self, place: int, begin: int, end: int) -> bytes:
        """Take the samples of the series in [begin, end) and return its key. Raises Garbled."""
        middle = self._after_labels(begin, end)
        key, series = self.raw[begin:middle], self._parsed(middle, end)
        if series.labels:  # some stand behind other fields
            key = self._gathered(begin, end)
        if key not in self.known:
            pairs(key, self.limits)
        self._take(series)
        self.places.extend([place] * len(series.samples))
        self.ends.extend([end] * len(series.samples))
        return key

    def read(self) -> Read:
        """Return the samples taken so far."""
        return Read(
            np.frombuffer(self.places, np.int64),
            np.frombuffer(self.ends, np.int64),
            np.frombuffer(self.ts_ms, np.int64),
            np.frombuffer(self.values, np.float64),
        )

    def _after_labels(self, begin: int, end: int) -> int:
        """Return the place after the labels a series begins with."""
        raw, at, left = self.raw, begin, self.limits.labels
        while at < end and raw[at] == LABEL:
            count = raw[at + 1]
            at = at + 2 + count if count < 0x80 else wire.counted(raw, at + 1)[1]
            if (left := left - 1) < 0:
                raise Garbled(f"A series has more than {self.limits.labels} labels.")
        if at > end:
            raise Garbled("A label is longer than its series.")
        return at

    def _parsed(self, begin: int, end: int) -> Any:
        """Return what follows the labels; counted first where too much could be in it."""
        if end - begin > LEAST_BYTES * self.room:
            for count, _ in enumerate(self._walked(begin, end), 1):
                self._refuse_more(count)
        try:
            return messages.Series.FromString(self.raw[begin:end])
        except DecodeError as error:
            raise Garbled(f"A series is not what it should be: {error}.") from error

    def _gathered(self, begin: int, end: int) -> bytes:
        """Return the label bytes from all over a series."""
        return b"".join(
            self.raw[one.tag_at : one.end]
            for one in self._walked(begin, end)
            if (one.number << 3 | one.kind) == LABEL
        )

    def _walked(self, begin: int, end: int) -> Iterator[wire.Field]:
        """Yield the fields of a series, of all series together no more than a body may hold."""
        for one in wire.fields(self.raw, begin, end):
            self.walks -= 1
            if self.walks < 0:
                raise Garbled("The series of the body have too many fields out of order.")
            yield one

    def _take(self, series: Any) -> None:
        """Keep the samples, and count what is left out."""
        samples, skipped = series.samples, len(series.exemplars) + len(series.histograms)
        self._refuse_more(len(samples) + skipped)
        self.room -= len(samples) + skipped
        self.skipped += skipped
        self.ts_ms.extend([sample.timestamp for sample in samples])
        self.values.extend([sample.value for sample in samples])

    def _refuse_more(self, count: int) -> None:
        if count > self.room:
            raise Garbled(f"There are more than {self.limits.samples} samples in one body.")


def pairs(key: bytes, limits: WriteLimits) -> list[tuple[str, str]]:
    """Return the names and values of label bytes, in their order. Raises Garbled."""
    if len(key) > limits.labels_bytes:
        raise Garbled(f"Labels of {len(key)} bytes; at most {limits.labels_bytes} are taken.")
    try:
        found = [(label.name, label.value) for label in messages.Labels.FromString(key).labels]
    except DecodeError as error:
        raise Garbled(f"Labels are not what they should be: {error}.") from error
    told = dict(found)
    if len(found) > limits.labels:
        raise Garbled(f"A series has {len(found)} labels; at most {limits.labels} are taken.")
    if len(told) < len(found) or "" in told:
        raise Garbled("A series has a label twice, or one without a name.")
    if not told.get("__name__"):
        raise Garbled("A series has no name: the label __name__ is missing.")
    return found
