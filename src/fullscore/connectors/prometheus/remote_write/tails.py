"""Samples as every sender writes them, all read at once, from where they end."""

import numpy as np
from numpy.typing import NDArray

from fullscore.connectors.prometheus.remote_write.contract import Read
from fullscore.connectors.protobuf import wire

# An instant of six bytes, here in two parts, reaches from 1971 into 2109.
SAMPLE = np.dtype(
    [
        ("tag", "u1"),
        ("size", "u1"),
        ("value_tag", "u1"),
        ("value", "<f8"),
        ("time_tag", "u1"),
        ("low", "<u4"),
        ("high", "<u2"),
    ]
)
# A value of 0 is left out on the wire.
ZERO = np.dtype([(name, SAMPLE[name]) for name in ("tag", "size", "time_tag", "low", "high")])
TAG, VALUE_TAG, TIME_TAG = 2 << 3 | wire.COUNTED, 1 << 3 | wire.EIGHT, 2 << 3 | wire.VARINT
TOP_BITS, TOP_BITS_OF_SIX = 0x8080_8080_8080, 0x0080_8080_8080  # set: the number goes on


def samples(
    raw: bytes, places: NDArray[np.int64], ends: NDArray[np.int64]
) -> tuple[Read, NDArray[np.int64]]:
    """Return the samples with a value that end there, and the places of messages without."""
    tails = _before(raw, ends, SAMPLE)
    is_one = _are_framed(tails, SAMPLE) & (tails["value_tag"] == VALUE_TAG)
    found = Read(places, ends, _instants(tails), tails["value"].astype(np.float64))
    return found.only(is_one), places[~is_one]


def zeros(
    raw: bytes, places: NDArray[np.int64], ends: NDArray[np.int64]
) -> tuple[Read, NDArray[np.int64]]:
    """Return the samples of value 0 that end there, and the places of messages without."""
    tails = _before(raw, ends, ZERO)
    is_one = _are_framed(tails, ZERO)
    found = Read(places, ends, _instants(tails), np.zeros(len(ends)))
    return found.only(is_one), places[~is_one]


def _before(raw: bytes, ends: NDArray[np.int64], shape: np.dtype[np.void]) -> NDArray[np.void]:
    """Return the bytes before some places as records; no place is nearer to the beginning."""
    if not ends.size:
        return np.empty(0, shape)
    # Gathered as bytes without shape: NumPy would copy records field by field, ten times slower.
    whole, starts = np.dtype((np.void, shape.itemsize)), len(raw) - shape.itemsize + 1
    anywhere: NDArray[np.void] = np.ndarray((starts,), whole, raw, strides=(1,))
    return anywhere[ends - shape.itemsize].view(shape)


def _are_framed(tails: NDArray[np.void], shape: np.dtype[np.void]) -> NDArray[np.bool_]:
    """Return which records are one sample with an instant of six bytes."""
    is_one: NDArray[np.bool_] = (
        (tails["tag"] == TAG)
        & (tails["size"] == shape.itemsize - 2)
        & (tails["time_tag"] == TIME_TAG)
        & (_packed(tails) & TOP_BITS == TOP_BITS_OF_SIX)
    )
    return is_one


def _packed(tails: NDArray[np.void]) -> NDArray[np.int64]:
    packed: NDArray[np.int64] = tails["low"].astype(np.int64)
    return packed | tails["high"].astype(np.int64) << 32


def _instants(tails: NDArray[np.void]) -> NDArray[np.int64]:
    """Return the numbers that six bytes hold in seven bits each."""
    packed, instants = _packed(tails), np.zeros(len(tails), np.int64)
    for place in range(6):
        instants |= packed >> place & 0x7F << 7 * place
    return instants
