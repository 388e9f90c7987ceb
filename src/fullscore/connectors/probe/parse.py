"""Reading what a probe printed: untrusted, so limited, typed and cleaned before anyone uses it."""

import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from fullscore.connectors.base import Garbled
from fullscore.connectors.probe import shapes
from fullscore.connectors.probe.sections import PACKAGE_ROWS, SECTIONS

FORMAT = 1
LIMIT_BYTES = 8 * 1024 * 1024
DEPTH = 6
SAMPLES = 50_000
LABELS = 64  # as for remote-write

Sample = tuple[str, Mapping[str, str], float]

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]{0,199}\Z")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,199}\Z")


@dataclass(frozen=True, slots=True)
class Missing:
    """Why a section, or part of it, is not known.

    A reason starts with one word: permission, absent (the host has no such thing), time, cut
    (a limit) or failed.
    """

    section: str
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """One host's word at one moment: `at` and every instant within are Unix seconds, its clock's.

    A section that is absent from `facts` is unknown, never empty; `why` tells the reason.
    """

    at: float
    probe: str
    took_ms: int
    complete: bool
    facts: Mapping[str, Any]
    samples: tuple[Sample, ...]
    errors: tuple[Missing, ...]

    def why(self, section: str) -> str | None:
        """Return the first reason why `section` is not fully known, or None."""
        return next((error.reason for error in self.errors if error.section == section), None)


def unpacked(body: bytes, *, limit_bytes: int = LIMIT_BYTES) -> bytes:
    """Return the content of a gzip body, refusing one that unpacks to more than the limit."""
    reader = zlib.decompressobj(wbits=31)
    try:
        content = reader.decompress(body, limit_bytes + 1)
    except zlib.error as error:
        raise Garbled("The body is not gzip.") from error
    if len(content) > limit_bytes:
        raise Garbled(f"The body unpacks to more than {limit_bytes} bytes.")
    if not reader.eof:
        raise Garbled("The gzip body is cut short.")
    return content


def read(body: bytes, *, limit_bytes: int = LIMIT_BYTES) -> Report:
    """Read one report; Garbled names the field that is wrong.

    Too many rows and too long texts are cut; unknown sections and fields are dropped.
    """
    raw = _decoded(body, limit_bytes)
    try:
        return _report(raw)
    except shapes.Wrong as wrong:
        raise Garbled(f"The probe's output is wrong: {wrong.place} {wrong.reason}.") from None


def _decoded(body: bytes, limit_bytes: int) -> dict[str, Any]:
    if len(body) > limit_bytes:
        raise Garbled(f"The probe's output has {len(body)} bytes; {limit_bytes} are allowed.")
    try:
        raw = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Garbled("The probe's output is not JSON.") from error
    if not isinstance(raw, dict):
        raise Garbled("The probe's output is not a JSON object.")
    if raw.get("format") != FORMAT or isinstance(raw["format"], bool):
        known = f"format {FORMAT} is known"
        raise Garbled(f"The probe's output is of format {str(raw.get('format'))[:40]!r}; {known}.")
    for name, value in raw.items():
        if _is_deeper(value, DEPTH - 1):
            raise Garbled(f"The probe's output is nested too deep in {shapes.cleaned(name)[:80]}.")
    return raw


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")


def _is_deeper(value: Any, levels: int) -> bool:
    """Say whether lists and objects are nested more than `levels` deep, level by level."""
    level = [value] if isinstance(value, dict | list) else []
    while level and levels:
        inner = [v for v in level for v in (v.values() if isinstance(v, dict) else v)]
        level = [v for v in inner if isinstance(v, dict | list)]
        levels -= 1
    return bool(level)


def _report(raw: dict[str, Any]) -> Report:
    head = _HEAD(raw)
    for name in ("at", "probe", "complete"):
        if head[name] is None:
            raise shapes.Wrong("is missing").inside(name)
    if not 0 <= head["at"] < 1e11:
        raise shapes.Wrong("is not a moment in Unix seconds").inside("at")
    errors = tuple(Missing(e["section"] or "", e["reason"] or "") for e in head["errors"])
    cut = tuple(_cuts(head["facts"]))
    return Report(
        at=head["at"],
        probe=head["probe"],
        took_ms=head["took_ms"] or 0,
        complete=head["complete"] and not cut,
        facts=_facts(head["facts"]),
        samples=tuple(head["samples"]),
        errors=errors + cut,
    )


def _raw_object(value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise shapes.Wrong("must be an object")
    return value


def _facts(raw: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for name, read_section in SECTIONS.items():
        if raw.get(name) is None:
            continue
        try:
            found[name] = read_section(raw[name])
        except shapes.Wrong as wrong:
            raise wrong.inside(name).inside("facts") from None
    return found


def _cuts(raw: dict[str, Any]) -> list[Missing]:
    """Return the sections of which we keep less than was sent."""
    lengths = {name: len(value) for name, value in raw.items() if isinstance(value, list)}
    allowed = {name: PACKAGE_ROWS if name == "packages" else shapes.ROWS for name in SECTIONS}
    return [
        Missing(name, f"cut: {allowed[name]} of {length} rows")
        for name, length in lengths.items()
        if length > allowed.get(name, length)
    ]


def _sample(value: Any) -> Sample:
    if not isinstance(value, list) or len(value) != 3:
        raise shapes.Wrong("must be [name, labels, value]")
    name, labels, amount = value[0], value[1], shapes.number(value[2])
    if not isinstance(name, str) or not _NAME.match(name):
        raise shapes.Wrong("has a name that is none of a metric")
    if not isinstance(labels, dict) or len(labels) > LABELS:
        raise shapes.Wrong(f"must have an object of at most {LABELS} labels")
    if amount is None:
        raise shapes.Wrong("has no value")
    for label, content in labels.items():
        if not _LABEL.match(label) or not isinstance(content, str):
            raise shapes.Wrong("has a label that is none")
    return name, {label: shapes.cleaned(content) for label, content in labels.items()}, amount


_HEAD = shapes.fields(
    at=shapes.number,
    probe=shapes.text,
    took_ms=shapes.whole,
    complete=shapes.flag,
    facts=_raw_object,
    samples=shapes.many(_sample, SAMPLES),
    errors=shapes.many(shapes.fields(section=shapes.text, reason=shapes.text)),
)
