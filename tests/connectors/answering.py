"""A server on loopback that answers JSON by path, as the API of a tool would."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fullscore.connectors.guard import Guard

LOOPBACK = Guard(allowed=(ip_network("127.0.0.0/8"),), ports=frozenset(range(1, 65536)))
Answers = Callable[[str, dict[str, str]], Any]


class Tool:
    """A running server: its address, and what it was asked with which token."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.asked: list[str] = []
        self.tokens: set[str] = set()


@contextmanager
def answering(answers: Answers, *, token: str) -> Iterator[Tool]:
    """Serve what `answers(path, query)` returns: None is 404, a number a status, else JSON."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            tool.asked.append(self.path)
            tool.tokens.add(self.headers.get("Authorization", ""))
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            told = answers(parts.path, query)
            if self.headers.get("Authorization") != token:
                told = 401
            status = told if isinstance(told, int) else 404 if told is None else 200
            body = b"{}" if status != 200 else json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    tool = Tool(server.server_port)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield tool
    finally:
        server.shutdown()
        server.server_close()
