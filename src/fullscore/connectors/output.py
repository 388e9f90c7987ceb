"""What a target says is untrusted: read so much of it and no more, and show it harmlessly."""

import re
from collections.abc import Iterable, Iterator

from fullscore.connectors.base import Garbled

# Terminal sequences (CSI and OSC) go as a whole, so that no `[31m` is left behind.
_SEQUENCE = re.compile("(?:\x1b\\[|\x9b)[0-?]*+[ -/]*+[@-~]|\x1b\\][^\x07\x1b]*+(?:\x07|\x1b\\\\)")
# Controls except tab and line feed, lone surrogates, and marks that reorder the text around them.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def bounded(chunks: Iterable[bytes], *, size_bytes: int, source: str) -> Iterator[bytes]:
    """Pass chunks on as they come; raises Garbled before handing out more than `size_bytes`."""
    seen = 0
    for chunk in chunks:
        seen += len(chunk)
        if seen > size_bytes:
            raise Garbled(f"{source} sent more than the {size_bytes:,} bytes we read of it.")
        yield chunk


def readable(raw: bytes) -> str:
    """Return output as text that is safe to show: UTF-8, only tabs and line feeds as controls."""
    text = raw.decode("utf-8", "replace").replace("\r\n", "\n")
    return _UNPRINTABLE.sub("", _SEQUENCE.sub("", text))
