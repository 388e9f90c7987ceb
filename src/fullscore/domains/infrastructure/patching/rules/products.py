"""Which runtime or database a package is, where its maker and not the distribution packaged it."""

import re
from typing import NamedTuple


class Product(NamedTuple):
    """A release of a runtime or database."""

    name: str
    release: str


# What the makers' own packages are called, and what their versions carry; the first group of
# either is the release.
KNOWN: tuple[tuple[str, str, str], ...] = (
    ("PostgreSQL", r"postgresql-(\d+)|postgresql(\d+)-server", r".*pgdg.*"),
    ("Node.js", r"nodejs", r"(?:\d+:)?(\d+)\..*nodesource.*"),
    ("PHP", r"php(\d\.\d)-(?:fpm|cli)", r".*\+0~2\d{7}.*"),
    ("MySQL", r"mysql-community-server", r"(?:\d+:)?(\d+\.\d+)\..*"),
    ("MariaDB", r"mariadb-server|MariaDB-server", r"(?:\d+:)?(\d+\.\d+)\..*(?:\+maria|\.el\d).*"),
)
BEGINNINGS = ("postgresql", "nodejs", "php", "mysql-community-server", "mariadb-server",
              "MariaDB-server")  # fmt: skip
_RULES = [(name, re.compile(called), re.compile(version, re.IGNORECASE))
          for name, called, version in KNOWN]  # fmt: skip


def product(package: str, version: str) -> Product | None:
    """Return the product a package is, or None: another thing, or the distribution's to repair."""
    for name, called, carried in _RULES:
        one, other = called.fullmatch(package), carried.fullmatch(version)
        if one and other:
            found = next(filter(None, (*one.groups(), *other.groups())), "")
            return Product(name, found)
    return None
