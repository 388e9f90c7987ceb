"""Speaking SSH: the key a host shows, and the probe run there over a connection that stays open."""

import asyncio
import os
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import asyncssh

from fullscore.connectors.base import Deadline, Garbled, Limits, Refused, Unreachable
from fullscore.connectors.guard import Guard
from fullscore.connectors.probe.client import SCRIPT

asyncssh.set_log_level("WARNING")  # else each visit tells its every step

KEEPALIVE_SECONDS = 30
MOST_COMPLAINT = 2000
MOST_DROPPED = 64 << 20  # bytes that a command may print before it counts as endless
CUT = b"\n[... left out ...]\n"
ODD = {None: "The connection broke before it said how it ended.", -1: "A signal ended it."}
NO_PYTHON = 127
# The script comes packed on standard input: a quarter of its bytes, and no file on the host.
_RUN = "import sys,zlib;exec(compile(zlib.decompress(sys.stdin.buffer.read()),'probe','exec'))"
# RHEL 8 and 9 have a Python of their own beside, or instead of, the one people install.
_COMMAND = (
    "for p in python3 /usr/libexec/platform-python; do"
    ' command -v "$p" >/dev/null 2>&1 && exec "$p" -S -c "{run}" {words}; done; exit 127'
)


@dataclass(frozen=True, slots=True)
class Login:
    """Where to go, as whom, and by which key the host is known (OpenSSH's one line)."""

    host: str
    port: int
    user: str
    host_key: str
    password: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of a command that was sent once."""

    status: int | None  # -1: a signal; None: nobody knows how it ended, or whether it did
    output: bytes  # both of its voices as they came; of much the beginning and the end
    why: str = ""  # why it was left, where it was


async def shown_key(host: str, port: int, *, guard: Guard, limits: Limits) -> str:
    """Return the key a host shows, as one line; whether it is the right one, a person decides."""
    deadline = Deadline(limits.timeout_seconds)
    address = await _address(host, port, guard, deadline)
    with _told(host, port):
        async with asyncio.timeout(deadline.left_seconds()):
            key = await asyncssh.get_server_host_key(address, port, config=None)
    if key is None:
        raise Garbled(f"{host}:{port} showed no key.")
    return _line(key)


class Session:
    """One host's connection, opened when first needed and again after it broke."""

    def __init__(self, login: Login, *, guard: Guard, limits: Limits) -> None:
        self.login = login
        self._guard = guard
        self._limits = limits
        self._connection: asyncssh.SSHClientConnection | None = None

    async def probe(self, words: Sequence[str]) -> bytes:
        """Return what the probe prints there, for `probe.parse.read`.

        Raises Unreachable (nobody there, too slow), Refused (another host key, no entry, no
        Python) and Garbled (more than the limit).
        """
        status, output, complaint = await self.run(_command(words), _packed(SCRIPT))
        if status == NO_PYTHON:
            raise Refused("There is no Python on this host: install python3, or let it push.")
        if status != 0:
            raise Garbled(f"The probe ended with status {status}: {complaint or 'no words'}")
        return output

    async def run(self, command: str, stdin: bytes) -> tuple[int | None, bytes, str]:
        """Run a command; returns its status, what it printed, and the last line it complained."""
        deadline = Deadline(self._limits.timeout_seconds)
        with _told(self.login.host, self.login.port):
            try:
                async with asyncio.timeout(deadline.left_seconds()):
                    return await self._asked(command, stdin, deadline)
            except BaseException:
                self.close()  # whatever it was, the next turn begins afresh
                raise

    async def open(self) -> None:
        """Connect; raises Unreachable and Refused, and nothing has been sent then."""
        deadline = Deadline(self._limits.timeout_seconds)
        with _told(self.login.host, self.login.port):
            async with asyncio.timeout(deadline.left_seconds()):
                await self._connected(deadline)

    async def run_once(self, command: str, *, within_seconds: float) -> Ran:
        """Run a command over the open connection, once: it is never sent a second time.

        What it prints beyond the limit is read and dropped, up to `MOST_DROPPED`; one that prints
        without end, or does not end in time, is left. Raises Refused where the host takes none.
        """
        kept = _Kept(self._limits.size_bytes)
        if self._connection is None:
            raise Unreachable(f"{self.login.host} is not connected.")
        try:
            async with asyncio.timeout(within_seconds):
                status = await _listened(self._connection, command, kept)
            return Ran(status, kept.told(), ODD.get(status, ""))
        except asyncssh.ChannelOpenError as error:
            raise Refused(f"{self.login.host} runs no command for us: {error.reason}.") from error
        except TimeoutError:
            return self._left(kept, f"It did not end within {within_seconds:g} seconds.")
        except Garbled as error:
            return self._left(kept, str(error))
        except (asyncssh.Error, OSError) as error:
            return self._left(kept, f"The connection broke: {error}.")
        except BaseException:
            self.close()
            raise

    def _left(self, kept: "_Kept", why: str) -> Ran:
        self.close()
        return Ran(None, kept.told(), why)

    async def _asked(
        self, command: str, stdin: bytes, deadline: Deadline
    ) -> tuple[int | None, bytes, str]:
        was_open = self._connection is not None
        try:
            connection = await self._connected(deadline)
            return await _run(connection, command, stdin, self._limits.size_bytes)
        except (asyncssh.ChannelOpenError, asyncssh.ConnectionLost):
            if not was_open:
                raise
            self.close()  # it broke since the last time, as when the host was started anew
            connection = await self._connected(deadline)
            return await _run(connection, command, stdin, self._limits.size_bytes)

    def close(self) -> None:
        """Drop the connection."""
        if self._connection is not None:
            self._connection.abort()
            self._connection = None

    async def _connected(self, deadline: Deadline) -> asyncssh.SSHClientConnection:
        if self._connection is not None and not self._connection.is_closed():
            return self._connection
        login = self.login
        trusted = _imported(login.host_key)
        address = await _address(login.host, login.port, self._guard, deadline)
        keys = [asyncssh.import_private_key(login.private_key)] if login.private_key else []
        self._connection, _ = await asyncssh.create_connection(
            lambda: _Trusting(login, trusted), address, login.port, username=login.user,
            known_hosts=([], [], []), server_host_key_algs=_algorithms(trusted),
            client_keys=keys, password=login.password or None, agent_path=None, config=None,
            preferred_auth="publickey" if keys else "password,keyboard-interactive",
            keepalive_interval=KEEPALIVE_SECONDS, login_timeout=deadline.left_seconds(),
        )  # fmt: skip
        return self._connection


