"""Envelope encryption: each secret has a key of its own, wrapped by the installation's master key.

Method: AES-256-GCM (NIST SP 800-38D), a fresh 96-bit nonce for each sealing. The associated data
bind a ciphertext to its place, so that it cannot be moved to another row or field unnoticed.
"""

import base64
import binascii
import hashlib
import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12

Place = tuple[str, str, str]  # table, id, field


class Unopened(ValueError):
    """What was sealed does not open: altered, moved, or its master key is gone."""


@dataclass(frozen=True, slots=True, repr=False)
class MasterKeys:
    """The master keys in force: the first wraps, all unwrap. Two stand there during a rotation."""

    keys: dict[str, bytes]  # key id → 32 bytes, in the operator's order

    @classmethod
    def read(cls, text: str) -> "MasterKeys":
        """Read keys in base64, parted by commas or white space; ValueError names what is wrong."""
        keys = {}
        for word in text.replace(",", " ").split():
            try:
                key = base64.b64decode(word, validate=True)
            except binascii.Error as error:
                raise ValueError("A master key is not valid base64.") from error
            if len(key) != KEY_BYTES:
                raise ValueError(f"A master key has {len(key)} bytes; it must have {KEY_BYTES}.")
            keys[key_id(key)] = key
        if not keys:
            raise ValueError("There is no master key.")
        return cls(keys)

    @property
    def first_id(self) -> str:
        """Return the id of the key that wraps."""
        return next(iter(self.keys))

    def wrap(self, data_key: bytes, place: Place) -> tuple[str, bytes]:
        """Return the id of the first master key and `data_key` sealed with it."""
        return self.first_id, seal(self.keys[self.first_id], data_key, place)

    def unwrap(self, wrapped: bytes, *, by: str, place: Place) -> bytes:
        """Return a data key that the master key with the id `by` wrapped."""
        if by not in self.keys:
            raise Unopened(
                f"This was sealed with master key {by}, which this installation does not have. "
                "Put that key back beside the present one, or enter the credential again."
            )
        return unseal(self.keys[by], wrapped, place)


def key_id(key: bytes) -> str:
    """Return the name of a key: tells keys apart, tells nothing of them."""
    return hashlib.sha256(b"fullscore master key\0" + key).hexdigest()[:12]


def new_data_key() -> bytes:
    """Return a fresh key for one secret."""
    return AESGCM.generate_key(bit_length=8 * KEY_BYTES)


def seal(key: bytes, plain: bytes, place: Place) -> bytes:
    """Return nonce and ciphertext of `plain`, bound to its place."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, _bound(place))


def unseal(key: bytes, sealed: bytes, place: Place) -> bytes:
    """Return what was sealed; refuse what was altered or stood elsewhere."""
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _bound(place))
    except (InvalidTag, ValueError) as error:
        raise Unopened(
            "This credential was altered or moved in the database, and cannot be read. "
            "Enter it again, and find out who wrote to the database."
        ) from error


def _bound(place: Place) -> bytes:
    return "\0".join(place).encode()
