"""What is asked of a body, and what comes out of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class WriteLimits:
    """What one body may hold; more of anything is Garbled."""

    unpacked_bytes: int = 32 * 1024 * 1024
    samples: int = 500_000  # and as many series
    others: int = 50_000  # metadata, and fields nobody knows: passed over unread
    labels: int = 64  # of one series
    labels_bytes: int = 16 * 1024  # of one series


@dataclass(frozen=True, slots=True)
class WriteBatch:
    """The samples of one body, in the order they came."""

    keys: list[bytes]  # label bytes of each TimeSeries as received, one per message, in order
    series: NDArray[np.int64]  # per sample: position in keys
    ts_ms: NDArray[np.int64]
    values: NDArray[np.float64]  # NaN bits kept (0x7ff0000000000002 = stale)
    skipped: int  # exemplars and native histograms left out


class Read(NamedTuple):
    """Samples as one way of reading finds them: arrays of one length."""

    places: NDArray[np.int64]  # of their messages in the body
    ends: NDArray[np.int64]  # where in the body, for their order
    ts_ms: NDArray[np.int64]
    values: NDArray[np.float64]

    def only(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> "Read":
        """Return some of them, by mask or position."""
        places, ends, ts_ms, values = self
        return Read(places[which], ends[which], ts_ms[which], values[which])


def joined(parts: Sequence[Read]) -> Read:
    """Return samples of several ways of reading in the order of the body."""
    places, ends, ts_ms, values = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return Read(places, ends, ts_ms, values).only(np.argsort(ends, kind="stable"))
