"""Which version of a package is newer, as its package manager says, in keys that sort as bytes.

A key is stored beside the version, so a database compares and indexes what only a package manager
understands: `key("deb", a) < key("deb", b)` says what `dpkg --compare-versions a lt b` says, and
equal keys are versions the manager takes for the same ("1.0" and "1.00"). Keys of two managers are
not compared. Every text has a key; a text that is no version of its manager sorts somewhere.

Sources: Debian policy 5.6.12 and deb-version(7); rpm's manual, "rpm-version(7)"; the format
`digit{.digit}…{letter}{_suffix{number}}…{~hash}{-r#}` of apk-package(5).
"""

import re
from collections.abc import Callable, Iterator

# What a version may go on with, in ascending order. A part that ends sorts as END.
BEFORE_END, END = b"\x01", b"\x02"


def key(manager: str, version: str) -> bytes:
    """Return bytes that sort as a package manager (deb, rpm, apk) sorts its versions.

    ValueError: another manager.
    """
    made = KEYS.get(manager)
    if made is None:
        raise ValueError(f"versions of “{manager}” are not compared: one of {', '.join(KEYS)}")
    return made(version.strip())


def compare(manager: str, one: str, other: str) -> int:
    """Return -1, 0 or 1: one version is older than the other, the same, or newer."""
    first, second = key(manager, one), key(manager, other)
    return (first > second) - (first < second)


def _number(digits: str) -> bytes:
    """Return a number of any length so that bytes sort as numbers: how long it is, then what."""
    digits = digits.lstrip("0")
    many, rest = divmod(len(digits), 255)
    return b"\xff" * many + bytes([rest]) + digits.encode()


# ── deb ────────────────────────────────────────────────────────────────────────────────────────


def _deb(version: str) -> bytes:
    """Return epoch, upstream version and revision; a missing one is 0."""
    epoch, upstream = _epoch(version)
    upstream, _, revision = upstream.rpartition("-") if "-" in upstream else (upstream, "", "")
    return _number(epoch) + _deb_part(upstream) + _deb_part(revision)


def _epoch(version: str) -> tuple[str, str]:
    epoch, colon, rest = version.partition(":")
    return (epoch, rest) if colon and re.fullmatch(r"[0-9]+", epoch) else ("0", version)


def _deb_part(text: str) -> bytes:
    """Return pairs of what is no digit and a number; pairs of nothing and 0 at the end are cut.

    After the first pair what is no digit is never empty, so END there is the end of the part.
    """
    pairs = re.findall(r"([^0-9]*)([0-9]*)", text)
    while len(pairs) > 1 and not pairs[-1][0] and not pairs[-1][1].strip("0"):
        pairs.pop()
    told = (b"".join(map(_deb_sign, signs)) + END + _number(number) for signs, number in pairs)
    return b"".join(told) + END


def _deb_sign(sign: str) -> bytes:
    """Return a tilde before the end, a letter after it, everything else after all letters."""
    if sign == "~":
        return BEFORE_END
    if not sign.isascii():
        return b"\xff" + ord(sign).to_bytes(4, "big")
    return sign.encode() if sign.isalpha() else bytes([0x80 | ord(sign)])


# ── rpm ────────────────────────────────────────────────────────────────────────────────────────

RPM_CARET, RPM_WORD, RPM_NUMBER = b"\x03", b"\x04", b"\x05"
RPM_PIECES = re.compile(r"~|\^|[0-9]+|[A-Za-z]+")


def _rpm(version: str) -> bytes:
    """Return epoch, version and release; a missing release comes before every other."""
    epoch, rest = _epoch(version)
    number, _, release = rest.partition("-")
    return _number(epoch) + _rpm_part(number) + _rpm_part(release)


def _rpm_part(text: str) -> bytes:
    """Return words and numbers, whatever separates them; a number is newer than a word.

    A tilde comes before the end, a caret after the end and before everything that goes on.
    """
    return b"".join(map(_rpm_piece, RPM_PIECES.findall(text))) + END


def _rpm_piece(piece: str) -> bytes:
    if piece == "~":
        return BEFORE_END
    if piece == "^":
        return RPM_CARET
    return RPM_NUMBER + _number(piece) if piece.isdigit() else RPM_WORD + piece.encode() + b"\0"


# ── apk ────────────────────────────────────────────────────────────────────────────────────────

APK_BEFORE = ("alpha", "beta", "pre", "rc")  # of a version, and after it:
APK_AFTER = ("cvs", "svn", "git", "hg", "p")
APK_REVISION, APK_HASH, APK_COUNT, APK_SUFFIX, APK_LETTER, APK_NUMBER, APK_OTHER = (
    bytes([place]) for place in range(3, 10)
)
APK_VERSION = re.compile(
    r"(?P<first>[0-9]+)(?P<more>(?:\.[0-9]+)*)(?P<letter>[a-z]?)"
    rf"(?P<suffixes>(?:_(?:{'|'.join((*APK_BEFORE, *APK_AFTER))})[0-9]*)*)"
    r"(?:~(?P<hash>[0-9a-f]+))?(?:-r(?P<revision>[0-9]+))?"
)


def _apk(version: str) -> bytes:
    """Return the tokens of a version; a text that goes on with something else is newer."""
    found = APK_VERSION.match(version)
    if found is None:
        return APK_OTHER + version.encode("utf-8", "replace")
    rest = version[found.end() :]
    return b"".join(_apk_tokens(found)) + (
        APK_OTHER + rest.encode("utf-8", "replace") if rest else END
    )


def _apk_tokens(found: re.Match[str]) -> Iterator[bytes]:
    yield _number(found["first"])
    for number in found["more"].split(".")[1:]:
        yield APK_NUMBER + _apk_number(number)
    if found["letter"]:
        yield APK_LETTER + found["letter"].encode()
    for name, count in re.findall(r"_([a-z]+)([0-9]*)", found["suffixes"]):
        yield _apk_suffix(name) + (APK_COUNT + _number(count) if count else b"")
    if found["hash"]:
        yield APK_HASH + found["hash"].encode() + b"\0"
    if found["revision"]:
        yield APK_REVISION + _number(found["revision"])


def _apk_number(digits: str) -> bytes:
    """Return what begins with a zero as a fraction is compared, and before all other numbers."""
    return b"\x01" + digits.encode() + b"\0" if digits[0] == "0" else b"\x02" + _number(digits)


def _apk_suffix(name: str) -> bytes:
    if name in APK_BEFORE:
        return BEFORE_END + bytes([APK_BEFORE.index(name)])
    return APK_SUFFIX + bytes([APK_AFTER.index(name)])


KEYS: dict[str, Callable[[str], bytes]] = {"deb": _deb, "rpm": _rpm, "apk": _apk}
