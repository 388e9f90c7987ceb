"""Live updates over real connections, from a server process of its own, on both databases."""

import http.client
import json
import signal
import time
from contextlib import contextmanager
from dataclasses import replace

import pytest

from tests.servers import free_port

pytestmark = [pytest.mark.real, pytest.mark.once]

SERVE = """
import uvicorn
uvicorn.run("fullscore.config.asgi:application", port={port}, log_level="error",
            timeout_graceful_shutdown=1)
"""
PEOPLE = """
from django.test import Client
from fullscore.kit.models import Notification, User
from fullscore.kit import live
from fullscore.kit.time import now
answer = {"last": live.last_id()}
for name in ("ann", "bob"):
    user, _ = User.objects.get_or_create(email=f"{name}@example.org", defaults={"name": name})
    User.objects.update(is_active=True)
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    answer[name] = client.cookies["session"].value
"""
TELL = """
from fullscore.kit import live
from fullscore.kit.models import Notification, User
from fullscore.kit.time import now
def tell(name):
    user = User.objects.get(email=f"{name}@example.org")
    note = Notification.objects.create(user=user, at=now(), title="Hello")
    return live.publish("notification", note.pk).pk
"""
OUT_OF_ORDER = """
import threading, time
from django.db import connection, transaction
from fullscore.kit import live
from fullscore.kit.models import LiveChange
last, seen, has_id = live.last_id(), [], threading.Event()

def first():
    with transaction.atomic():
        live.publish("a")
        has_id.set()
        time.sleep(0.6)         # has the lower id, commits later
    connection.close()

def second():
    has_id.wait()
    with transaction.atomic():
        live.publish("b")
    connection.close()

writers = [threading.Thread(target=write) for write in (first, second)]
for writer in writers:
    writer.start()
while any(writer.is_alive() for writer in writers) or not seen:
    for change in LiveChange.objects.filter(pk__gt=last).order_by("pk"):
        last = change.pk
        seen.append(change.topic)
    time.sleep(0.02)
seen += LiveChange.objects.filter(pk__gt=last).values_list("topic", flat=True)
answer = seen
"""


@contextmanager
def serving(place):
    """Run the web process until the end of the block; yield its port."""
    port = free_port()
    server = place.start(SERVE.format(port=port))
    try:
        for _ in range(1800):
            try:
                http.client.HTTPConnection("127.0.0.1", port, timeout=1).connect()
                break
            except OSError:
                time.sleep(0.05)
        yield port
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=60)


@pytest.fixture
def site(installed):
    return replace(installed, settings="tests.kit.live_settings")


class Stream:
    """One browser's stream."""

    def __init__(self, port: int, session: str, **headers: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        since = headers.pop("since", "0")
        headers["Cookie"] = f"session={session}"
        connection.request("GET", f"/live/stream?since={since}", headers=headers)
        self.response = connection.getresponse()

    def heard(self, seconds: float = 10) -> dict[str, object]:
        """Return the next message; pulses are passed over."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            line = self.response.readline().decode()
            if line.startswith("data: "):
                return json.loads(line[6:])
            if not line:
                raise EOFError
        raise TimeoutError


def test_a_change_reaches_the_reader_it_is_for_and_no_other(site):
    people = site.ask(PEOPLE)
    with serving(site) as port:
        ann, bob = (Stream(port, people[who], since=str(people["last"])) for who in ("ann", "bob"))
        headers = ann.response.headers
        told = site.ask(TELL + "answer = [tell('ann'), tell('bob')]")

        assert ann.heard()["id"] == told[0]
        assert bob.heard()["id"] == told[1]

    assert headers["Content-Type"] == "text/event-stream"
    assert headers["Content-Encoding"] == "identity"
    assert headers["Cache-Control"] == "no-cache"


def test_nothing_is_lost_between_page_and_stream_or_over_a_restart(on_sqlite):
    site = replace(on_sqlite, settings="tests.kit.live_settings")
    people = site.ask(PEOPLE)
    told = site.ask(TELL + "answer = [tell(who) for who in ('ann', 'bob', 'ann')]")
    with serving(site) as port:
        page = Stream(port, people["ann"], since=str(people["last"]))
        assert [page.heard()["id"], page.heard()["id"]] == [told[0], told[2]]
    later = site.ask(TELL + "answer = tell('ann')")
    with serving(site) as port:
        again = Stream(port, people["ann"], **{"Last-Event-ID": str(told[2])})
        assert again.heard()["id"] == later


def test_polling_answers_what_a_stream_would_tell(on_sqlite):
    site = replace(on_sqlite, settings="tests.kit.live_settings")
    people = site.ask(PEOPLE)
    told = site.ask(TELL + "answer = [tell('ann'), tell('bob')]")
    with serving(site) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        cookie = {"Cookie": f"session={people['ann']}"}
        connection.request("GET", f"/live/changes?since={people['last']}", headers=cookie)
        messages = json.loads(connection.getresponse().read())

    assert [(m["id"], m["topic"]) for m in messages] == [(told[0], "notification"), (told[1], "")]


def test_a_stream_ends_when_its_person_may_no_longer_sign_in(on_sqlite):
    site = replace(on_sqlite, settings="tests.kit.live_settings")
    people = site.ask(PEOPLE)
    with serving(site) as port:
        stream = Stream(port, people["ann"], since=str(people["last"]))
        site.ask(
            "from fullscore.kit.models import User as U\n"
            "answer = U.objects.filter(email='ann@example.org').update(is_active=False)"
        )
        with pytest.raises(EOFError):
            stream.heard()


def test_ids_become_visible_in_order_even_when_transactions_end_in_reverse(on_postgresql):
    assert on_postgresql.ask(OUT_OF_ORDER) == ["a", "b"]
