"""The text of a token: `fs_`, 256 random bits, a checksum, all in letters and digits.

The prefix lets scanners find a leaked token; the checksum tells a typing mistake from a wrong token
without asking the database. It guards against nothing else.
"""

import hashlib
import re
import secrets
import string
import zlib

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
RANDOM_BITS = 256
BODY = 43  # digits to base 62 that hold 256 bits
CHECK = 6  # digits to base 62 that hold a CRC-32
SHOWN = 11  # "fs_" and eight digits: tells tokens apart in a list; 208 secret bits remain
FORM = re.compile(rf"fs_[0-9A-Za-z]{{{BODY + CHECK}}}\Z")


def new() -> str:
    """Return a fresh token."""
    body = "fs_" + _base62(secrets.randbits(RANDOM_BITS), BODY)
    return body + _checksum(body)


def is_well_formed(text: str) -> bool:
    """Say whether a text could be a token: right form, right checksum."""
    return bool(FORM.match(text)) and _checksum(text[:-CHECK]) == text[-CHECK:]


def digest(text: str) -> str:
    """Return what is stored of a token or link: SHA-256, as 256 random bits need no slow hash."""
    return hashlib.sha256(text.encode()).hexdigest()


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), CHECK)


def _base62(number: int, width: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 62)
        digits = ALPHABET[digit] + digits
    return digits.rjust(width, ALPHABET[0])
