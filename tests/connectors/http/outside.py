"""Real servers on loopback that answer as badly as the test asks, and calls that may reach them."""

import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from fullscore.connectors.guard import Guard
from fullscore.connectors.http import Call

LOOPBACK = (ip_network("127.0.0.0/8"),)


class Server:
    """Counts connections, keeps each request's head and the server name of each handshake."""

    def __init__(self, respond, context=None, address="127.0.0.1"):
        self.requests, self.names, self.connections = [], [], 0
        self._respond, self._context = respond, context
        if context:
            context.sni_callback = lambda _socket, name, _context: self.names.append(name)
        self._listener = socket.create_server((address, 0))
        self.port = self._listener.getsockname()[1]
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self):
        while True:
            connection, _ = self._listener.accept()
            if self._ended.is_set():
                connection.close()
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection):
        with suppress(OSError), connection:
            connection.settimeout(10)
            wire = connection
            if self._context:
                wire = self._context.wrap_socket(connection, server_side=True)
            with wire:
                head = b""
                while b"\r\n\r\n" not in head:
                    if not (chunk := wire.recv(65536)):
                        return
                    head += chunk
                self.requests.append(head)
                for piece in self._respond(head):
                    wire.sendall(piece)
                    if self._ended.is_set():
                        return

    def pause(self, seconds):
        """Wait as a slow server does, but not longer than the test."""
        self._ended.wait(seconds)

    def close(self):
        self._ended.set()
        with suppress(OSError):
            socket.create_connection(self._listener.getsockname(), timeout=1).close()
        for thread in self._threads:
            thread.join(5)
        self._listener.close()


@contextmanager
def serving(*pieces, respond=None, **options):
    """Run a server that sends `pieces`, or what `respond(head)` yields, to each request."""
    server = Server(respond or (lambda _head: pieces), **options)
    try:
        yield server
    finally:
        server.close()


def answer(body=b"", *, status="200 OK", **headers):
    """Return an HTTP answer with a right Content-Length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def moved(location, status="302 Found"):
    """Return an HTTP answer that sends the caller elsewhere."""
    return answer(status=status, Location=location)


def in_turn(*answers):
    """Return a `respond` that gives each request the next answer."""
    left = iter(answers)
    return lambda _head: [next(left)]


def guard_for(*servers, addresses=("127.0.0.1",), **options):
    """Return a guard that lets calls go to these servers, whatever name they are called by."""
    return Guard(
        **{"allowed": LOOPBACK, "look_up": lambda _host, _port: list(addresses)} | options,
        ports=frozenset(server.port for server in servers),
    )


def call_to(server, host="app.example", path="/", scheme="http", **options):
    """Return a call to this server that may go without encryption."""
    return Call(f"{scheme}://{host}:{server.port}{path}", **{"is_http_allowed": True} | options)


class Authority:
    """A certificate authority of the test's own."""

    def __init__(self, folder: Path, name="Test authority"):
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._certificate = self._signed(self._name, self._key, is_authority=True)
        self.bundle = folder / "authority.pem"
        self.bundle.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    def context(self, *hosts, days=1):
        """Return what a server needs to prove that it is `hosts`; `days` below 0: it expired."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._signed(x509.Name([]), key, hosts=hosts, days=days)
        path = self._folder / "server.pem"
        path.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def _signed(self, name, key, *, hosts=(), days=1, is_authority=False):
        ends = datetime.now(UTC) + timedelta(days=days)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(ends - timedelta(days=2))
            .not_valid_after(ends)
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        )
        if hosts:
            names = [_general_name(host) for host in hosts]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=True)
        return builder.sign(self._key, hashes.SHA256())


def _general_name(host):
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)
