"""A certificate and a key of our own, which sign as Amazon SNS does."""

import base64
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

FIELDS = {
    "Notification": ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
    "SubscriptionConfirmation": [
        "Message",
        "MessageId",
        "SubscribeURL",
        "Timestamp",
        "Token",
        "TopicArn",
        "Type",
    ],
}


@cache
def pair() -> tuple[rsa.RSAPrivateKey, bytes]:
    """Return a key and its certificate (PEM)."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return key, made.public_bytes(serialization.Encoding.PEM)


def signed(told: dict[str, Any], version: str = "1") -> dict[str, Any]:
    """Return a message with its signature."""
    names = [name for name in FIELDS[told["Type"]] if name in told]
    text = "".join(f"{name}\n{told[name]}\n" for name in names)
    digest = hashes.SHA1() if version == "1" else hashes.SHA256()  # as Amazon does
    signature = pair()[0].sign(text.encode(), padding.PKCS1v15(), digest)
    encoded = base64.b64encode(signature).decode()
    return told | {"SignatureVersion": version, "Signature": encoded}
