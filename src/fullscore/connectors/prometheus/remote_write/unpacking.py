"""Snappy's block format: a length, then literals and copies; the library does the work."""

from fullscore.connectors.base import Garbled
from fullscore.connectors.protobuf import wire

# A copy makes at most 64 bytes of 3. What claims to hold more lies, and gets no room at all.
MOST_TIMES = 22


def unpacked(body: bytes, *, limit_bytes: int) -> bytes:
    """Return what a snappy block holds. Raises Garbled.

    The length it claims is judged first: told of 4 GiB, the library ends the whole process.
    """
    import cramjam  # 4 MB that only who receives needs

    try:
        claimed, _ = wire.varint(body, 0, wire.COUNT_BYTES)
    except IndexError as error:
        raise Garbled("The body is no snappy block: it ends within its length.") from error
    if claimed > limit_bytes:
        raise Garbled(f"The body unpacks to {claimed} bytes; at most {limit_bytes} are taken.")
    if claimed > MOST_TIMES * len(body):
        raise Garbled(f"A body of {len(body)} bytes cannot unpack to the {claimed} it claims.")
    try:
        return bytes(cramjam.snappy.decompress_raw(body))
    except cramjam.DecompressionError as error:
        raise Garbled(f"The body is no snappy block: {error}.") from error
