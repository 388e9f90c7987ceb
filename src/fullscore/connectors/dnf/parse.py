"""What hosts of Red Hat's family answer when their packages are altered. Pure; texts untrusted."""

import re

from fullscore.connectors.apt.parse import MOST_WORDS
from fullscore.connectors.apt.transaction import Altered, Transaction

#  webapp    noarch    2.0-1    test    6.0 k
ROW = re.compile(r"^ (\S+) +(\S+) +(\S+) +(\S+) +[\d.]+ [kMG]?\s*$", re.M)
TITLE = re.compile(r"^([A-Z][A-Za-z ]+):$", re.M)
REPLACES = re.compile(r"^ +replacing +(\S+)\.\S+ (\S+)$", re.M)
COMPLAINT = re.compile(r"^(?:Error|error|Failed)\b:? *(.*)$")


def complaint(text: str) -> str:
    """Return the sentence in which dnf or rpm says what is wrong; else the last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for place, line in enumerate(lines):
        if found := COMPLAINT.match(line):
            told = found[1].strip()
            if told in ("", "Transaction failed"):  # what is wrong stands on the next line
                told = " ".join([told, *lines[place + 1 : place + 2]]).strip()
            return told[:MOST_WORDS]
    for words in ("Nothing to do.", "No match for argument"):
        if found_line := next((line for line in lines if line.startswith(words)), ""):
            return found_line[:MOST_WORDS]
    return lines[-1][:MOST_WORDS] if lines else "it said nothing"


def kept(listing: str) -> frozenset[str]:
    """Return the packages of which a file is listed: name-version-release.architecture.rpm."""
    return frozenset(line.rsplit("-", 2)[0] for line in listing.split())


def transaction(text: str) -> Transaction:
    """Read the table in which `dnf --assumeno` says what it would do.

    A kernel is installed beside its older ones, so dnf calls that installing: a package that was
    planned counts as upgraded whatever its title, which `differs_from` sees by its name. The table
    does not tell versions of before.
    """
    table = text.partition("Transaction Summary")[0]
    titles = [(found.start(), found[1]) for found in TITLE.finditer(table)]
    upgraded, added, removed = list[Altered](), list[Altered](), list[Altered]()
    for row in ROW.finditer(table):
        title = next((name for at, name in reversed(titles) if at < row.start()), "")
        name, _, version, source = row.groups()
        if title in ("Upgrading", "Downgrading", "Installing"):
            upgraded.append(Altered(name, "", version, source))
        elif title.startswith(("Installing ", "Reinstalling")):
            added.append(Altered(name, "", version, source))
        elif not title.startswith("Skipping"):
            removed.append(Altered(name, version, ""))
    removed += [Altered(found[1], found[2], "") for found in REPLACES.finditer(table)]
    return Transaction(tuple(upgraded), tuple(added), tuple(removed))
