"""What Amazon SNS delivers, and whether it was Amazon that did."""

import json
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given

from fullscore.connectors.base import Garbled, Refused
from fullscore.connectors.sns import parse
from tests.connectors.garbage import spoiled
from tests.connectors.sns.signing import pair, signed

# CloudWatch's alarm, shortened, as the Message of a notification of SNS.
ALARM = {
    "AlarmName": "High CPU",
    "AlarmDescription": "CPU over 90 %",
    "NewStateValue": "ALARM",
    "NewStateReason": "Threshold Crossed: 1 datapoint (97.2) was greater than 90.",
    "StateChangeTime": "2026-11-17T02:13:00.000+0000",
    "Region": "EU (Frankfurt)",
    "AlarmArn": "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:High CPU",
    "OldStateValue": "OK",
    "Trigger": {
        "MetricName": "CPUUtilization",
        "Namespace": "AWS/EC2",
        "Period": 300,
        "Dimensions": [{"name": "InstanceId", "value": "i-0abc"}],
    },
}
ENVELOPE = {
    "Type": "Notification",
    "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
    "TopicArn": "arn:aws:sns:eu-central-1:123456789012:alarms",
    "Subject": "ALARM: High CPU",
    "Timestamp": "2026-11-17T02:13:01.000Z",
    "Message": json.dumps(ALARM),
    "SigningCertURL": "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem",
}
CONFIRM = ENVELOPE | {
    "Type": "SubscriptionConfirmation",
    "Token": "2336412f37",
    "Message": "You have chosen …",
    "SubscribeURL": "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&Token=2336",
}
FULL = signed(ENVELOPE)


def body(**more):
    return json.dumps(FULL | more).encode()


def read(**more):
    (signal,) = parse.delivered(body(Message=json.dumps(ALARM | more)))
    return signal


def test_an_alarm_is_read():
    told = read()

    assert (told.action, told.key) == ("trigger", ALARM["AlarmArn"])
    assert (told.title, told.names) == ("High CPU", ("i-0abc",))
    assert told.at == datetime(2026, 11, 17, 2, 13, tzinfo=UTC)
    assert told.labels["metric"] == "CPUUtilization"
    assert told.annotations["reason"].startswith("Threshold Crossed")


@pytest.mark.parametrize(
    ("state", "action", "severity"),
    [("OK", "resolve", ""), ("INSUFFICIENT_DATA", "trigger", "warning")],
)
def test_the_state_says_what_happened(state, action, severity):
    told = read(NewStateValue=state)

    assert (told.action, told.severity, told.key) == (action, severity, ALARM["AlarmArn"])


def test_anything_else_that_is_published_is_an_alert_of_its_own():
    (told,) = parse.delivered(body(Message="The queue is full.\nReally."))

    assert (told.title, told.key) == ("ALARM: High CPU", FULL["MessageId"])
    assert told.annotations["summary"] == "The queue is full.\nReally."


def test_what_is_to_be_confirmed_says_nothing_and_names_its_address():
    told = json.dumps(signed(CONFIRM)).encode()

    assert parse.delivered(told) == ()
    assert parse.message(told).subscribe_url == CONFIRM["SubscribeURL"]
    elsewhere = json.dumps(signed(CONFIRM | {"SubscribeURL": "https://example.org/"})).encode()
    assert parse.message(elsewhere).subscribe_url == ""


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("told", [ENVELOPE, CONFIRM], ids=["notification", "confirmation"])
def test_what_amazon_signed_passes(told, version):
    raw = json.dumps(signed(told, version)).encode()

    parse.check(parse.message(raw), pair()[1])


@pytest.mark.parametrize(
    ("more", "why"),
    [
        pytest.param({"Message": "another"}, "not that of Amazon", id="another message"),
        pytest.param({"Subject": "another"}, "not that of Amazon", id="another subject"),
        pytest.param({"SignatureVersion": "2"}, "not that of Amazon", id="another version"),
        pytest.param({"Signature": ""}, "not that of Amazon", id="no signature"),
    ],
)
def test_what_was_altered_is_refused(more, why):
    with pytest.raises(Refused, match=why):
        parse.check(parse.message(body(**more)), pair()[1])


def test_what_is_no_certificate_is_refused():
    with pytest.raises(Refused, match="is none"):
        parse.check(parse.message(body()), b"none")


@pytest.mark.parametrize(
    ("url", "is_theirs"),
    [
        ("https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem", True),
        ("https://sns.cn-north-1.amazonaws.com.cn/1.pem", True),
        ("http://sns.eu-central-1.amazonaws.com/1.pem", False),
        ("https://sns.eu-central-1.amazonaws.com.example.org/1.pem", False),
        ("https://sns.eu-central-1.amazonaws.com@example.org/1.pem", False),
        ("https://sns.eu-central-1.amazonaws.com:8443/1.pem", False),
        ("https://s3.eu-central-1.amazonaws.com/1.pem", False),
        ("https://example.org/sns.eu-central-1.amazonaws.com", False),
        ("https://sns.a/b.amazonaws.com", False),
        ("https://[", False),
        ("", False),
    ],
)
def test_only_sns_itself_is_amazons(url, is_theirs):
    assert parse.is_amazons(url) is is_theirs


@pytest.mark.parametrize(
    ("more", "why"),
    [
        pytest.param({"Type": "Hello"}, "Type is none of", id="a kind"),
        pytest.param({"SignatureVersion": "3"}, "neither 1 nor 2", id="a version"),
        pytest.param({"Signature": "é"}, "is not base64", id="no base64"),
        pytest.param({"MessageId": 7}, "MessageId is not a text", id="a number"),
    ],
)
def test_what_is_wrong_is_told(more, why):
    with pytest.raises(Garbled, match=why):
        parse.message(body(**more))


@given(spoiled(FULL))
def test_whatever_comes_is_read_or_garbled_or_refused(raw):
    with suppress(Garbled):
        parse.delivered(raw)
    with suppress(Garbled, Refused):
        parse.check(parse.message(raw), pair()[1])


@given(spoiled(ALARM))
def test_whatever_an_alarm_says_is_read_or_garbled(raw):
    with suppress(Garbled):
        parse.delivered(body(Message=raw.decode("utf-8", "replace")))
