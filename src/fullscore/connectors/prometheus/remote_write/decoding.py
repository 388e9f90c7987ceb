"""From a body to its samples: the quick way for all it suits, the careful way for the rest."""

from collections.abc import Container

import numpy as np
from numpy.typing import NDArray

from fullscore.connectors.base import Garbled
from fullscore.connectors.prometheus.remote_write import tails
from fullscore.connectors.prometheus.remote_write.contract import (
    Read,
    WriteBatch,
    WriteLimits,
    joined,
)
from fullscore.connectors.prometheus.remote_write.parsing import Parsing, pairs
from fullscore.connectors.prometheus.remote_write.splitting import Messages, split
from fullscore.connectors.prometheus.remote_write.unpacking import unpacked
from fullscore.connectors.prometheus.remote_write.walking import Ends, Walking


def decode(
    body: bytes, *, known: Container[bytes] = frozenset(), limits: WriteLimits = WriteLimits()
) -> WriteBatch:
    """Return the samples of a body as it came over the wire. Raises Garbled.

    Keys in `known` are trusted: they are of an earlier batch. All others are checked. Instants are
    as they were sent, whatever they are.
    """
    raw = unpacked(body, limit_bytes=limits.unpacked_bytes)
    try:
        return _read(raw, known, limits)
    except IndexError as error:
        raise Garbled("The message is cut short.") from error


def labels(key: bytes) -> tuple[tuple[str, str], ...]:
    """Return the labels of a key, sorted, those without a value left out. Raises Garbled."""
    return tuple(sorted((name, value) for name, value in pairs(key, WriteLimits()) if value))


def _read(raw: bytes, known: Container[bytes], limits: WriteLimits) -> WriteBatch:
    found, walking = split(raw, known, limits), Walking(raw, known, limits)
    for place in found.others:
        found.keys[place] = walking.key(place, found.begins[place], found.ends[place])
    quick, rest = _quick(raw, found, walking)
    parsing = Parsing(raw, known, limits, room=limits.samples - len(quick.places))
    for place in rest:
        found.keys[place] = parsing.key(place, found.begins[place], found.ends[place])
    places, _, ts_ms, values = joined([quick, parsing.read()])
    return WriteBatch(found.keys, places, ts_ms, values, parsing.skipped)


def _quick(raw: bytes, found: Messages, walking: Walking) -> tuple[Read, list[int]]:
    """Return the samples that can be read at once, and the places of all other messages."""
    ends, is_plain = np.array(found.ends, np.int64), np.ones(len(found.ends), dtype=bool)
    is_plain[found.zeros] = is_plain[found.others] = False
    plain = _with(np.flatnonzero(is_plain), ends, walking.samples)
    zeros = _with(np.array(found.zeros, np.int64), ends, walking.zeros)
    (samples, odd), (nulls, odd_nulls) = tails.samples(raw, *plain), tails.zeros(raw, *zeros)
    doubtful = [place for place in found.others if not found.keys[place]]
    rest = sorted({*doubtful, *odd.tolist(), *odd_nulls.tolist()})
    quick = joined([samples, nulls])
    return quick.only(~np.isin(quick.places, rest)) if rest else quick, rest


def _with(
    places: NDArray[np.int64], ends: NDArray[np.int64], walked: Ends
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return places and ends of messages, and behind them those that were walked over."""
    return (
        np.concatenate([places, np.array(walked.places, np.int64)]),
        np.concatenate([ends[places], np.array(walked.ends, np.int64)]),
    )
