"""The little of ClickHouse's HTTP interface that a client of ours uses, in front of chDB.

`python -m tests.connectors.samples.shim FOLDER` prints its port and serves until it is ended. It
knows one user, default, whose password is `right`.
"""

import base64
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

from clickhouse_connect import get_client
from clickhouse_connect.driver.exceptions import DatabaseError

CREDENTIAL = "Basic " + base64.b64encode(b"default:right").decode()


class Handler(BaseHTTPRequestHandler):
    """Answers what is asked with POST or GET, one after the other: chDB has one thread for us."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        told = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Authorization") != CREDENTIAL:
            return self.answer(403, b"Code: 516. DB::Exception: Authentication failed", code=516)
        try:
            return self.answer(200, self.happened(told, body))
        except DatabaseError as error:
            return self.answer(500, str(error).encode(), code=error.code or 0)

    def do_GET(self):
        self.do_POST()

    def happened(self, told, body):
        """Return an answer's body. A statement stands in the address or begins the body."""
        if body.startswith(b"INSERT INTO") and b" FORMAT Native\n" in body:
            statement, _, block = body.partition(b" FORMAT Native\n")
            table, columns = statement.decode().removeprefix("INSERT INTO ").split("(", 1)
            names = [name.strip(" `") for name in columns.split(")")[0].split(",")]
            tokens = {key: told[key] for key in told if key.startswith("insert_")}
            self.server.client.raw_insert(
                table.strip(), names, block, settings=tokens, fmt="Native"
            )
            return b""
        sql = told.get("query") or body.decode()
        if not sql.startswith("SELECT"):
            self.server.client.command(sql)
            return b""
        fmt = None if "FORMAT Native" in sql else "TabSeparated"
        return self.server.client.raw_query(sql, fmt=fmt)

    def answer(self, status, content, *, code=None):
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        if code is not None:
            self.send_header("X-ClickHouse-Exception-Code", str(code))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args):
        """Say nothing."""


def main():
    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.client = get_client(interface="chdb", path=sys.argv[1])
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
