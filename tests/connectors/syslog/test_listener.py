"""What is heard over real sockets: by `logger`, by TLS, and by senders who mean no good."""

import asyncio
import shutil
import socket
import ssl
import subprocess
import threading
import time
from contextlib import contextmanager

import pytest

from fullscore.connectors.base import Refused, Unreachable
from fullscore.connectors.syslog.listener import Bounds, Doors, Listener
from fullscore.connectors.syslog.parse import message
from tests.servers import free_port, wait_for

pytestmark = pytest.mark.real


class Heard:
    """Keeps what a listener hands over; refuses while it is told to."""

    def __init__(self):
        self.came, self.lost, self.refuses, self.refused = [], {}, False, 0

    def __call__(self, came, lost):
        if self.refuses:
            self.refused += 1
            raise Refused("Not now.")
        self.came += came
        for peer, count in lost.items():
            self.lost[peer] = self.lost.get(peer, 0) + count

    @property
    def data(self):
        return [one.data for one in self.came]

    def wait(self, count, seconds=10):
        ends = time.monotonic() + seconds
        while len(self.came) < count and time.monotonic() < ends:
            time.sleep(0.02)
        assert len(self.came) >= count, (len(self.came), self.lost)
        return self.data


@contextmanager
def listening(doors, heard, **bounds):
    """Run a listener in a thread of its own."""
    began = threading.Event()
    told = {}

    async def run():
        told["loop"], told["ended"] = asyncio.get_running_loop(), asyncio.Event()
        began.set()
        await Listener(doors, heard, bounds=Bounds(**bounds)).run(told["ended"])

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    began.wait(5)
    for port in filter(None, (doors.tcp, doors.tls)):
        wait_for(port)
    time.sleep(0.1)
    try:
        yield
    finally:
        told["loop"].call_soon_threadsafe(told["ended"].set)
        thread.join(10)
        assert not thread.is_alive()


@pytest.fixture
def heard():
    return Heard()


@pytest.fixture
def logger():
    program = shutil.which("logger")
    if program is None:
        pytest.skip("No logger here: sudo apt-get install bsdutils")

    def run(port, *words):
        place = ["--server", "127.0.0.1", "--port", str(port)]
        done = subprocess.run([program, *place, *words], capture_output=True, text=True, timeout=20)
        assert done.returncode == 0, done.stderr

    return run


@pytest.mark.parametrize("form", ["--rfc3164", "--rfc5424"])
@pytest.mark.parametrize(
    "way", [("--udp",), ("--tcp",), ("--tcp", "--octet-count")], ids=["udp", "lines", "counted"]
)
def test_what_logger_sends_is_read(heard, logger, way, form):
    port = free_port()
    with listening(Doors(udp=port, tcp=port), heard):
        for text in ("first", "second"):
            logger(port, *way, form, "--priority", "daemon.err", "--tag", "backup", text)
        heard.wait(2)

    told = [message(one.data, now=one.at) for one in heard.came]
    assert sorted(one.text for one in told) == ["first", "second"]
    assert {(one.priority, one.app, one.grade) for one in told} == {(27, "backup", 4)}
    assert {one.host for one in told} == {socket.gethostname().partition(".")[0]} or all(
        one.host for one in told
    )
    assert {one.peer for one in heard.came} == {"127.0.0.1"}


def certificate(folder, name="localhost"):
    files = ["-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem"]
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    subject = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"]
    subprocess.run([*words, *subject, *files], check=True, capture_output=True, timeout=60)
    return folder / f"{name}.pem", folder / f"{name}.key"


def test_messages_come_over_tls_and_nothing_else_does(heard, tmp_path):
    cert, key = certificate(tmp_path)
    port = free_port()
    trust = ssl.create_default_context(cafile=cert)
    with listening(Doors(tls=port, certificate=str(cert), key=str(key)), heard):
        with socket.create_connection(("127.0.0.1", port)) as plain:
            plain.sendall(b"<11>in the clear\n")
            plain.settimeout(5)
            assert _is_over(plain)
        with trust.wrap_socket(
            socket.create_connection(("127.0.0.1", port)), server_hostname="localhost"
        ) as safe:
            safe.sendall(b"12 <11>over TLS<11>again\n")
            heard.wait(2)

    assert heard.data == [b"<11>over TLS", b"<11>again"]


def test_a_client_without_its_certificate_is_not_heard(heard, tmp_path):
    cert, key = certificate(tmp_path)
    theirs, their_key = certificate(tmp_path, "sender")
    port = free_port()
    doors = Doors(tls=port, certificate=str(cert), key=str(key), authorities=str(theirs))
    with listening(doors, heard):
        for is_known in (False, True):
            trust = ssl.create_default_context(cafile=cert)
            if is_known:
                trust.load_cert_chain(theirs, their_key)
            raw = socket.create_connection(("127.0.0.1", port))
            try:
                with trust.wrap_socket(raw, server_hostname="localhost") as safe:
                    safe.sendall(b"<11>known\n" if is_known else b"<11>unknown\n")
                    if is_known:
                        heard.wait(1)
                    else:
                        safe.settimeout(5)
                        assert safe.recv(1) == b""
            except (ssl.SSLError, ConnectionError):
                assert not is_known

    assert heard.data == [b"<11>known"]


