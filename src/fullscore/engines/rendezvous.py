"""Spreading work over whoever is there, so that each leaving or coming moves only its share."""

from collections.abc import Mapping
from hashlib import blake2b
from math import log


def holder(work: str, workers: Mapping[str, float]) -> str | None:
    """Return which worker has a piece of work; None without workers. Weights are relative, above 0.

    Everybody who knows the same workers finds the same one, in any order. When one leaves, only
    its own pieces move.
    Method: weighted rendezvous hashing, the largest of −weight ÷ ln(hash in 0 … 1).
    Source: Schindelhauer and Schomaker, SPAA 2005; Thaler and Ravishankar, IEEE/ACM Trans.
    Networking 6 (1998) 1-14.
    """
    return max(workers, key=lambda who: (_score(work, who, workers[who]), who), default=None)


def _score(work: str, who: str, weight: float) -> float:
    number = int.from_bytes(blake2b(f"{work}\0{who}".encode(), digest_size=8).digest(), "big")
    return -weight / log((number + 0.5) / 2**64)
