"""A server on loopback that publishes a calendar, as a calendar program would."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Published:
    """A running server: what it answers, and by which paths it was asked."""

    def __init__(self, body: bytes) -> None:
        self.body, self.status = body, 200
        self.asked: list[str] = []
        self.url = ""


@contextmanager
def publishing(body: bytes) -> Iterator[Published]:
    """Serve a calendar; its body and status may be altered while it runs."""
    told = Published(body)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.asked.append(self.path)
            self.send_response(told.status)
            self.send_header("Content-Type", "text/calendar; charset=utf-8")
            self.send_header("Content-Length", str(len(told.body)))
            self.end_headers()
            self.wfile.write(told.body)

        def log_message(self, *words: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