def _is_over(connection):
    try:
        return connection.recv(10) == b""
    except ConnectionError:
        return True


def test_a_taken_port_and_a_missing_certificate_are_told(heard, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for doors in (Doors(tcp=port), Doors(tls=free_port(), certificate=str(tmp_path / "none"))):
            with pytest.raises(Unreachable, match="cannot be heard"):
                asyncio.run(Listener(doors, heard).run(asyncio.Event()))


def test_one_that_is_silent_or_never_ends_is_closed(heard):
    port = free_port()
    with listening(Doors(tcp=port), heard, idle_seconds=0.6, unfinished_seconds=0.4):
        silent = socket.create_connection(("127.0.0.1", port))
        slow = socket.create_connection(("127.0.0.1", port))
        closed_at = None
        began = time.monotonic()
        while closed_at is None and time.monotonic() - began < 5:
            try:
                slow.sendall(b"x")
                slow.settimeout(0.05)
                if slow.recv(1) == b"":
                    closed_at = time.monotonic()
            except TimeoutError:
                continue
            except ConnectionError:
                closed_at = time.monotonic()
        silent.settimeout(5)
        assert closed_at is not None
        assert _is_over(silent)
        silent.close()
        slow.close()

    assert heard.data in ([], [b"x" * len(b"".join(heard.data))])


def test_one_peer_has_so_many_connections(heard):
    port = free_port()
    with listening(Doors(tcp=port), heard, of_one_peer=2):
        time.sleep(0.2)  # that of the fixture, which looked whether the port is open, is gone
        held = [socket.create_connection(("127.0.0.1", port)) for _ in range(3)]
        time.sleep(0.2)
        held[2].settimeout(5)
        assert _is_over(held[2])
        held[0].sendall(b"<11>still heard\n")
        heard.wait(1)
        for one in held:
            one.close()

    assert heard.data == [b"<11>still heard"]


def test_who_sends_too_fast_by_tcp_waits_and_loses_nothing(heard):
    port = free_port()
    with listening(Doors(tcp=port), heard, per_second=200, waiting=50):
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", port)) as sender:
            sender.sendall(b"".join(b"<11>%d\n" % n for n in range(500)))
        heard.wait(500)
        took = time.monotonic() - began

    assert heard.data == [b"<11>%d" % n for n in range(500)]
    assert 1.0 < took < 8  # 200 at once, the others at 200 a second
    assert heard.lost == {}


def test_datagrams_too_many_are_counted(heard):
    port = free_port()
    with listening(Doors(udp=port), heard, per_second=50):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for n in range(300):
                sender.sendto(b"<11>%d" % n, ("127.0.0.1", port))
        time.sleep(0.5)

    assert 50 <= len(heard.came) <= 90
    assert heard.lost["127.0.0.1"] + len(heard.came) == 300


def test_what_cannot_be_kept_now_waits_in_order(heard):
    heard.refuses = True
    port = free_port()
    with (
        listening(Doors(tcp=port), heard, waiting=20),
        socket.create_connection(("127.0.0.1", port)) as sender,
    ):
        sender.sendall(b"".join(b"<11>%d\n" % n for n in range(100)))
        time.sleep(0.5)
        assert heard.refused
        assert heard.came == []
        heard.refuses = False
        heard.wait(100)

    assert heard.data == [b"<11>%d" % n for n in range(100)]


def test_what_was_heard_is_handed_over_before_it_ends(heard):
    port = free_port()
    with listening(Doors(udp=port), heard):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"<11>last", ("127.0.0.1", port))
        time.sleep(0.05)

    assert heard.data == [b"<11>last"]


def test_hostile_bytes_end_nothing(heard):
    port = free_port()
    with listening(Doors(tcp=port, udp=port), heard):
        for bad in (b"\0" * 100_000, b"9999999 <" + b"x" * 100, b"\xff" * 200_000, b"\n" * 1000):
            with socket.create_connection(("127.0.0.1", port)) as sender:
                sender.sendall(bad)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"", ("127.0.0.1", port))
            sender.sendto(b"<11>after all", ("127.0.0.1", port))
        ends = time.monotonic() + 5
        while b"<11>after all" not in heard.data and time.monotonic() < ends:
            time.sleep(0.02)

    assert b"<11>after all" in heard.data
    assert all(len(data) <= 65536 for data in heard.data)
