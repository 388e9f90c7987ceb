"""Write the plainest Parquet file there is: the segments of the running day, hot ones and hours.

DuckDB would cost an appending process 40 MiB of memory and 15 ms a file; packing the day, which
DuckDB does, makes the same rows ten times smaller. Until then they are asked for most, and instants
and values are not compressed: unpacking took half the time of a question (measured), and what lies
open is taken from where it lies (`opened`). Instants and numbers that are one for all rows are told
once.
Source: the Apache Parquet format, version 2.10: PLAIN pages of required columns, one per row
group, or a dictionary of one value; metadata in Thrift's compact protocol. Between the last page
and the metadata, where Parquet's readers do not look, an index says where the columns lie.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import cramjam
import numpy as np
from numpy.typing import NDArray

MAGIC = b"PAR1"
ROW_GROUP = 122_880  # DuckDB's own size: one unit of its parallel scan
INT64, DOUBLE = 2, 5  # physical types
REQUIRED, PLAIN, RLE, RLE_DICTIONARY = 0, 0, 3, 8
DATA_PAGE, DICTIONARY_PAGE = 0, 2
UNCOMPRESSED, ZSTD = 0, 6
I32, I64, BINARY, LIST, STRUCT = 5, 6, 8, 9, 12  # types of Thrift's compact protocol

INDEXED = ("series", "ts_ms", "value")

Arrays = Mapping[str, NDArray[Any]]
Typed = tuple[int, bytes]


def parquet(arrays: Arrays, *, packed: Collection[str] = ()) -> bytes:
    """Return the file of some int64 and float64 columns of one length; `packed` are compressed.

    With `series` packed, the index tells where the rows of each series begin: they are sorted.
    """
    rows = len(next(iter(arrays.values())))
    body, groups, places = bytearray(MAGIC), [], list[int]()
    for start in range(0, rows, ROW_GROUP):
        part = {name: array[start : start + ROW_GROUP] for name, array in arrays.items()}
        group, at = _row_group(body, part, packed)
        groups.append(group)
        places += [min(ROW_GROUP, rows - start), *(at.get(name, 0) for name in INDEXED)]
    columns = [_column(name, array) for name, array in arrays.items()]
    root = _struct({4: _binary(b"rows"), 5: _i32(len(columns))})
    _, footer = _struct(
        {1: _i32(2), 2: _list(STRUCT, [root, *columns]), 3: _i64(rows), 4: _list(STRUCT, groups)}
    )
    body += _index(body, places, arrays["series"] if "series" in packed else None)
    return bytes(body) + footer + len(footer).to_bytes(4, "little") + MAGIC


def _index(body: bytearray, places: list[int], series: NDArray[np.int64] | None) -> bytes:
    """Return numbers of eight bytes, the last of which is how many precede it.

    How many row groups; of each its rows and where each column of `INDEXED` lies, negative when it
    is told once; then, of packed series, all there are, and the first row of each.
    """
    runs: tuple[NDArray[Any], ...] = ()
    if series is not None:
        runs = np.unique(series, return_index=True)
    numbers = np.concatenate([[len(places) // (1 + len(INDEXED)), *places], *runs]).astype("<i8")
    padding = bytes(-len(body) % 8)
    return padding + numbers.tobytes() + len(numbers).to_bytes(8, "little")


def _column(name: str, array: NDArray[Any]) -> Typed:
    return _struct({1: _i32(_physical(array)), 3: _i32(REQUIRED), 4: _binary(name.encode())})


def _physical(array: NDArray[Any]) -> int:
    return DOUBLE if array.dtype == np.float64 else INT64


def _row_group(
    body: bytearray, part: Arrays, packed: Collection[str]
) -> tuple[Typed, dict[str, int]]:
    """Append the pages of one row group; return its metadata and where open columns lie."""
    begin, rows = len(body), len(next(iter(part.values())))
    chunks, places = [], {}
    for name, array in part.items():
        chunk, place = _chunk(body, name, array, is_packed=name in packed)
        chunks.append(chunk)
        if name not in packed:
            places[name] = place
    told = {1: _list(STRUCT, chunks), 2: _i64(len(body) - begin), 3: _i64(rows)}
    return _struct(told), places


def _chunk(
    body: bytearray, name: str, array: NDArray[Any], *, is_packed: bool
) -> tuple[Typed, int]:
    """Append one column's pages; return its metadata and where its numbers lie."""
    physical, many = _physical(array), len(array)
    raw = array.astype("<f8" if physical == DOUBLE else "<i8", copy=False).tobytes()
    told = {
        1: _i32(physical), 2: _list(I32, [_i32(PLAIN)]), 3: _list(BINARY, [_binary(name.encode())])
    }  # fmt: skip
    size, codec, encoding, once = len(raw), UNCOMPRESSED, PLAIN, 0
    if physical == INT64 and array.min() == array.max():
        first, once = _page(body, DICTIONARY_PAGE, raw[:8], 8, 7, {1: _i32(1), 2: _i32(PLAIN)})
        told[11] = _i64(first)
        # Places in the dictionary are one bit wide; one run of place 0.
        raw, encoding = b"\1" + _varint(many << 1) + b"\0", RLE_DICTIONARY
        size = len(raw)
    elif is_packed:
        raw, codec = bytes(cramjam.zstd.compress(raw, level=3)), ZSTD
    levels = {1: _i32(many), 2: _i32(encoding), 3: _i32(RLE), 4: _i32(RLE)}
    begin, place = _page(body, DATA_PAGE, raw, size, 5, levels, follows=bool(once))
    first = first if once else begin
    told[9] = _i64(begin)
    told |= {4: _i32(codec), 5: _i64(many), 6: _i64(len(body) - first), 7: _i64(len(body) - first)}
    if physical == INT64:
        told[12] = _struct({5: _bound(array.max()), 6: _bound(array.min())})
    metadata = _struct({2: _i64(first), 3: _struct(dict(sorted(told.items())))})
    return metadata, -once or place


def _page(
    body: bytearray, kind: int, raw: bytes, size: int, field: int, told: Mapping[int, Typed],
    *, follows: bool = False,
) -> tuple[int, int]:  # fmt: skip
    """Append a page of so many bytes unpacked; return where it and where its content begins.

    What is told of it is a field of its header that goes by its kind. Content begins at a multiple
    of eight, for NumPy's sake, unless the page follows another, where there must be no gap.
    """
    _, header = _struct({1: _i32(kind), 2: _i32(size), 3: _i32(len(raw)), field: _struct(told)})
    if not follows:
        body += bytes(-(len(body) + len(header)) % 8)
    begin = len(body)
    body += header
    body += raw
    return begin, begin + len(header)


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
