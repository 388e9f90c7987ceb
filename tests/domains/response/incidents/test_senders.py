"""A real Prometheus, Alertmanager, `amtool` and Icinga 2; and processes of ours that are killed."""

import json
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.installation import ROOT, Installation
from tests.servers import alertmanager, free_port, icinga, prometheus, wait_for

pytestmark = [pytest.mark.real, pytest.mark.once]

SOURCE = """
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.response.incidents import services
from fullscore.kit.models.user import system
Item.objects.get_or_create(kind="host", name="exporter.example.org")
_, answer = services.issue_source(by=system(), name="{kind}", kind="{kind}")
"""
TOLD = """
from fullscore.domains.response.incidents import jobs
from fullscore.domains.response.incidents.models import Alert
jobs.keep_up()
answer = [[a.labels["alertname"], a.state, str(a.item or ""), a.incident and a.incident.title]
          for a in Alert.objects.select_related("incident", "item").order_by("pk")]
"""
RULES = """
groups:
  - name: tests
    interval: 1s
    rules:
      - alert: TooHot
        expr: temperature > 50
        labels: {severity: critical}
        annotations: {summary: "It is {{ $value }} degrees"}
"""
SETTINGS = """
global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}
rule_files: ["{rules}"]
scrape_configs:
  - job_name: thermometer
    static_configs: [{{targets: ["127.0.0.1:{exporter}"], labels: {{host: exporter.example.org}}}}]
alerting:
  alertmanagers:
    - static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
      {more}
"""
ROUTES = """
route: {{receiver: fullscore, group_wait: 1s, group_interval: 1s, repeat_interval: 1h}}
receivers:
  - name: fullscore
    webhook_configs:
      - url: http://127.0.0.1:{port}/ingest/alertmanager/alertmanager
        send_resolved: true
        http_config: {{authorization: {{credentials: "{token}"}}}}
"""
SHIPPED = ROOT / "docs/senders"
HOT = ["TooHot", "open", "exporter.example.org", "It is 90 degrees"]


