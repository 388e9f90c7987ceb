"""JSON from outside, read field by field: whatever is wrong is told with its place.

body = documents.read(raw)
body.field("alerts").items()[2].texts("labels")
→ Garbled: line 3: alerts[2].labels is missing.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fullscore.connectors.base import Garbled
from fullscore.connectors.output import readable

Step = str | int
_SPACE = re.compile(r"[\s,:]*")
_DECODER = json.JSONDecoder()
MOST_WHOLE = 1_000_000_000
KINDS: dict[type, str] = {
    dict: "an object", list: "a list", str: "a text", bool: "true or false", int: "a whole number",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Node:
    """A value of the document, and the way that leads to it."""

    value: Any
    way: tuple[Step, ...]
    text: str

    def wrong(self, what: str, *more: Step) -> Garbled:
        """Return the error that says what is wrong here, and on which line."""
        way = (*self.way, *more)
        return Garbled(f"line {_line(self.text, way)}: {_named(way)} {what}.")

    def optional(self, name: str) -> "Node | None":
        """Return a field of an object; None where it is absent or null."""
        value = self.of(dict).get(name)
        return None if value is None else Node(value, (*self.way, name), self.text)

    def field(self, name: str) -> "Node":
        """Return a field of an object. Raises Garbled when it is missing."""
        found = self.optional(name)
        if found is None:
            raise self.wrong("is missing", name)
        return found

    def of(self, kind: type) -> Any:
        """Return the value. Raises Garbled when it is of another kind."""
        if not isinstance(self.value, kind):
            raise self.wrong(f"is not {KINDS[kind]}")
        return self.value

    def items(self) -> "Iterator[Node]":
        """Yield the entries of a list."""
        for place, value in enumerate(self.of(list)):
            yield Node(value, (*self.way, place), self.text)

    def words(self, name: str, *, most: int, default: str | None = None) -> str:
        """Return a text field, harmless and cut to so many letters; without a default a must."""
        found = self.field(name) if default is None else self.optional(name)
        return default or "" if found is None else tidy(found.of(str))[:most]

    def plain(self, name: str, *, most: int) -> str:
        """Return a text, number or truth as text, cut to so many letters; empty where absent."""
        found = self.optional(name)
        if found is None:
            return ""
        if isinstance(found.value, (dict, list)):
            raise found.wrong("is neither a text nor a number")
        return _plain(found.value)[:most]

    def whole(self, name: str, default: int = 0) -> int:
        """Return a whole number, also one that is written as a text or with a fraction."""
        text = self.plain(name, most=40)
        if not text:
            return default
        try:
            number = round(float(text))
        except (ValueError, OverflowError) as error:
            raise self.wrong("is no number", name) from error
        if abs(number) > MOST_WHOLE:
            raise self.wrong("is too large a number", name)
        return number

    def plains(self, *, most: int) -> dict[str, str]:
        """Return the texts, numbers and truths of an object as texts; nested ones are left out."""
        told = self.of(dict).items()
        flat = {k: v for k, v in told if v is not None and not isinstance(v, (dict, list))}
        return {tidy(key)[:most]: _plain(value)[:most] for key, value in flat.items()}

    def texts(self, name: str, *, most: int, is_optional: bool = False) -> dict[str, str]:
        """Return an object of texts, each cut to so many letters."""
        found = self.optional(name) if is_optional else self.field(name)
        if found is None:
            return {}
        names = [Node(value, (*found.way, key), self.text) for key, value in found.of(dict).items()]
        return {tidy(str(one.way[-1]))[:most]: tidy(one.of(str))[:most] for one in names}

    def moment(self, name: str) -> datetime | None:
        """Return an RFC 3339 instant in UTC; None where it is absent or the year 1."""
        found = self.optional(name)
        if found is None or not found.of(str):
            return None
        try:
            # Nine digits of a second are usual outside, and six are what Python reads.
            at = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", found.value))
            at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
        except (ValueError, OverflowError) as error:
            raise found.wrong("is no time such as 2026-11-17T02:13:00Z") from error
        return at if at.year > 1 else None


def read(body: bytes) -> Node:
    """Return a body of JSON as its outermost node. Raises Garbled with the line that is wrong."""
    try:
        text = body.decode("utf-8-sig")
        return Node(json.loads(text), (), text)
    except UnicodeDecodeError as error:
        raise Garbled(f"The body is not UTF-8: byte {error.start} is wrong.") from error
    except json.JSONDecodeError as error:
        raise Garbled(f"line {error.lineno}: this is not JSON: {error.msg}.") from error
    except (RecursionError, ValueError) as error:
        raise Garbled("The body is not JSON that can be read: it is nested too deep.") from error


def tidy(text: str) -> str:
    """Return a text that is safe to show and to store."""
    return readable(text.encode("utf-8", "replace"))


def _plain(value: Any) -> str:
    return tidy(value) if isinstance(value, str) else json.dumps(value)


def _named(way: tuple[Step, ...]) -> str:
    told = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in way)
    return told.removeprefix(".") or "the body"


def _line(text: str, way: tuple[Step, ...]) -> int:
    """Return the line on which a value begins; for one that is missing, that of what lacks it."""
    at = _after_space(text, 0)
    for step in way:
        inner = _begin(text, at, step)
        if inner is None:
            break
        at = inner
    return text.count("\n", 0, at) + 1


def _begin(text: str, at: int, step: Step) -> int | None:
    """Return where an entry of the container that begins here begins."""
    count, at = 0, _after_space(text, at + 1)
    while text[at] not in "]}":
        key: Step = count
        if isinstance(step, str):
            key, at = _DECODER.raw_decode(text, at)
            at = _after_space(text, at)
        if key == step:
            return at
        _, at = _DECODER.raw_decode(text, at)
        at, count = _after_space(text, at), count + 1
    return None


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
