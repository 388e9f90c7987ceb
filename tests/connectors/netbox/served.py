"""A NetBox of one's own on loopback: pages, tokens, limits and faults as the real one has them."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class Served:
    """What it holds and what was asked of it; `faults` are statuses to answer first."""

    def __init__(self, records, token="Token t0ken"):
        self.records, self.token = records, token
        self.asked = []
        self.faults = []
        self.is_down_after = None  # so many answers

    def answer(self, path, query, authorization):
        self.asked.append((path, query.get("offset", ["0"])[0]))
        if self.is_down_after is not None and len(self.asked) > self.is_down_after:
            return 400, {"detail": "down"}, {}
        if self.faults:
            return self.faults.pop(0), {}, {"Retry-After": "7"}
        if authorization != self.token:
            return 403, {"detail": "Invalid token"}, {}
        endpoint = path.removeprefix("/api/").strip("/")
        if endpoint not in self.records:
            return 404, {"detail": "Not found."}, {}
        return 200, self._page(endpoint, query), {}

    def _page(self, endpoint, query):
        start, limit = int(query["offset"][0]), int(query["limit"][0])
        held = self.records[endpoint]
        more = f"http://x/api/{endpoint}/?offset={start + limit}"
        return {"count": len(held), "next": more if start + limit < len(held) else None,
                "previous": None, "results": held[start : start + limit]}  # fmt: skip


@contextmanager
def serving(served):
    """Serve on a free port, and yield the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            place = urlsplit(self.path)
            status, told, headers = served.answer(
                place.path, parse_qs(place.query), self.headers.get("Authorization", "")
            )
            body = told if isinstance(told, bytes) else json.dumps(told).encode()
            self.send_response(status)
            for name, value in {"Content-Length": len(body), **headers}.items():
                self.send_header(name, str(value))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
