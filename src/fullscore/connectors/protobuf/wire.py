"""Protobuf's wire format, as far as telling fields apart: iterative, no objects, any bytes.

Source: "Encoding", Protocol Buffers documentation. A field is a tag (number and wire type), then
a varint, eight or four bytes, a length and so many bytes, or fields up to an end tag (a group).
"""

from collections.abc import Iterator
from typing import NamedTuple

from fullscore.connectors.base import Garbled

VARINT, EIGHT, COUNTED, GROUP, GROUP_END, FOUR = range(6)
TAG_BYTES = COUNT_BYTES = 5  # of 32 bits
VARINT_BYTES = 10  # of 64 bits
DEPTH = 100  # groups in groups, as Google's parsers have it


class Field(NamedTuple):
    """One field: where its tag begins, where its content begins, and where it is over."""

    number: int
    kind: int
    tag_at: int
    begin: int
    end: int


def field(raw: bytes, at: int) -> Field:
    """Return the field whose tag begins at a place. Raises Garbled, IndexError when cut short."""
    number, kind, begin = _tag(raw, at)
    if kind == GROUP:
        return Field(number, kind, at, begin, _group_end(raw, begin, number))
    return Field(number, kind, at, *_content(raw, begin, kind))


def fields(raw: bytes, begin: int, end: int) -> Iterator[Field]:
    """Yield the fields of [begin, end), which they fill exactly."""
    while begin < end:
        tag, size = raw[begin], raw[begin + 1]
        if 7 < tag < 0x80 and tag & 7 == COUNTED and size < 0x80:  # the usual, five times faster
            found = Field(tag >> 3, COUNTED, begin, begin + 2, begin + 2 + size)
        else:
            found = field(raw, begin)
        begin = found.end
        yield found
    if begin != end:
        raise Garbled("A field is longer than the message it stands in.")


def varint(raw: bytes, at: int, most_bytes: int) -> tuple[int, int]:
    """Return a number of at most so many bytes, and the place after it."""
    value = 0
    for place in range(most_bytes):
        byte = raw[at + place]
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value, at + place + 1
    raise Garbled(f"A number has more than {most_bytes} bytes.")


def counted(raw: bytes, at: int) -> tuple[int, int]:
    """Return where the bytes begin and end whose count begins at a place."""
    size, begin = varint(raw, at, COUNT_BYTES)
    if size >= 2**31:
        raise Garbled(f"A field of {size} bytes is longer than any message may be.")
    return begin, begin + size


def _group_end(raw: bytes, at: int, number: int) -> int:
    """Return the place after the end tag of a group whose content begins at a place."""
    opened = [number]
    while opened:
        number, kind, at = _tag(raw, at)
        if kind == GROUP:
            opened.append(number)
        elif kind != GROUP_END:
            _, at = _content(raw, at, kind)
        elif number != opened.pop():
            raise Garbled("A group ends that was never begun.")
        if len(opened) > DEPTH:
            raise Garbled(f"Groups lie more than {DEPTH} deep in each other.")
    return at


def _tag(raw: bytes, at: int) -> tuple[int, int, int]:
    tag, begin = varint(raw, at, TAG_BYTES)
    number, kind = tag >> 3, tag & 7
    if not 0 < number < 2**29 or kind > FOUR:
        raise Garbled(f"There is no field {number} of wire type {kind}.")
    return number, kind, begin


def _content(raw: bytes, at: int, kind: int) -> tuple[int, int]:
    """Return where a field's content begins and ends; it lies inside `raw`."""
    if kind == COUNTED:
        begin, end = counted(raw, at)
    elif kind == VARINT:
        begin, end = at, varint(raw, at, VARINT_BYTES)[1]
    elif kind == GROUP_END:
        raise Garbled("A group ends that was never begun.")
    else:
        begin, end = at, at + (8 if kind == EIGHT else 4)
    if end > len(raw):
        raise Garbled("The message is cut short.")
    return begin, end
