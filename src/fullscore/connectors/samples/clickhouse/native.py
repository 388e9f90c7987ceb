"""ClickHouse's Native format: columns as they lie in memory, so no bit of a number changes.

Source: ClickHouse documentation, "Native" under Formats: a block is the number of columns and of
rows, then of each column its name, its type and its values; numbers are little-endian, lengths are
LEB128. Only the types of our own tables are spoken.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fullscore.connectors.base import Garbled

NUMBERS = {
    "UInt8": "<u1", "UInt32": "<u4", "UInt64": "<u8", "Int64": "<i8", "Float64": "<f8",
    "DateTime64(3, 'UTC')": "<i8",
}  # fmt: skip
Column = NDArray[Any] | Sequence[str]


def block(columns: Mapping[str, tuple[str, Column]]) -> bytes:
    """Return one block of columns of one length, each with its type."""
    rows = len(next(iter(columns.values()))[1])
    parts = [_length(len(columns)), _length(rows)]
    for name, (kind, values) in columns.items():
        parts += [_text(name), _text(kind)]
        if kind == "String":
            parts += [_text(str(value)) for value in values]
        else:
            parts.append(np.ascontiguousarray(values).astype(NUMBERS[kind], copy=False).tobytes())
    return b"".join(parts)


def columns(content: bytes) -> dict[str, NDArray[Any]]:
    """Return the columns of all blocks, joined; none when there is no block. Raises Garbled."""
    reader, found = _Reader(content), dict[str, list[NDArray[Any]]]()
    try:
        while not reader.is_at_end:
            many, rows = reader.length(), reader.length()
            for _ in range(many):
                name, kind = reader.text(), reader.text()
                found.setdefault(name, []).append(reader.values(kind, rows))
    except (IndexError, KeyError, ValueError) as error:
        raise Garbled(f"ClickHouse answered what cannot be understood: {error}.") from error
    return {name: np.concatenate(parts) for name, parts in found.items()}


class _Reader:
    """Reads from a place on."""

    def __init__(self, content: bytes) -> None:
        self._content, self._at = content, 0

    @property
    def is_at_end(self) -> bool:
        return self._at >= len(self._content)

    def length(self) -> int:
        number = shift = 0
        while True:
            byte = self._content[self._at]
            self._at += 1
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                return number
            shift += 7

    def text(self) -> str:
        size = self.length()
        self._at += size
        if self._at > len(self._content):
            raise ValueError("a text ends too soon")
        return self._content[self._at - size : self._at].decode()

    def values(self, kind: str, rows: int) -> NDArray[Any]:
        if kind == "String":
            return np.array([self.text() for _ in range(rows)], dtype=object)
        found = np.frombuffer(self._content, NUMBERS[kind], rows, self._at)
        self._at += found.nbytes
        return found


def _text(text: str) -> bytes:
    content = text.encode()
    return _length(len(content)) + content


def _length(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
