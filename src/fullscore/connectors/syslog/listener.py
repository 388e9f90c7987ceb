"""Hear syslog: UDP (RFC 5426), TCP with both framings (RFC 6587), TLS (RFC 5425).

What was heard waits in memory, within bounds, until it was handed over and kept. While too much
waits, connections are not read, so that their senders wait; a datagram cannot wait, and is lost.
"""

import asyncio
import socket
import ssl
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from fullscore.connectors.addresses import read
from fullscore.connectors.base import Refused, Unreachable
from fullscore.connectors.syslog.framing import Framer
from fullscore.connectors.syslog.parse import MOST_BYTES, Came

CHUNK = 64 * 1024
RECEIVE_BUFFER = 4 * 1024 * 1024  # of the system's, where bursts of datagrams wait for us
BATCH, BATCH_BYTES = 500, 512 * 1024
TELL_SECONDS = 5  # so often the taker is called, though nothing came: it may have something to note
AGAIN_SECONDS = 1
END_SECONDS = 4
HANDSHAKE_SECONDS = 10
MOST_PEERS = 10_000

# Keeps what came, and hears from whom how many datagrams were lost. Raises Refused to be asked
# again; whatever else it raises ends the listener.
Take = Callable[[Sequence[Came], Mapping[str, int]], None]


