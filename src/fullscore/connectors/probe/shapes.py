"""Readers of untrusted JSON values: each returns the value made safe, or says what is wrong.

A reader takes one decoded value. Text comes back without control characters and at most
`TEXT_CHARACTERS` long, lists at most as long as allowed, objects with exactly the fields named:
unknown ones are dropped, missing ones are None.
"""

import math
import re
from collections.abc import Callable
from typing import Any

Reader = Callable[[Any], Any]

TEXT_CHARACTERS = 1024
ROWS = 5000
LARGEST_WHOLE = 2**63 - 1  # what a database column holds

# C0 and C1 controls, DEL, lone surrogates, and marks that reorder the text around them.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
_ESCAPE = re.compile("(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b\\][^\x07\x1b]*(?:\x07|\x1b\\\\)")


class Wrong(Exception):
    """A value is not what its place asks for; `place` grows from the inside out."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.place = ""

    def inside(self, step: str) -> "Wrong":
        """Return this error as seen from one level above."""
        joint = "." if self.place and not self.place.startswith("[") else ""
        self.place = f"{step[:80]}{joint}{self.place}"
        return self


def cleaned(value: str) -> str:
    """Return text that is safe to store and show anywhere."""
    if value.isascii() and value.isprintable():
        return value[:TEXT_CHARACTERS]
    plain = _ESCAPE.sub("", value[: 4 * TEXT_CHARACTERS])
    return _UNPRINTABLE.sub("", plain)[:TEXT_CHARACTERS]


def text(value: Any) -> str | None:
    """Read text or nothing."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise Wrong("must be text")
    return cleaned(value)


def whole(value: Any) -> int | None:
    """Read a whole number of at most 64 bits, or nothing."""
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        raise Wrong("must be a whole number")
    if abs(value) > LARGEST_WHOLE:
        raise Wrong("is too large")
    return value


def number(value: Any) -> float | None:
    """Read a finite number or nothing."""
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise Wrong("must be a number")
    if not math.isfinite(value) or abs(value) > 1e300:
        raise Wrong("must be finite")
    return float(value)


def flag(value: Any) -> bool | None:
    """Read true, false or nothing."""
    if value is not None and not isinstance(value, bool):
        raise Wrong("must be true or false")
    return value


def many(read: Reader, rows: int = ROWS) -> Reader:
    """Return a reader of lists; what is beyond `rows` is left out, a missing list is empty."""

    def reader(value: Any) -> list[Any]:
        if value is None:
            return []
        if not isinstance(value, list):
            raise Wrong("must be a list")
        found: list[Any] = []
        try:
            for row in value[:rows]:
                found.append(read(row))  # one by one: the length tells which row is wrong
        except Wrong as wrong:
            raise wrong.inside(f"[{len(found)}]") from None
        return found

    return reader


def fields(**readers: Reader) -> Reader:
    """Return a reader of objects with exactly these fields."""

    def reader(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Wrong("must be an object")
        found: dict[str, Any] = {}
        for name, read in readers.items():
            try:
                found[name] = read(value.get(name))
            except Wrong as wrong:
                raise wrong.inside(name) from None
        return found

    return reader


def named(read: Reader, rows: int = 500) -> Reader:
    """Return a reader of objects whose names are the host's, such as settings; none is empty."""

    def reader(value: Any) -> dict[str, Any]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise Wrong("must be an object")
        found: dict[str, Any] = {}
        for name in list(value)[:rows]:
            try:
                found[cleaned(name)] = read(value[name])
            except Wrong as wrong:
                raise wrong.inside(cleaned(name)) from None
        return found

    return reader


def perhaps(read: Reader) -> Reader:
    """Return a reader that also takes nothing, where None means unknown."""

    def reader(value: Any) -> Any:
        return None if value is None else read(value)

    return reader
