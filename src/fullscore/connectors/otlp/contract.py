"""What is asked of a body, and what comes out of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

# Why points are left out: they say too little, or are of a kind that is not kept; or name too much.
Fault = Literal["malformed", "histogram", "labels"]


@dataclass(frozen=True, slots=True)
class OtlpLimits:
    """What one body may hold; more of anything is Garbled."""

    samples: int = 500_000  # a histogram makes one of each bucket
    others: int = 100_000  # resources, metrics, and fields nobody knows
    point_bytes: int = 256 * 1024  # of one point, resource or scope with all that is in it
    json_containers: int = 1_000_000  # objects and lists: each takes some 200 bytes
    json_values: int = 4_000_000
    labels: int = 64  # of a resource; those of a series are counted where it is stored
    labels_bytes: int = 16 * 1024  # of the attributes of one point or resource: else it is left out


class Named(NamedTuple):
    """What a series is called, and what its metric is."""

    name: str
    labels: Mapping[str, str]
    kind: str  # gauge or counter
    unit: str  # UCUM, without annotations; empty where none was sent


@dataclass(frozen=True, slots=True)
class OtlpBatch:
    """The samples of one body: arrays of one length, in the order they came."""

    keys: list[bytes]  # of each sample; what is in `known` need not be named again
    named: dict[bytes, Named]  # what the other keys mean
    points: NDArray[np.int64]  # which data point each sample is of: a histogram makes several
    ts_ms: NDArray[np.int64]
    starts_ms: NDArray[np.int64]  # of deltas when they began, 0 where that is not told; else -1
    values: NDArray[np.float64]
    count: int  # data points in the body
    left_out: Mapping[str, int]  # data points that make no samples, by fault
    why: str  # an example of such a fault, in words