@dataclass(frozen=True, slots=True)
class Doors:
    """Where to listen; a port of 0 is closed."""

    host: str = "127.0.0.1"
    udp: int = 0
    tcp: int = 0
    tls: int = 0
    certificate: str = ""  # PEM files
    key: str = ""
    authorities: str = ""  # whose certificates clients have to show; empty: none are asked for

    @property
    def are_closed(self) -> bool:
        """Say whether there is nothing to listen on."""
        return not (self.udp or self.tcp or self.tls)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is heard at once."""

    connections: int = 512
    of_one_peer: int = 64
    per_second: float = 2000.0  # messages of one peer
    idle_seconds: float = 3600.0
    unfinished_seconds: float = 30.0  # a message that has begun has to end within
    waiting: int = 20_000
    waiting_bytes: int = 16 * 1024 * 1024


class Listener:
    """Hears messages until it is stopped."""

    def __init__(self, doors: Doors, take: Take, *, bounds: Bounds | None = None) -> None:
        self._doors, self._take, self._bounds = doors, take, bounds or Bounds()
        self._pace = _Pace(self._bounds.per_second)
        self._waiting: deque[Came] = deque()
        self._bytes = 0
        self._lost: Counter[str] = Counter()
        self._peers: Counter[str] = Counter()
        self._connections: set[asyncio.Task[None]] = set()
        self._stopping = self._came = self._room = asyncio.Event()

    async def run(self, stopped: asyncio.Event) -> None:
        """Listen until `stopped`, then hand over what waits. Raises Unreachable where it cannot."""
        self._stopping, self._came, self._room = stopped, asyncio.Event(), asyncio.Event()
        self._room.set()
        pool = ThreadPoolExecutor(1, "syslog")
        opened: list[asyncio.Server | asyncio.DatagramTransport] = []
        try:
            await self._open(opened)
            handing = asyncio.create_task(self._hand_over(pool))
            stop = asyncio.create_task(stopped.wait())
            await asyncio.wait([handing, stop], return_when=asyncio.FIRST_COMPLETED)
            stop.cancel()
            self._close(opened)
            self._came.set()
            with suppress(TimeoutError):  # the database is away for longer than we may stay
                await asyncio.wait_for(handing, END_SECONDS)
        finally:
            self._close(opened)
            pool.shutdown(wait=False)

    async def _open(self, opened: list[asyncio.Server | asyncio.DatagramTransport]) -> None:
        doors, loop = self._doors, asyncio.get_running_loop()
        try:
            if doors.tcp:
                opened.append(await asyncio.start_server(self._connected, doors.host, doors.tcp))
            if doors.tls:
                opened.append(
                    await asyncio.start_server(
                        self._connected,
                        doors.host,
                        doors.tls,
                        ssl=_context(doors),
                        ssl_handshake_timeout=HANDSHAKE_SECONDS,
                    )
                )
            if doors.udp:
                transport, _ = await loop.create_datagram_endpoint(
                    lambda: _Datagrams(self._heard), local_addr=(doors.host, doors.udp)
                )
                opened.append(transport)
                transport.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER
                )
        except OSError as error:  # a bad certificate is one, too
            raise Unreachable(f"Syslog cannot be heard: {error}.") from error

    def _close(self, opened: list[asyncio.Server | asyncio.DatagramTransport]) -> None:
        while opened:
            opened.pop().close()
        for one in self._connections:
            one.cancel()

    def _heard(self, data: bytes, peer: str) -> None:
        """Let a datagram wait, or lose it."""
        if not data.strip():
            return
        if self._is_full() or self._pace.wait_seconds(peer):
            self._lost[peer] += 1
            self._came.set()
        else:
            self._let_wait(data, peer)

    def _is_full(self) -> bool:
        most = self._bounds
        return len(self._waiting) >= most.waiting or self._bytes >= most.waiting_bytes

    def _let_wait(self, data: bytes, peer: str) -> None:
        self._waiting.append(Came(datetime.now(UTC), peer, data))
        self._bytes += len(data)
        self._came.set()
        if self._is_full():
            self._room.clear()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer, task = _address(writer.get_extra_info("peername")), asyncio.current_task()
        most = self._bounds
        if len(self._connections) >= most.connections or self._peers[peer] >= most.of_one_peer:
            writer.close()
            return
        self._peers[peer] += 1
        if task is not None:
            self._connections.add(task)
        try:
            await self._listen(reader, peer)
        except (TimeoutError, OSError, asyncio.CancelledError):
            pass  # it is idle, gone, or we stop: what was complete is kept
        finally:
            self._connections.discard(task)
            self._peers[peer] -= 1
            if not self._peers[peer]:
                del self._peers[peer]
            with suppress(OSError):
                writer.close()

    async def _listen(self, reader: asyncio.StreamReader, peer: str) -> None:
        framer, clock = Framer(MOST_BYTES), asyncio.get_running_loop().time
        began: float | None = None  # when the present message did
        while True:
            limit = clock() + self._bounds.idle_seconds
            limit = limit if began is None else began + self._bounds.unfinished_seconds
            async with asyncio.timeout_at(limit):
                data = await reader.read(CHUNK)
            messages = framer.feed(data) if data else [framer.rest()]
            for message in messages:
                await self._put(message, peer)
            if not data:
                return
            if messages or began is None:
                began = clock()
            began = began if framer.is_unfinished else None

    async def _put(self, data: bytes, peer: str) -> None:
        """Let a message wait once there is room, no faster than its peer may send."""
        if not data.strip():
            return
        while pause := self._pace.wait_seconds(peer):
            await asyncio.sleep(pause)
        while self._is_full():
            await self._room.wait()
        self._let_wait(data, peer)

    async def _hand_over(self, pool: ThreadPoolExecutor) -> None:
        """Hand over what waits, in order, until stopped and empty."""
        loop = asyncio.get_running_loop()
        while not (self._stopping.is_set() and not self._waiting and not self._lost):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._came.wait(), TELL_SECONDS)
            batch, lost = self._batch(), dict(self._lost)
            try:
                await loop.run_in_executor(pool, self._take, batch, lost)
            except Refused:
                self._waiting.extendleft(reversed(batch))
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            self._lost.subtract(lost)
            self._lost = +self._lost
            self._bytes -= sum(len(one.data) for one in batch)
            if not self._is_full():
                self._room.set()
            if not self._waiting and not self._lost and not self._stopping.is_set():
                self._came.clear()
        await loop.run_in_executor(pool, self._take, [], {})

    def _batch(self) -> list[Came]:
        batch: list[Came] = []
        size = 0
        while self._waiting and len(batch) < BATCH and size < BATCH_BYTES:
            batch.append(self._waiting.popleft())
            size += len(batch[-1].data)
        return batch


class _Pace:
    """How many messages each peer may still send: for a second's worth at once, then as they come.

    Unlike `connectors.pace` it books nothing: what may not be sent now is lost, or waits.
    """

    def __init__(self, per_second: float) -> None:
        self._rate = per_second
        self._left: dict[str, tuple[float, float]] = {}

    def wait_seconds(self, peer: str) -> float:
        """Count a message; or return the seconds until there may be one."""
        now = time.monotonic()
        left, at = self._left.get(peer, (self._rate, now))
        left = min(self._rate, left + (now - at) * self._rate)
        if left < 1:
            return (1 - left) / self._rate
        if len(self._left) >= MOST_PEERS:  # addresses of datagrams can be made up
            self._left.clear()
        self._left[peer] = left - 1, now
        return 0.0


class _Datagrams(asyncio.DatagramProtocol):
    """Hands on each datagram with the address it came from."""

    def __init__(self, heard: Callable[[bytes, str], None]) -> None:
        self._heard = heard

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Hear one."""
        self._heard(data, _address(addr))


def _address(peer: Sequence[object] | None) -> str:
    text = str(peer[0]) if peer else "unknown"
    return str(read(text) or text)


def _context(doors: Doors) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(doors.certificate, doors.key or None)
    if doors.authorities:
        context.load_verify_locations(doors.authorities)
        context.verify_mode = ssl.CERT_REQUIRED
    return context
