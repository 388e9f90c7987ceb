"""Write the plainest Parquet file there is, for hot segments: no DuckDB needed in who only appends.

DuckDB would cost an appending process 40 MiB of memory and 15 ms a file; compaction, which DuckDB
does, packs the same rows ten times tighter soon afterwards. Until then they are asked for most, and
nothing is compressed: unpacking took half the time of a question (measured). Instants and numbers
mostly are one for all rows, and then told once.
Source: the Apache Parquet format, version 2.10: PLAIN pages of required columns, one per row
group, or a dictionary of one value; metadata in Thrift's compact protocol.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAGIC = b"PAR1"
ROW_GROUP = 122_880  # DuckDB's own size: one unit of its parallel scan
INT64, DOUBLE = 2, 5  # physical types
REQUIRED, PLAIN, RLE, RLE_DICTIONARY = 0, 0, 3, 8
DATA_PAGE, DICTIONARY_PAGE = 0, 2
UNCOMPRESSED = 0
I32, I64, BINARY, LIST, STRUCT = 5, 6, 8, 9, 12  # types of Thrift's compact protocol

Arrays = Mapping[str, NDArray[Any]]
Typed = tuple[int, bytes]


def parquet(arrays: Arrays) -> bytes:
    """Return the file of some int64 and float64 columns of one length."""
    rows = len(next(iter(arrays.values())))
    body, groups = bytearray(MAGIC), []
    for start in range(0, rows, ROW_GROUP):
        part = {name: array[start : start + ROW_GROUP] for name, array in arrays.items()}
        groups.append(_row_group(body, part))
    columns = [_column(name, array) for name, array in arrays.items()]
    root = _struct({4: _binary(b"rows"), 5: _i32(len(columns))})
    _, footer = _struct(
        {1: _i32(2), 2: _list(STRUCT, [root, *columns]), 3: _i64(rows), 4: _list(STRUCT, groups)}
    )
    return bytes(body) + footer + len(footer).to_bytes(4, "little") + MAGIC


def _column(name: str, array: NDArray[Any]) -> Typed:
    return _struct({1: _i32(_physical(array)), 3: _i32(REQUIRED), 4: _binary(name.encode())})


def _physical(array: NDArray[Any]) -> int:
    return DOUBLE if array.dtype == np.float64 else INT64


def _row_group(body: bytearray, part: Arrays) -> Typed:
    """Append the pages of one row group to the body and return its metadata."""
    begin, rows = len(body), len(next(iter(part.values())))
    chunks = [_chunk(body, name, array) for name, array in part.items()]
    return _struct({1: _list(STRUCT, chunks), 2: _i64(len(body) - begin), 3: _i64(rows)})


def _chunk(body: bytearray, name: str, array: NDArray[Any]) -> Typed:
    """Append one column's pages and return its metadata."""
    physical, begin, many = _physical(array), len(body), len(array)
    told = {
        1: _i32(physical), 2: _list(I32, [_i32(PLAIN)]), 3: _list(BINARY, [_binary(name.encode())]),
        4: _i32(UNCOMPRESSED), 5: _i64(many),
    }  # fmt: skip
    raw, encoding = (
        array.astype("<f8" if physical == DOUBLE else "<i8", copy=False).tobytes(),
        PLAIN,
    )
    if physical == INT64 and array.min() == array.max():
        told[11] = _i64(begin)
        _page(body, DICTIONARY_PAGE, raw[:8], 7, {1: _i32(1), 2: _i32(PLAIN)})
        # Places in the dictionary are one bit wide; one run of place 0.
        raw, encoding = b"\1" + _varint(many << 1) + b"\0", RLE_DICTIONARY
    told[9] = _i64(len(body))
    _page(body, DATA_PAGE, raw, 5, {1: _i32(many), 2: _i32(encoding), 3: _i32(RLE), 4: _i32(RLE)})
    told[6] = told[7] = _i64(len(body) - begin)
    if physical == INT64:
        told[12] = _struct({5: _bound(array.max()), 6: _bound(array.min())})
    return _struct({2: _i64(begin), 3: _struct(dict(sorted(told.items())))})


def _page(body: bytearray, kind: int, raw: bytes, place: int, told: Mapping[int, Typed]) -> None:
    """Append a page: what is told of it stands at a place of its header that goes by its kind."""
    size = _i32(len(raw))
    _, header = _struct({1: _i32(kind), 2: size, 3: size, place: _struct(told)})
    body += header
    body += raw


def _bound(number: int) -> Typed:
    return _binary(int(number).to_bytes(8, "little", signed=True))


def _struct(fields: Mapping[int, Typed]) -> Typed:
    return STRUCT, b"".join(_fields(fields)) + b"\0"


def _fields(fields: Mapping[int, Typed]) -> Iterator[bytes]:
    before = 0
    for number, (kind, payload) in fields.items():  # ascending; gaps are below 16
        yield bytes([(number - before) << 4 | kind]) + payload
        before = number


def _list(kind: int, items: list[Typed]) -> Typed:
    many = len(items)
    head = bytes([many << 4 | kind]) if many < 15 else bytes([0xF0 | kind]) + _varint(many)
    return LIST, head + b"".join(payload for _, payload in items)


def _i32(number: int) -> Typed:
    return I32, _varint(number << 1)  # zigzag; none of ours is negative


def _i64(number: int) -> Typed:
    return I64, _varint(number << 1)


def _binary(data: bytes) -> Typed:
    return BINARY, _varint(len(data)) + data


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
