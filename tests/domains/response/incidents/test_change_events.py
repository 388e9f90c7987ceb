"""PagerDuty's change events become recorded changes, told by its own public client too."""

import httpx2
import pytest
from pagerduty import EventsApiV2Client

from fullscore.domains.foundation.changes.models import Change
from fullscore.domains.response.incidents.models import Alert
from tests import make

PAYLOAD = {
    "summary": "Build Success - Increase snapshot create timeout", "source": "db1:9100",
    "custom_details": {"build_state": "passed", "build_number": "220"},
}  # fmt: skip
LINKS = [{"href": "https://ci.example.org/220", "text": "Build"}, {"href": "javascript:alert(1)"}]


def tell(pagerduty, payload=None, **more):
    told = {"routing_key": pagerduty.token, "payload": payload or PAYLOAD, "links": LINKS} | more
    return pagerduty.post("/v2/change/enqueue", told, headers={})


def test_a_change_event_is_a_recorded_change_of_the_item_it_names(pagerduty):
    host = make.item("db1")

    answer = tell(pagerduty)

    assert (answer.status_code, answer.json()) == (
        202, {"status": "success", "message": "Change event processed"},
    )  # fmt: skip
    change = Change.objects.get()
    assert (change.title, change.state, change.is_recorded) == (PAYLOAD["summary"], "done", True)
    assert list(change.items.all()) == [host]
    assert "https://ci.example.org/220" in change.description
    assert "javascript" not in change.description
    assert "220" in change.description
    assert not Alert.objects.exists()


@pytest.mark.parametrize(
    ("pause", "more", "count"),
    [
        pytest.param(0, {}, 1, id="sent twice"),
        pytest.param(9 * 60, {}, 1, id="sent again within ten minutes"),
        pytest.param(11 * 60, {}, 2, id="an equal one later"),
        pytest.param(0, {"custom_details": {"build_number": "221"}}, 2, id="another build"),
    ],
)
def test_equal_bodies_within_ten_minutes_are_one(pagerduty, clock, pause, more, count):
    tell(pagerduty)
    clock(pause)

    tell(pagerduty, PAYLOAD | more)

    assert Change.objects.count() == count


def test_it_happened_when_it_says_and_never_later_than_now(pagerduty, clock):
    now = clock()

    tell(pagerduty, PAYLOAD | {"timestamp": "2026-01-02T03:04:05.000+0100"})
    tell(pagerduty, PAYLOAD | {"summary": "Ahead", "timestamp": "2999-01-01T00:00:00Z"})

    ahead, past = Change.objects.order_by("-starts_at")
    assert past.starts_at.isoformat() == "2026-01-02T02:04:05+00:00"
    assert ahead.starts_at == now


@pytest.mark.parametrize(
    ("told", "status", "words"),
    [
        pytest.param({"routing_key": "x" * 32}, 401, "not known", id="an unknown key"),
        pytest.param(
            {"payload": {"source": "x"}}, 400, "payload.summary is missing", id="no title"
        ),
        pytest.param({"payload": 7}, 400, "payload is not an object", id="no payload"),
    ],
)
def test_what_is_wrong_is_said(pagerduty, told, status, words):
    answer = tell(pagerduty, **told)

    assert answer.status_code == status
    assert words in answer.content.decode()
    assert not Change.objects.exists()


class Here(httpx2.BaseTransport):
    """Carries what is meant for PagerDuty to us, as it is."""

    def __init__(self, browser):
        self._browser = browser

    def handle_request(self, request):
        answer = self._browser.post(
            request.url.path, request.read(), content_type=request.headers["content-type"]
        )
        return httpx2.Response(answer.status_code, content=answer.content, request=request)


def test_the_public_client_works_unchanged(pagerduty, client):
    sender = EventsApiV2Client(pagerduty.token)
    sender._transport = Here(client)

    sender.send_change_event({"summary": "Deployed shop 4.2", "source": "ci"}, links=LINKS[:1])
    key = sender.trigger("Disk full", "db1")

    assert Change.objects.get().title == "Deployed shop 4.2"
    assert key