@pytest.fixture
def installed(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    installation = Installation(home)
    installation.migrate()
    return installation


@contextmanager
def serving(installation, port):
    """Run our web server as a process of its own; killed at the end, as by a power cut."""
    process = subprocess.Popen(
        [sys.executable, "-m", "fullscore", "web", "--port", str(port)],
        env=installation.environment, cwd=ROOT,
    )  # fmt: skip
    try:
        wait_for(port)
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(10)


@contextmanager
def thermometer():
    """Serve a temperature; yield its port and the list whose last figure is served."""
    shown = [20.0]

    class Exporter(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(f"temperature {shown[-1]}\n".encode())

        def log_message(self, *words):
            """Keep the test's output free of requests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Exporter)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port, shown
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def told_in_time(installed, expected, seconds=60, ask=TOLD):
    """Read what came in until it is as expected; return what it is in the end."""
    ends, told = time.monotonic() + seconds, None
    while told != expected and time.monotonic() < ends:
        told = installed.ask(ask)
    return told


@pytest.mark.parametrize("kind", ["alertmanager", "prometheus"])
def test_what_a_real_prometheus_sees_opens_and_resolves_an_incident(installed, tmp_path, kind):
    token, port = installed.ask(SOURCE.format(kind=kind)), free_port()
    rules = tmp_path / "rules.yml"
    rules.write_text(RULES)
    more = f'authorization: {{credentials: "{token}"}}' if kind == "prometheus" else ""
    routes = ROUTES.format(port=port, token=token)
    with (
        thermometer() as (exporter, shown),
        serving(installed, port),
        alertmanager(routes) as between,
    ):
        target = port if kind == "prometheus" else between
        settings = SETTINGS.format(rules=rules, exporter=exporter, port=target, more=more)
        with prometheus(settings):
            shown.append(90.0)
            assert told_in_time(installed, [HOT]) == [HOT]
            shown.append(20.0)
            over = [HOT[0], "resolved", *HOT[2:]]
            assert told_in_time(installed, [over]) == [over]


@pytest.fixture
def amtool():
    """Return a function that returns a function that runs `amtool` with a token."""
    program = shutil.which("amtool")
    if program is None:
        pytest.skip("No amtool here: sudo apt-get install prometheus-alertmanager")

    def with_token(port, token):
        url = f"--alertmanager.url=http://amtool:{token}@127.0.0.1:{port}"

        def run(*words):
            done = subprocess.run(
                [program, url, *words], capture_output=True, text=True, timeout=60
            )
            assert done.returncode == 0, done.stderr
            return done.stdout

        return run

    return with_token


def test_amtool_adds_alerts_and_lists_them(installed, amtool):
    port = free_port()
    run = amtool(port, installed.ask(SOURCE.format(kind="prometheus")))
    with serving(installed, port):
        run("alert", "add", "alertname=Full", "instance=exporter.example.org")
        installed.ask(TOLD)
        told = json.loads(run("--output=json", "alert", "query", "alertname=Full"))
        for pattern, found in {
            "alertname=~Fu.*": 1,
            "alertname=~ull": 0,
            r"alertname!~F\w+": 0,
        }.items():
            listed = json.loads(run("--output=json", "alert", "query", pattern))
            assert len(listed) == found, pattern
        none = json.loads(run("--output=json", "alert", "query", "alertname=Other"))
        assert [a["labels"]["instance"] for a in told] == ["exporter.example.org"]
        assert none == []
        run("config", "show")


KEY = """
from fullscore.domains.foundation.access.models import RoleGrant
from fullscore.domains.foundation.access.services import keys
from fullscore.kit import time
from fullscore.kit.models import User
ann = User.objects.create_user("ann@example.org", name="Ann")
day = time.now().date()
RoleGrant.objects.create(user=ann, role="engineer", starts_on=day, granted_by=ann)
_, answer = keys.issue(ann, by=ann, name="amtool", scopes=["read", "act"])
"""


def test_amtool_adds_updates_queries_and_expires_silences(installed, amtool):
    port = free_port()
    run = amtool(port, installed.ask(KEY))
    with serving(installed, port):
        name = run("silence", "add", "--comment=Known.", "alertname=Full", "severity!=info").strip()
        (told,) = json.loads(run("--output=json", "silence", "query", "alertname=Full"))
        assert (told["id"], told["status"]["state"], told["comment"]) == (name, "active", "Known.")
        assert json.loads(run("--output=json", "silence", "query", "alertname=Other")) == []
        run("silence", "update", "--comment=Still known.", name)
        (told,) = json.loads(run("--output=json", "silence", "query"))
        assert (told["id"], told["comment"]) == (name, "Still known.")
        other = run("silence", "add", "--comment=Drill.", "alertname=~P4.*").strip()
        listed = json.loads(run("--output=json", "silence", "query", "alertname=~P4.*"))
        assert [(one["id"], one["matchers"]) for one in listed] == [
            (other, [{"name": "alertname", "value": "P4.*", "isRegex": True, "isEqual": True}])
        ]
        assert 'alertname=~"P4.*"' in run("silence", "query")
        run("silence", "expire", other)
        run("silence", "expire", name)
        assert json.loads(run("--output=json", "silence", "query")) == []
        assert run("alert", "query").count("\n") <= 1


WATCHED = """
object CheckerComponent "checker" {{}}
object NotificationComponent "notification" {{}}
object CheckCommand "host" {{ command = [ "/bin/sh", "{folder}/host" ] }}
object CheckCommand "service" {{ command = [ "/bin/sh", "{folder}/service" ] }}
template Host "watched" {{
  check_command = "host"
  check_interval = 1s
  retry_interval = 1s
  max_check_attempts = 2
}}
object Host "exporter.example.org" {{ import "watched" }}
apply Service "temperature" {{
  check_command = "service"
  check_interval = 1s
  retry_interval = 1s
  max_check_attempts = 2
  assign where true
}}
"""
ICINGA_TOLD = """
from fullscore.domains.response.incidents import jobs
from fullscore.domains.response.incidents.models import Alert
jobs.keep_up()
answer = [[a.key, a.state, a.severity, str(a.item or ""), a.title]
          for a in Alert.objects.select_related("item").order_by("pk")]
"""


def test_what_a_real_icinga_sees_opens_and_resolves_an_alert(installed, tmp_path):
    token, port = installed.ask(SOURCE.format(kind="nagios")), free_port()
    settings = tmp_path / "fullscore-notify"
    settings.write_text(
        f'url = "http://127.0.0.1:{port}/ingest/nagios/nagios"\n'
        f'header = "Authorization: Bearer {token}"\n'
    )
    objects = f"{WATCHED.format(folder=tmp_path)}\n{(SHIPPED / 'icinga2.conf').read_text()}"
    objects = objects.replace(
        'import "plugin-notification-command"',
        f'import "plugin-notification-command"\n  env.FULLSCORE_NOTIFY = "{settings}"',
    )

    def check(name, code, said):
        (tmp_path / name).write_text(f"echo '{said}'; exit {code}")

    check("host", 0, "here")
    check("service", 2, '90 degrees & "rising"')
    key, item = "exporter.example.org!temperature", "exporter.example.org"
    title = 'temperature on exporter.example.org is CRITICAL: 90 degrees & "rising"'
    with serving(installed, port), icinga(objects, SHIPPED):
        hot = [[key, "open", 5, item, title]]
        assert told_in_time(installed, hot, ask=ICINGA_TOLD) == hot
        check("service", 0, "20 degrees")
        over = [[key, "resolved", 5, item, title]]
        assert told_in_time(installed, over, ask=ICINGA_TOLD) == over


# ── killed ─────────────────────────────────────────────────────────────────────────────────────

DYING = """
import os, signal
from fullscore.domains.response.incidents import jobs, services
from fullscore.domains.response.incidents.services import applying, grouping, placing, receipts
receipts.TOGETHER = 2  # several transactions for a few bodies
calls = [0]
def dying(holder, name):
    known = getattr(holder, name)
    def killed(*words, **more):
        told = known(*words, **more) if {is_after} else None
        calls[0] += 1
        if calls[0] == {call}:
            os.kill(os.getpid(), signal.SIGKILL)
        return told if {is_after} else known(*words, **more)
    setattr(holder, name, killed)
dying({holder}, "{name}")
jobs.keep_up()
"""
# Where a worker is killed: before or after which call of what, and at which call.
POINTS = [
    ("receipts", "_let_act", False, 3),
    ("receipts", "apply_all", True, 2),
    ("applying", "write_events", True, 4),
    ("grouping.silences", "mark", True, 2),
    ("placing", "recorded", False, 1),
    ("placing.bulk", "update", True, 4),
    ("placing.Book", "write", True, 1),
    ("services", "settle", False, 1),
]
LEFT = """
from django.db.models import Count
from fullscore.domains.response.incidents import jobs
from fullscore.domains.response.incidents.models import (
    Alert, AlertEvent, Incident, Receipt, TimelineEntry,
)
jobs.keep_up()
alerts = Alert.objects.annotate(events_=Count("events"))
answer = {
    "keys": sorted(alerts.values_list("key", flat=True)),
    "new": Receipt.objects.filter(state="new").count(),
    "events": sorted(set(alerts.values_list("events_", flat=True))),
    "alone": alerts.filter(incident=None).count(),
    "placed": TimelineEntry.objects.filter(kind="alert").count(),
    "incidents": Incident.objects.count(),
}
"""


def test_a_worker_killed_anywhere_loses_nothing_and_doubles_nothing(installed):
    token, port = installed.ask(SOURCE.format(kind="alertmanager")), free_port()
    sent = []
    with serving(installed, port):
        for holder, name, is_after, call in POINTS:
            for _ in range(6):
                sent.append(f"k{len(sent)}")
                assert post(port, token, sent[-1]) == 202
            code = DYING.format(holder=holder, name=name, is_after=is_after, call=call)
            worker = installed.start(code)
            worker.communicate(timeout=120)
            assert worker.returncode == -signal.SIGKILL, f"{holder}.{name} was not reached"

    left = installed.ask(LEFT)

    assert left["keys"] == sorted(sent)
    assert (left["new"], left["alone"], left["events"]) == (0, 0, [1])
    assert left["placed"] == left["incidents"] == len(sent)


def test_what_was_answered_is_there_after_the_server_is_killed(installed):
    token, port = installed.ask(SOURCE.format(kind="alertmanager")), free_port()
    answered = []

    def send(who):
        for n in range(10_000):
            try:
                if post(port, token, f"{who}-{n}") == 202:
                    answered.append(f"{who}-{n}")
            except (OSError, urllib.error.URLError):
                return

    with serving(installed, port):
        threads = [threading.Thread(target=send, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        time.sleep(3)
    for thread in threads:
        thread.join(30)

    left = installed.ask(LEFT)

    assert len(answered) > 50
    assert set(answered) <= set(left["keys"])
    assert len(left["keys"]) == len(set(left["keys"]))


def post(port, token, key):
    alert = {"status": "firing", "labels": {"alertname": key}, "fingerprint": key}
    body = json.dumps({"version": "4", "groupKey": key, "alerts": [alert]}).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/ingest/alertmanager/alertmanager", body,
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )  # fmt: skip
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.status
