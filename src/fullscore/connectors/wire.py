"""The socket under a guarded call: it connects to checked addresses only, and it keeps the time.

An HTTP client's own timeouts begin anew with each read, so whoever sends a byte now and then
holds it for ever. Here every read and write gets what is left of one deadline.
"""

import socket
import ssl
from collections.abc import Iterable, Sequence
from typing import Any

import httpcore2

from fullscore.connectors.base import Deadline


class TimedBackend(httpcore2.NetworkBackend):
    """Opens the connection to the first checked address that answers, whatever host is named."""

    def __init__(self, addresses: Sequence[str], deadline: Deadline) -> None:
        self._addresses = addresses
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Return a stream to one of the addresses; each gets its share of the time left."""
        *others, last = self._addresses
        for waiting, address in zip(range(len(self._addresses), 1, -1), others, strict=True):
            try:
                return self._connected(address, port, self._deadline.left_seconds() / waiting)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                continue  # the next may answer; what the last one says is what counts
        return self._connected(last, port, self._deadline.left_seconds())

    def _connected(self, address: str, port: int, seconds: float) -> httpcore2.NetworkStream:
        plain = httpcore2.SyncBackend().connect_tcp(
            address, port, timeout=seconds, socket_options=()
        )
        return TimedStream(plain, self._deadline)


class TimedStream(httpcore2.NetworkStream):
    """A stream that forgets the timeouts it is given and keeps the deadline."""

    def __init__(self, stream: httpcore2.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return what has arrived, at most `max_bytes`."""
        return self._stream.read(max_bytes, timeout=self._deadline.left_seconds())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send everything; the library's own `write` would begin the time anew with each piece."""
        wire: socket.socket = self._stream.get_extra_info("socket")
        left = memoryview(buffer)
        while left:
            wire.settimeout(self._deadline.left_seconds())
            try:
                left = left[wire.send(left) :]
            except TimeoutError as error:
                raise httpcore2.WriteTimeout(str(error)) from error
            except OSError as error:
                raise httpcore2.WriteError(str(error)) from error

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        """Return the encrypted stream; `server_hostname` stays the name that was asked for."""
        left = self._deadline.left_seconds()
        return TimedStream(
            self._stream.start_tls(ssl_context, server_hostname, timeout=left), self._deadline
        )

    def get_extra_info(self, info: str) -> Any:
        """Return what the library knows of the socket."""
        return self._stream.get_extra_info(info)