class _Trusting(asyncssh.SSHClient):
    """Talks to one host key only."""

    def __init__(self, login: Login, trusted: asyncssh.SSHKey) -> None:
        self._login = login
        self._trusted = trusted
        self._has_answered = False

    def validate_host_public_key(
        self, host: str, addr: str, port: int, key: asyncssh.SSHKey
    ) -> bool:
        """Accept the pinned key; say which other one was shown."""
        if key.public_data == self._trusted.public_data:
            return True
        raise Refused(
            f"{self._login.host} shows the key {key.get_fingerprint()}, not the trusted"
            f" {self._trusted.get_fingerprint()}: it was set up anew, or something else answers."
        )

    def kbdint_auth_requested(self) -> str | None:
        """Answer prompts with the password, once: some hosts ask for it that way only."""
        if self._has_answered or not self._login.password:
            return None
        self._has_answered = True
        return ""

    def kbdint_challenge_received(
        self, name: str, instructions: str, lang: str, prompts: Sequence[tuple[str, bool]]
    ) -> list[str]:
        """Give the password where one hidden answer is asked for."""
        return [self._login.password for _ in prompts]


class _Kept:
    """What is kept of an output: its beginning and its end."""

    def __init__(self, most_bytes: int) -> None:
        self._most_head, self._most_tail = most_bytes * 3 // 4, most_bytes // 4 - len(CUT)
        self._head, self._tail, self._seen = bytearray(), bytearray(), 0

    def take(self, chunk: bytes) -> None:
        """Take what came next. Raises Garbled when it seems to have no end."""
        self._seen += len(chunk)
        room = max(0, self._most_head - len(self._head))
        self._head += chunk[:room]
        self._tail += chunk[room:]
        if len(self._tail) > 2 * self._most_tail:
            del self._tail[: -self._most_tail]
        if self._seen > MOST_DROPPED:
            raise Garbled(f"It printed more than {MOST_DROPPED >> 20} MiB and was left.")

    def told(self) -> bytes:
        """Return what is kept."""
        if self._seen <= self._most_head + self._most_tail:
            return bytes(self._head + self._tail)
        return bytes(self._head) + CUT + bytes(self._tail[-self._most_tail :])


