"""What hosts answer when their packages are altered. Pure; their texts are untrusted."""

import re
from dataclasses import dataclass

from fullscore.connectors.apt.transaction import Altered, Transaction
from fullscore.connectors.base import Garbled

# Inst openssl [3.0.1] (3.0.2 Debian:12/stable [amd64])     Remv libold [1.0]
INST = re.compile(r"^Inst (\S+)(?: \[(\S+?)\])? \((\S+)(?: ([^\[\]()]*))?")
REMV = re.compile(r"^Remv (\S+)(?: \[(\S+?)\])?")
CONTROL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")
MOST_WORDS = 300


def words(output: bytes) -> str:
    """Return an output as text: UTF-8, without control characters and terminal escapes."""
    return CONTROL.sub("", output.decode("utf-8", "replace"))


def complaint(text: str) -> str:
    """Return the sentence in which apt or dpkg says what is wrong; else the last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for mark in ("dpkg: error", "E: ", "W: ", "Err:"):
        found = [n for n, line in enumerate(lines) if line.startswith(mark)]
        if found:
            told = lines[found[0]].removeprefix(mark if mark.endswith(": ") else "")
            if told.endswith(":"):  # what dpkg has to say of it stands on the next line
                told = " ".join([told, *lines[found[0] + 1 : found[0] + 2]])
            return told[:MOST_WORDS]
    return lines[-1][:MOST_WORDS] if lines else "it said nothing"


def transaction(text: str) -> Transaction:
    """Read what `apt-get -s` would do."""
    upgraded, added, removed = list[Altered](), list[Altered](), list[Altered]()
    for line in text.splitlines():
        if found := INST.match(line):
            one = Altered(found[1], found[2] or "", found[3].rstrip(")"), (found[4] or "").strip())
            (upgraded if found[2] else added).append(one)
        elif found := REMV.match(line):
            removed.append(Altered(found[1], found[2] or "", ""))
    return Transaction(tuple(upgraded), tuple(added), tuple(removed))


def versions(text: str) -> dict[str, str]:
    """Read `name version status` lines; what is not wholly installed has the version “”."""
    found = {}
    for line in text.splitlines():
        parts = line.split()
        if len(parts) == 3:
            found[parts[0]] = parts[1] if parts[2] == "installed" else ""
    return found


def kept(listing: str) -> frozenset[str]:
    """Return the packages of which a file is listed."""
    return frozenset(line.split("_")[0] for line in listing.splitlines())


def running(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """Read which services run and which addresses are listened on."""
    rows = [line.split(maxsplit=1) for line in text.splitlines()]
    units = {row[1] for row in rows if row[:1] == ["unit"] and len(row) == 2}
    listens = {row[1] for row in rows if row[:1] == ["listens"] and len(row) == 2}
    return frozenset(units), frozenset(listens)


@dataclass(frozen=True, slots=True)
class Identity:
    """Which boot of which kernel runs, and the newest kernel there is; “” where none is kept."""

    boot_id: str
    kernel: str
    newest: str


def identity(text: str) -> Identity:
    """Read the boot's id, the running kernel, and the newest of /boot. Raises Garbled."""
    lines = text.split("\n")
    if len(lines) < 2 or not re.fullmatch(r"[0-9a-f-]{8,40}", lines[0].strip()):
        raise Garbled("It does not tell which boot this is.")
    kernels = [line.removeprefix("vmlinuz-") for line in lines[2:] if line.startswith("vmlinuz-")]
    newest = max(kernels, key=_natural, default="")
    return Identity(lines[0].strip(), lines[1].strip()[:120], newest.strip()[:120])


def _natural(text: str) -> list[tuple[int, int, str]]:
    """Return a key by which 6.1.0-10 comes after 6.1.0-9."""
    parts = re.findall(r"\d+|\D+", text)
    return [(0, int(one), "") if one.isdigit() else (1, 0, one) for one in parts]


def free_kib(text: str) -> list[int]:
    """Read free KiB, one figure a line."""
    return [int(line) for line in text.split() if line.isdigit()]


def detached(text: str) -> tuple[str, int | None, str]:
    """Read how a detached command stands: running, lost or ended, its status, and its log."""
    first, _, log = text.partition("\n")
    state, _, status = first.strip().partition(" ")
    if state == "ended" and status.strip().isdigit():
        return "ended", int(status), log
    if state in ("running", "lost"):
        return state, None, log
    raise Garbled("It does not tell how the work stands.")
