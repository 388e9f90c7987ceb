"""Keys of SSH as texts: fingerprints, pairs, what is usable. Light: it loads no SSH client."""

import base64
import binascii
from hashlib import sha256
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fullscore.connectors.base import Refused

OPENSSH, PEM = serialization.PrivateFormat.OpenSSH, serialization.Encoding.PEM


def fingerprint(line: str) -> str:
    """Return the fingerprint of a public key's line, as `ssh-keygen -l` shows it."""
    try:
        body = base64.b64decode(line.split()[1], validate=True)
    except (IndexError, binascii.Error, ValueError) as error:
        raise Refused("This is no public key in OpenSSH's form.") from error
    return "SHA256:" + base64.b64encode(sha256(body).digest()).decode().rstrip("=")


def new_pair(comment: str) -> tuple[str, str]:
    """Return a fresh Ed25519 pair: the private key, and the line for `authorized_keys`."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(PEM, OPENSSH, serialization.NoEncryption())
    public = key.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    return private.decode(), f"{public.decode()} {comment}"


def check_private(text: str) -> None:
    """Raise Refused, with what to do, for a text that is no usable private key."""
    _loaded(text)


def public_line(private: str) -> str:
    """Return the public half of a private key as one line. Raises Refused."""
    public = _loaded(private).public_key()
    kind, form = serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    return str(public.public_bytes(kind, form).decode())


def _loaded(text: str) -> Any:
    body = text.encode()
    is_openssh = b"BEGIN OPENSSH PRIVATE KEY" in body
    load = serialization.load_ssh_private_key if is_openssh else serialization.load_pem_private_key
    try:
        return load(body, None)
    except TypeError as error:  # what the library raises for a password that is not given
        told = "This key has a passphrase: make one without, for this use alone."
        raise Refused(told) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        if "password" in str(error).lower():
            told = "This key has a passphrase: make one without, for this use alone."
            raise Refused(told) from error
        raise Refused("This is no private key in OpenSSH's or PEM form.") from error