async def _listened(
    connection: asyncssh.SSHClientConnection, command: str, kept: _Kept
) -> int | None:
    process = await connection.create_process(
        command, encoding=None, stdin=asyncssh.DEVNULL, stderr=asyncssh.STDOUT
    )
    try:
        while chunk := await process.stdout.read(1 << 16):
            kept.take(chunk)
        await process.wait_closed()
        return process.exit_status
    finally:
        process.close()


async def _run(
    connection: asyncssh.SSHClientConnection, command: str, stdin: bytes, most_bytes: int
) -> tuple[int | None, bytes, str]:
    async with connection.create_process(command, encoding=None) as process:
        process.stdin.write(stdin)
        process.stdin.write_eof()
        output = bytearray()
        while chunk := await process.stdout.read(1 << 16):
            output += chunk
            if len(output) > most_bytes:
                raise Garbled(f"The host printed more than {most_bytes} bytes.")
        said = await process.stderr.read(MOST_COMPLAINT)
        await process.wait_closed()
        complaint = said.decode("utf-8", "replace").strip().rpartition("\n")[2][:300]
        return process.exit_status, bytes(output), complaint


async def _address(host: str, port: int, guard: Guard, deadline: Deadline) -> str:
    """Return the first permitted address of a host."""
    found = await asyncio.to_thread(guard.addresses, host, port, deadline=deadline)
    return found[0]


@contextmanager
def _told(host: str, port: int) -> Iterator[None]:
    """Turn what the library and the network raise into sentences."""
    try:
        yield
    except TimeoutError as error:
        raise Unreachable(f"{host}:{port} did not answer in time.") from error
    except asyncssh.PermissionDenied as error:
        raise Refused(f"{host} does not let this account in: check user and credential.") from error
    except asyncssh.HostKeyNotVerifiable as error:
        raise Refused(f"{host} shows another kind of key than the trusted one.") from error
    except asyncssh.KeyExchangeFailed as error:
        raise Refused(f"{host} agrees on no key or cipher with us: {error.reason}.") from error
    except asyncssh.Error as error:
        raise Unreachable(f"{host}:{port} broke the conversation off: {error.reason}.") from error
    except OSError as error:
        told = os.strerror(error.errno) if error.errno else str(error)
        raise Unreachable(f"{host}:{port}: {told}.") from error


def _command(words: Sequence[str]) -> str:
    return _COMMAND.format(run=_RUN, words=" ".join(words))


@cache
def _packed(script: Path) -> bytes:
    return zlib.compress(script.read_bytes(), 9)


def _imported(line: str) -> asyncssh.SSHKey:
    try:
        return asyncssh.import_public_key(line)
    except (asyncssh.KeyImportError, ValueError) as error:
        raise Refused("There is no key by which the host could be known: trust one.") from error


def _line(key: asyncssh.SSHKey) -> str:
    return " ".join(key.export_public_key().decode().split()[:2])


def _algorithms(key: asyncssh.SSHKey) -> list[str]:
    """Return how a key may sign; SHA-1, which RSA keys once signed by, is left out."""
    return [name.decode() for name in key.sig_algorithms if name != b"ssh-rsa"]
