"""What a run shows as evidence: bounded, printable, without secrets. Hosts write it, so trust
none of it."""

import json
import math
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from itertools import islice
from typing import Any

from fullscore.kit.checks import EVIDENCE_BYTES, EVIDENCE_ROWS

TEXT, LIST, DEPTH = 1000, 20, 4  # characters of a text, members of a list, levels
HIDDEN = "•••"

# Controls (PostgreSQL refuses NUL), lone surrogates, and marks that reorder the text around them.
UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
SECRET_NAME = re.compile(
    r"(?:^|_)(?:password|passwd|passphrase|secret|token|api_?key|private_key|authorization)$", re.I
)
SECRET_TEXT = re.compile(
    r"((?:password|passwd|passphrase|secret|token|api[_-]?key|authorization)[\"']?\s*[=:]\s*[\"']?"
    r"(?:bearer\s+|basic\s+)?)[^\s\"',;]+",
    re.I,
)
SECRET_URL = re.compile(r"(://[^/\s:@]*:)[^/\s@]+@")


def plain(text: str, most: int = TEXT) -> str:
    """Return text that either database takes and any page may show, at most `most` characters
    long."""
    return UNPRINTABLE.sub("", text[: 4 * most])[:most]


def finite(figure: float | None) -> float | None:
    """Return a figure, or None for what is none: NaN and infinities are not JSON."""
    return figure if figure is not None and math.isfinite(figure) else None


def bounded(evidence: Iterable[Any]) -> list[Any]:
    """Return at most 20 rows and 8 KiB of evidence, secrets masked; of a single huge row its
    start."""
    kept: list[Any] = []
    size = 0
    for row in islice(evidence, EVIDENCE_ROWS):
        told = _tidy(row, DEPTH)
        written = json.dumps(told)
        size += len(written)
        if size > EVIDENCE_BYTES:
            return kept or [{"cut": written[:TEXT]}]
        kept.append(told)
    return kept


def _tidy(value: Any, levels: int, name: str = "") -> Any:
    """Return a value as plain JSON; what its name or its words give away as a secret is hidden."""
    if value is None or isinstance(value, bool | int):
        return value
    if name and SECRET_NAME.search(name):
        return HIDDEN
    if isinstance(value, float):
        return finite(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if levels and isinstance(value, Mapping):
        pairs = islice(value.items(), LIST)
        return {plain(str(k), 100): _tidy(v, levels - 1, str(k)) for k, v in pairs}
    if levels and isinstance(value, list | tuple | set | frozenset):
        return [_tidy(v, levels - 1, name) for v in islice(value, LIST)]
    return SECRET_URL.sub(rf"\1{HIDDEN}@", SECRET_TEXT.sub(rf"\1{HIDDEN}", plain(str(value))))
