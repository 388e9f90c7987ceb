"""Senders that sign what they send, or speak another product's API."""

import hashlib
import hmac
import json
from dataclasses import replace

import pytest

from fullscore.connectors.base import Unreachable
from fullscore.domains.response.incidents import services
from fullscore.domains.response.incidents.endpoints import certificates
from fullscore.domains.response.incidents.models import Alert, AlertSource, Receipt
from fullscore.kit.errors import Conflict
from fullscore.kit.models.user import system
from tests import make
from tests.connectors.datadog.test_parse import EVENT
from tests.connectors.sentry.test_parse import ISSUE
from tests.connectors.sns.signing import pair, signed
from tests.connectors.sns.test_parse import ALARM, CONFIRM, ENVELOPE
from tests.domains.response.incidents.conftest import Sender

pytestmark = pytest.mark.django_db


def states():
    return list(Alert.objects.order_by("pk").values_list("state", flat=True))


# ── Amazon SNS ─────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def amazon(client, monkeypatch):
    """Return a source to which Amazon delivers, its certificate pinned in place of fetched."""
    monkeypatch.setattr(certificates, "_fetched", lambda url: pair()[1])
    monkeypatch.setattr(certificates, "_known", {})
    return Sender(client, "sns")


def alarm(state, message_id):
    text = json.dumps(ALARM | {"NewStateValue": state})
    return signed(ENVELOPE | {"Message": text, "MessageId": message_id})


def test_an_alarm_opens_and_resolves_and_one_delivered_twice_is_one(amazon, take_in):
    for state, number in (("ALARM", "1"), ("ALARM", "1"), ("OK", "2"), ("ALARM", "1")):
        answer = amazon.post("/ingest/sns-1/sns", alarm(state, number))
        assert answer.status_code == 202
    take_in()

    assert states() == ["resolved"]
    assert Receipt.objects.count() == 2


def test_what_amazon_did_not_sign_is_refused_and_not_kept(amazon):
    told = alarm("ALARM", "1") | {"Message": "another"}

    answer = amazon.post("/ingest/sns-1/sns", told)

    assert answer.status_code == 403
    assert "not that of Amazon" in answer.json()["detail"]
    assert Receipt.objects.count() == 0


def test_a_certificate_from_elsewhere_is_not_even_fetched(amazon, monkeypatch):
    monkeypatch.setattr(certificates, "_fetched", lambda url: pytest.fail(url))
    told = signed(ENVELOPE | {"SigningCertURL": "https://example.org/1.pem"})

    answer = amazon.post("/ingest/sns-1/sns", told)

    assert answer.status_code == 503
    assert "not one of Amazon" in answer.json()["detail"]


def test_amazon_comes_again_while_its_certificate_cannot_be_had(amazon, monkeypatch):
    def fails(url):
        raise Unreachable("Nobody answered.")

    monkeypatch.setattr(certificates, "_fetched", fails)

    assert amazon.post("/ingest/sns-1/sns", alarm("ALARM", "1")).status_code == 503


def test_a_pinned_certificate_is_the_only_one(amazon, monkeypatch, settings, tmp_path):
    monkeypatch.setattr(certificates, "_fetched", lambda url: pytest.fail(url))
    (tmp_path / "sns.pem").write_bytes(pair()[1])
    settings.OPTIONS = replace(settings.OPTIONS, sns_certificate=str(tmp_path / "sns.pem"))

    assert amazon.post("/ingest/sns-1/sns", alarm("ALARM", "1")).status_code == 202


def test_a_subscription_is_confirmed_by_a_button_and_by_nothing_else(amazon, take_in):
    browser = make.client(make.user("ann", role="administrator"))
    page = f"/alert-sources/{amazon.source.pk}"
    assert amazon.post("/ingest/sns-1/sns", signed(CONFIRM)).status_code == 202
    take_in()
    assert CONFIRM["SubscribeURL"].replace("&", "&amp;") in browser.get(page).content.decode()
    assert states() == []

    amazon.post("/ingest/sns-1/sns", alarm("OK", "2"))

    assert "Confirm at Amazon" not in browser.get(page).content.decode()


def test_amazon_is_asked_for_the_password_in_its_address(client):
    answer = client.post("/ingest/sns-1/sns", "{}", content_type="text/plain")

    assert answer.status_code == 401
    assert 'Basic realm="Fullscore"' in answer.headers["WWW-Authenticate"]


# ── Sentry ─────────────────────────────────────────────────────────────────────────────────────


def test_an_issue_opens_and_resolves_by_the_signature_alone(client, take_in):
    sender = Sender(client, "sentry")
    services.give_credential(sender.source, by=system(), value="secret")

    def send(told, secret="secret"):
        body = json.dumps(told).encode()
        signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        answer = sender.post("/ingest/sentry-1/sentry", body, {"sentry-hook-signature": signature})
        take_in()
        return answer.status_code

    assert (send(ISSUE), states()) == (202, ["open"])
    assert (send(ISSUE | {"action": "resolved"}, secret="other"), states()) == (401, ["open"])
    assert (send(ISSUE | {"action": "resolved"}), states()) == (202, ["resolved"])
    services.revoke(sender.source, by=system())
    assert send(ISSUE) == 401


def test_without_a_secret_nobody_is_sentry(client):
    sender = Sender(client, "sentry")

    assert sender.post("/ingest/sentry-1/sentry", ISSUE).status_code == 401
    assert Receipt.objects.count() == 0


def test_only_sentry_has_a_secret_and_it_is_not_in_the_row(client):
    other = Sender(client, "grafana").source
    with pytest.raises(Conflict, match="Only Sentry"):
        services.give_credential(other, by=system(), value="secret")

    source = Sender(client, "sentry").source
    services.give_credential(source, by=system(), value="first")
    services.give_credential(source, by=system(), value="second")

    with AlertSource.objects.get(pk=source.pk).credential.open() as value:
        assert value == "second"


# ── Datadog and Opsgenie ───────────────────────────────────────────────────────────────────────


def test_datadog_opens_and_resolves_an_alert(client, take_in):
    sender = Sender(client, "datadog")
    for word, expected in (("Triggered", "open"), ("Recovered", "resolved")):
        told = EVENT | {"transition": word, "last_updated": ""}
        assert sender.post("/ingest/datadog-1/datadog", told).status_code == 202
        take_in()
        assert states() == [expected]


def test_a_client_of_opsgenie_creates_acknowledges_and_closes(client, take_in):
    sender = Sender(client, "opsgenie")
    sender.headers = {"authorization": f"GenieKey {sender.token}"}
    steps = (("", "open"), ("/disk/acknowledge", "acknowledged"), ("/disk/close", "resolved"))
    for path, expected in steps:
        body = {"message": "Full", "alias": "disk"} if not path else {"note": "Seen."}
        answer = sender.post(f"/v2/alerts{path}?identifierType=alias", body)
        take_in()
        assert (answer.status_code, answer.json()["result"]) == (202, "Request will be processed")
        assert states() == [expected]


def test_what_is_wrong_is_told_in_opsgenies_words(client):
    sender = Sender(client, "opsgenie")

    wrong = sender.post("/v2/alerts", {"message": ""})
    unknown = sender.post("/v2/alerts", {"message": "Full"}, {"authorization": "GenieKey none"})

    assert (wrong.status_code, unknown.status_code) == (422, 401)
    assert "body.message has to have" in wrong.json()["message"]
    assert {"took", "requestId"} <= set(unknown.json())
