"""Pushing reports to a server that may be away."""

import gzip
import json
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from fullscore.connectors.probe import parse, probe
from fullscore.connectors.probe.client import SCRIPT
from tests.servers import free_port


@contextmanager
def server(port=0, status=204):
    """Run a server on loopback that keeps what it is sent; yield it."""

    class Keeper(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.server.got.append((self.path, dict(self.headers), body))
            self.send_response(self.server.status)
            if self.server.status == 302:
                self.send_header("Location", "/elsewhere")
            self.end_headers()

        def do_GET(self):
            self.server.got.append((self.path, dict(self.headers), b""))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            """Keep the test's output quiet."""

    keeper = HTTPServer(("127.0.0.1", port), Keeper)
    keeper.got, keeper.status = [], status
    thread = threading.Thread(target=keeper.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield keeper
    finally:
        keeper.shutdown()
        thread.join()
        keeper.server_close()


@pytest.fixture
def token(tmp_path):
    path = tmp_path / "token"
    path.write_text("host-token\n")
    path.chmod(0o600)
    return path


def run(url, token, spool):
    command = [sys.executable, "-I", "-S", str(SCRIPT), "--samples", "--push", url]
    command += ["--token-file", str(token), "--spool", str(spool)]
    return subprocess.run(command, capture_output=True, text=True, timeout=30)


def test_a_report_arrives_packed_with_the_hosts_token(tmp_path, token):
    with server() as keeper:
        done = run(f"http://127.0.0.1:{keeper.server_port}/push", token, tmp_path / "spool")

    assert (done.returncode, done.stdout) == (0, "")
    ((path, headers, body),) = keeper.got
    assert path == "/push"
    assert headers["Authorization"] == "Bearer host-token"
    assert headers["Content-Encoding"] == "gzip"
    assert parse.read(parse.unpacked(body)).samples
    assert list((tmp_path / "spool").iterdir()) == []


def test_reports_wait_while_the_server_is_away_and_keep_their_own_times(tmp_path, token):
    port, spool = free_port(), tmp_path / "spool"
    url = f"http://127.0.0.1:{port}/push"

    away = [run(url, token, spool) for _ in range(2)]
    modes = [path.stat().st_mode & 0o777 for path in spool.iterdir()]
    with server(port) as keeper:
        back = run(url, token, spool)

    assert [done.returncode for done in away] == [1, 1]
    assert "Kept for later" in away[0].stderr
    assert modes == [0o600, 0o600]
    assert spool.stat().st_mode & 0o777 == 0o700
    assert back.returncode == 0
    moments = [json.loads(gzip.decompress(body))["at"] for _, _, body in keeper.got]
    assert len(moments) == 3
    assert moments == sorted(set(moments))


@pytest.mark.parametrize(
    ("status", "waits"),
    [
        pytest.param(401, True, id="the token may be mended"),
        pytest.param(503, True, id="the server is busy"),
        pytest.param(302, True, id="a redirect is not followed"),
        pytest.param(413, False, id="too large stays too large"),
        pytest.param(400, False, id="garbled stays garbled"),
    ],
)
def test_a_refusal_is_kept_only_when_another_time_may_help(tmp_path, status, waits):
    with server(status=status) as keeper:
        url = f"http://127.0.0.1:{keeper.server_port}/push"
        reason = probe.push({"at": 1}, url, "t", str(tmp_path))

    assert (reason is not None) == waits
    assert len(list(tmp_path.iterdir())) == int(waits)
    assert [path for path, _, _ in keeper.got] == ["/push"]


def test_the_spool_makes_room_by_its_oldest(tmp_path, monkeypatch):
    monkeypatch.setattr(probe, "SPOOL_BYTES", 1000)

    for letter in b"abcd":
        probe.keep(str(tmp_path), bytes([letter]) * 400)

    kept = [path.read_bytes()[:1] for path in sorted(tmp_path.iterdir())]
    assert kept == [b"c", b"d"]


@pytest.mark.parametrize(
    ("url", "mode", "said"),
    [
        pytest.param("http://fullscore.example.net/push", 0o600, "clear", id="not encrypted"),
        pytest.param("file:///etc/hostname", 0o600, "https", id="not a web address"),
        pytest.param("http://127.0.0.1:9/push", 0o644, "chmod 600", id="a token all may read"),
    ],
)
def test_a_token_is_not_given_away(tmp_path, token, url, mode, said):
    token.chmod(mode)

    done = run(url, token, tmp_path / "spool")

    assert done.returncode == 1
    assert said in done.stderr
    assert not os.path.exists(tmp_path / "spool")
