"""New series, and series with several samples, when they are written as every sender writes them.

Labels, then samples, nothing else, no size above 127: that is told apart by stepping over it.
Whatever is in doubt is left to `parsing`, which also has the words for what is wrong.
"""

from collections.abc import Container
from dataclasses import dataclass, field

from fullscore.connectors.prometheus.remote_write import tails
from fullscore.connectors.prometheus.remote_write.contract import WriteLimits
from fullscore.connectors.protobuf import wire

LABEL = NAME = 1 << 3 | wire.COUNTED  # tags: a label in a series, and the name in a label
VALUE = 2 << 3 | wire.COUNTED
LEAST_LABEL, MOST_SIZE = 6, 0x7F  # bytes: a name and a value of one each; what one byte can tell
SAMPLE_SIZE, ZERO_SIZE = tails.SAMPLE.itemsize - 2, tails.ZERO.itemsize - 2  # without tag and size


@dataclass(slots=True)
class Ends:
    """Where samples of one kind end, and the places of their messages."""

    ends: list[int] = field(default_factory=list)
    places: list[int] = field(default_factory=list)

    def extend(self, ends: list[int], place: int) -> None:
        """Add the samples of one message."""
        self.ends += ends
        self.places += [place] * len(ends)


class Walking:
    """Steps over series; the ends of their samples gather by kind."""

    def __init__(self, raw: bytes, known: Container[bytes], limits: WriteLimits) -> None:
        self.raw, self.known, self.limits = raw, known, limits
        self.room = limits.samples
        self.samples, self.zeros = Ends(), Ends()

    def key(self, place: int, begin: int, end: int) -> bytes:
        """Take the samples of the series in [begin, end) and return its key; empty when in doubt.

        Raises IndexError when the body is cut short.
        """
        middle, names = self._labels(begin, min(end, begin + self.limits.labels_bytes))
        key = self.raw[begin:middle]
        is_sound = key in self.known or (self._are_sound(names) and _is_text(key))
        return key if is_sound and self._take(place, middle, end) else b""

    def _labels(self, at: int, end: int) -> tuple[int, list[bytes]]:
        """Return where the plain labels end, and their names."""
        raw, names = self.raw, []
        while at < end and raw[at] == LABEL:
            size = raw[at + 1]
            after = at + 2 + size
            if size < LEAST_LABEL or size > MOST_SIZE or after > end or raw[at + 2] != NAME:
                break
            middle = at + 4 + raw[at + 3]
            if middle > after - 3 or raw[middle] != VALUE or raw[middle + 1] != after - middle - 2:
                break
            names.append(raw[at + 4 : middle])
            at = after
        return at, names

    def _are_sound(self, names: list[bytes]) -> bool:
        """Return whether labels with these names, all of which have values, make a series."""
        is_once = len(set(names)) == len(names) <= self.limits.labels
        return is_once and b"__name__" in names and b"" not in names

    def _take(self, place: int, at: int, end: int) -> bool:
        """Take the samples that fill [at, end), if there is room and they are nothing else."""
        raw = self.raw
        samples: list[int] = []
        zeros: list[int] = []
        if end - at > self.room * tails.ZERO.itemsize:
            return False
        while at < end and raw[at] == tails.TAG:
            size = raw[at + 1]
            at += 2 + size
            if size == SAMPLE_SIZE:
                samples.append(at)
            elif size == ZERO_SIZE:
                zeros.append(at)
            else:
                return False
        if at != end:
            return False
        self.room -= len(samples) + len(zeros)
        self.samples.extend(samples, place)
        self.zeros.extend(zeros, place)
        return True


def _is_text(key: bytes) -> bool:
    """Return whether labels of plain sizes are UTF-8: what frames them is ASCII."""
    if key.isascii():
        return True
    try:
        key.decode()
    except UnicodeDecodeError:
        return False
    return True
