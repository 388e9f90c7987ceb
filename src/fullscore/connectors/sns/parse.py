"""Read what Amazon SNS posts, and check that it was Amazon that signed it.

Sources: docs.aws.amazon.com/sns, "HTTP/HTTPS notification JSON format" and "Verifying the
signatures of Amazon SNS messages"; CloudWatch's alarm as the Message of a notification.
"""

import base64
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from fullscore.connectors import documents
from fullscore.connectors.alerts import KEY_LETTERS, TEXT_LETTERS, TITLE_LETTERS, Signal
from fullscore.connectors.base import Garbled, Refused
from fullscore.connectors.documents import Node

NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
SIGNED = {
    "Notification": NOTIFICATION,
    "SubscriptionConfirmation": CONFIRMATION,
    "UnsubscribeConfirmation": CONFIRMATION,
}
HASHES = {"1": hashes.SHA1, "2": hashes.SHA256}  # by the version of the signature
AMAZONS = re.compile(r"sns\.[a-z0-9-]{3,30}\.amazonaws\.com(\.cn)?")
STATES = {"ALARM": "", "INSUFFICIENT_DATA": "warning"}
MOST_LETTERS = 300_000  # SNS delivers at most 256 KiB


@dataclass(frozen=True, slots=True)
class Message:
    """What SNS delivers, as it is signed."""

    kind: str
    id: str
    certificate_url: str
    subscribe_url: str  # opened by a person, who so confirms; empty unless Amazon's own
    signed: bytes
    signature: bytes
    version: str


def message(body: bytes) -> Message:
    """Read the envelope. Raises Garbled with the exact place."""
    told = documents.read(body)
    kind = _word(told, "Type")
    if kind not in SIGNED:
        raise told.wrong(f"is none of {', '.join(SIGNED)}", "Type")
    version = _word(told, "SignatureVersion")
    if version not in HASHES:
        raise told.wrong("is neither 1 nor 2", "SignatureVersion")
    subscribe_url = _word(told, "SubscribeURL") if kind == "SubscriptionConfirmation" else ""
    return Message(
        kind,
        _word(told, "MessageId"),
        _word(told, "SigningCertURL"),
        subscribe_url if is_amazons(subscribe_url) else "",
        _signed(told, kind),
        _unpacked(told),
        version,
    )


def check(told: Message, certificate: bytes) -> None:
    """Raise Refused unless a message was signed by the owner of a certificate (PEM)."""
    try:
        key = x509.load_pem_x509_certificate(certificate).public_key()
        if not isinstance(key, RSAPublicKey):
            raise Refused("The certificate of the signature is not one of an RSA key.")
        key.verify(told.signature, told.signed, PKCS1v15(), HASHES[told.version]())
    except ValueError as error:
        raise Refused("What should be the certificate of the signature is none.") from error
    except InvalidSignature as error:
        raise Refused("The signature is not that of Amazon SNS.") from error


def is_amazons(url: str) -> bool:
    """Say whether an address is one of SNS itself: https, a region of Amazon's, no port, no name.

    Anybody can sign with a certificate that lies anywhere else.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" and AMAZONS.fullmatch(parts.netloc) is not None


def delivered(body: bytes) -> tuple[Signal, ...]:
    """Read a notification: an alarm of CloudWatch, else whatever was published. Raises Garbled."""
    told = documents.read(body)
    if _word(told, "Type") != "Notification":
        return ()
    text = _word(told, "Message")
    try:
        alarm = documents.read(text.encode("utf-8", "replace"))
    except Garbled:
        alarm = None
    if alarm is not None and isinstance(alarm.value, dict) and "AlarmArn" in alarm.value:
        return (_alarm(alarm),)
    return (_published(told, text),)


def _alarm(alarm: Node) -> Signal:
    key, state = alarm.words("AlarmArn", most=KEY_LETTERS), alarm.words("NewStateValue", most=40)
    at = alarm.moment("StateChangeTime")
    if state == "OK":
        return Signal("resolve", key, at=at, ends_at=at)
    if state not in STATES:
        raise alarm.wrong("is none of ALARM, OK, INSUFFICIENT_DATA", "NewStateValue")
    name = alarm.words("AlarmName", most=TITLE_LETTERS, default="") or key
    dimensions, region = _dimensions(alarm), alarm.plain("Region", most=200)
    labels = dimensions | {"region": region, "alertname": name, "metric": _metric(alarm)}
    notes = {
        "summary": alarm.plain("AlarmDescription", most=TEXT_LETTERS),
        "reason": alarm.plain("NewStateReason", most=TEXT_LETTERS),
    }
    return Signal(
        "trigger",
        key,
        title=name,
        at=at,
        starts_at=at,
        severity=STATES[state],
        labels={k: v for k, v in labels.items() if v},
        annotations={k: v for k, v in notes.items() if v},
        names=tuple(filter(None, dimensions.values())),
    )


def _dimensions(alarm: Node) -> dict[str, str]:
    trigger = alarm.optional("Trigger")
    if trigger is None:
        return {}
    found = trigger.optional("Dimensions")
    listed = list(found.items())[:30] if found else []
    return {one.plain("name", most=200): one.plain("value", most=TEXT_LETTERS) for one in listed}


def _metric(alarm: Node) -> str:
    trigger = alarm.optional("Trigger")
    return "" if trigger is None else trigger.plain("MetricName", most=200)


def _published(told: Node, text: str) -> Signal:
    subject, topic = _word(told, "Subject"), _word(told, "TopicArn")
    title = documents.tidy(subject or text.strip().split("\n")[0])[:TITLE_LETTERS]
    at = told.moment("Timestamp")
    return Signal(
        "trigger",
        documents.tidy(_word(told, "MessageId"))[:KEY_LETTERS],
        title=title or topic,
        at=at,
        starts_at=at,
        labels={"topic": documents.tidy(topic)[:TEXT_LETTERS]},
        annotations={"summary": documents.tidy(text)[:TEXT_LETTERS]},
        group=topic[:KEY_LETTERS],
    )


def _signed(told: Node, kind: str) -> bytes:
    """Return what Amazon signs: names and values in order, a line each; Subject where there is."""
    values = ((name, told.optional(name)) for name in SIGNED[kind])
    lines = (f"{name}\n{found.of(str)}\n" for name, found in values if found is not None)
    return "".join(lines).encode("utf-8", "replace")


def _unpacked(told: Node) -> bytes:
    try:
        return base64.b64decode(_word(told, "Signature"), validate=True)
    except ValueError as error:
        raise told.wrong("is not base64", "Signature") from error


def _word(told: Node, name: str) -> str:
    """Return a text exactly as it was signed; empty where it is absent."""
    found = told.optional(name)
    return "" if found is None else str(found.of(str))[:MOST_LETTERS]
