"""A real Prometheus, and a server of ours that is killed: what was acknowledged is there."""

import http.client
import signal
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.connectors.prometheus import bodies
from tests.domains.foundation.telemetry.live import KEY, STORED, TOO_OFTEN, serving, settle
from tests.servers import free_port, prometheus

pytestmark = [pytest.mark.real, pytest.mark.once]

SETTINGS = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: counting
    static_configs: [{{targets: ["127.0.0.1:{exporter}"]}}]
remote_write:
  - url: http://127.0.0.1:{port}/api/v1/write
    authorization: {{credentials: "{key}"}}
    queue_config:
      {{batch_send_deadline: 500ms, max_backoff: 500ms, retry_on_http_429: true}}
"""


@contextmanager
def counting():
    """Serve a metric that rises at each scrape; yield its port and what was served."""
    served = []

    class Exporter(BaseHTTPRequestHandler):
        def do_GET(self):
            served.append(float(len(served)))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(f"counted {served[-1]}\n".encode())

        def log_message(self, *words):
            """Keep the test's output free of requests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Exporter)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port, served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_prometheus_loses_nothing_while_our_server_is_killed_and_comes_back(installed):
    key, port = installed.ask(KEY.format(per_minute=6000)), free_port()
    with counting() as (exporter, served):
        settings = SETTINGS.format(exporter=exporter, port=port, key=key)
        with prometheus(settings):
            with serving(installed, port):
                time.sleep(4)
            time.sleep(2)
            with serving(installed, port):
                time.sleep(4)
                until = len(served)
                told = STORED.format(name="counted")

                def is_there():
                    return len([v for _, _, v in installed.ask(told) if v < until]) >= until

                assert settle(30, is_there)
    rows = installed.ask(STORED.format(name="counted"))
    assert [v for _, _, v in sorted(rows, key=lambda r: r[1])][:until] == served[:until]


def test_a_prometheus_with_a_wrong_key_reads_why_in_its_own_log(installed):
    port = free_port()
    with counting() as (exporter, _), serving(installed, port):
        settings = SETTINGS.format(exporter=exporter, port=port, key="fp_wrong")
        with prometheus(settings) as log:
            assert settle(30, lambda: "This key is not known here" in log.read_text())
            assert "401" in log.read_text()


def test_a_prometheus_that_comes_too_often_comes_again(installed):
    key, port = installed.ask(KEY.format(per_minute=6000)), free_port()
    with counting() as (exporter, served), serving(installed, port):
        settings = SETTINGS.format(exporter=exporter, port=port, key=key)
        installed.ask(TOO_OFTEN)
        with prometheus(settings) as log:
            assert settle(30, lambda: "That was too often" in log.read_text())
            until = len(served)
            told = STORED.format(name="counted")
            assert settle(60, lambda: {v for _, _, v in installed.ask(told)} >= {*served[:until]})


def test_what_was_answered_204_is_there_after_a_kill_in_mid_write(installed):
    key, port = installed.ask(KEY.format(per_minute=1_000_000)), free_port()
    acknowledged, headers = [], {"Authorization": f"Bearer {key}"}
    begin = int(time.time() * 1000) - 600_000

    def send(who, is_over):
        for n in range(10_000):
            one = bodies.key(__name__="written", n=f"{who}")
            raw = bodies.series(one, bodies.sample(begin + n, float(n)))
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
                connection.request("POST", "/api/v1/write", bodies.packed(raw), headers)
                if connection.getresponse().status == 204:
                    acknowledged.append([str(who), begin + n, float(n)])
            except (OSError, http.client.HTTPException):
                return
            finally:
                connection.close()
            if is_over.is_set():
                return

    is_over = threading.Event()
    with serving(installed, port) as process:
        threads = [threading.Thread(target=send, args=(who, is_over)) for who in range(6)]
        for thread in threads:
            thread.start()
        assert settle(60, lambda: len(acknowledged) > 150)
        process.send_signal(signal.SIGKILL)
        for thread in threads:
            thread.join(20)

    stored = {tuple(row) for row in installed.ask(STORED.format(name="written"))}
    assert len(acknowledged) > 150
    assert {tuple(row) for row in acknowledged} <= stored
