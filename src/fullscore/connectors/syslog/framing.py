"""Where one message ends and the next begins on a connection. Pure.

Source: RFC 6587: octet counting (`12 <34>hello you`) and a line for each, told apart message by
message; a zero byte ends a line too, as some senders write.
"""

import re

COUNT = re.compile(rb"([1-9][0-9]{0,6}) <")
MAYBE_COUNT = re.compile(rb"[1-9][0-9]{0,6} ?\Z")
END = re.compile(rb"[\n\0]")
BETWEEN = b"\r\n\0 "


class Framer:
    """Cuts what comes over one connection into messages; the end of one too long is left out."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._buffer = bytearray()
        self._skipped = 0  # bytes still to be left out
        self._skips_line = False

    @property
    def is_unfinished(self) -> bool:
        """Say whether a message has begun and not ended."""
        return bool(self._buffer or self._skipped or self._skips_line)

    def feed(self, data: bytes) -> list[bytes]:
        """Return the messages that are complete by now."""
        self._buffer += data
        found = []
        while (message := self._next()) is not None:
            found.append(message)
        return found

    def rest(self) -> bytes:
        """Return what stands there when the connection ends: a line may lack its end."""
        left, self._buffer = bytes(self._buffer), bytearray()
        return b"" if self._skips_line or COUNT.match(left) else left.strip(BETWEEN)

    def _next(self) -> bytes | None:
        self._skip()
        if not self._buffer:
            return None
        if counted := COUNT.match(self._buffer):
            return self._counted(counted.end() - 1, int(counted[1]))
        if MAYBE_COUNT.match(self._buffer):
            return None
        return self._line()

    def _skip(self) -> None:
        if self._skipped:
            count = min(self._skipped, len(self._buffer))
            del self._buffer[:count]
            self._skipped -= count
        if self._skips_line:
            end = END.search(self._buffer)
            del self._buffer[: end.end() if end else len(self._buffer)]
            self._skips_line = end is None
        if not (self._skipped or self._skips_line):
            self._buffer = self._buffer.lstrip(BETWEEN)

    def _counted(self, start: int, size: int) -> bytes | None:
        kept = min(size, self._most)
        if len(self._buffer) < start + kept:
            return None
        message = bytes(self._buffer[start : start + kept])
        del self._buffer[: start + kept]
        self._skipped = size - kept
        return message

    def _line(self) -> bytes | None:
        end = END.search(self._buffer)
        if end is None and len(self._buffer) <= self._most:
            return None
        place = min(end.start() if end else self._most, self._most)
        message = bytes(self._buffer[:place])
        del self._buffer[:place]
        self._skips_line = True
        return message.rstrip(b"\r")
