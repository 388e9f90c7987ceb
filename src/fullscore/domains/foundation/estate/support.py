"""Until when releases of operating systems, runtimes and databases get security updates.

From the machine's own distro-info-data where it is installed (Debian, Ubuntu), else from the tables
below: the dates the projects publish on their life-cycle pages, read on 2026-11. Never guessed:
what is not known has no date.
"""

import csv
from datetime import date
from functools import cache
from pathlib import Path
from typing import NamedTuple

DISTRO_INFO = Path("/usr/share/distro-info")


class Support(NamedTuple):
    """The last day of security updates, and who says so."""

    until: date
    source: str


PUBLISHED: dict[tuple[str, str], str] = {
    ("debian", "10"): "2024-06-30", ("debian", "11"): "2026-08-31", ("debian", "12"): "2028-06-30",
    ("debian", "13"): "2030-06-30",
    ("ubuntu", "18.04"): "2023-05-31", ("ubuntu", "20.04"): "2025-05-31",
    ("ubuntu", "22.04"): "2027-06-01", ("ubuntu", "24.04"): "2029-05-31",
    ("centos", "7"): "2024-06-30", ("centos", "8"): "2021-12-31",
    ("rhel", "7"): "2024-06-30", ("rhel", "8"): "2029-05-31", ("rhel", "9"): "2032-05-31",
    ("rhel", "10"): "2035-05-31",
    ("rocky", "8"): "2029-05-31", ("rocky", "9"): "2032-05-31", ("rocky", "10"): "2035-05-31",
    ("almalinux", "8"): "2029-05-31", ("almalinux", "9"): "2032-05-31",
    ("almalinux", "10"): "2035-05-31",
    ("amzn", "2"): "2026-06-30", ("amzn", "2023"): "2029-06-30",
    ("alpine", "3.18"): "2025-05-09", ("alpine", "3.19"): "2025-11-01",
    ("alpine", "3.20"): "2026-04-01", ("alpine", "3.21"): "2026-11-01",
    ("alpine", "3.22"): "2027-05-01",
}  # fmt: skip


# What comes after a release, one step at a time; empty: its maker has nothing that follows it.
FOLLOWS: dict[tuple[str, str], str] = {
    ("debian", "10"): "11", ("debian", "11"): "12", ("debian", "12"): "13",
    ("ubuntu", "18.04"): "20.04", ("ubuntu", "20.04"): "22.04", ("ubuntu", "22.04"): "24.04",
    ("rhel", "7"): "8", ("rhel", "8"): "9", ("rhel", "9"): "10",
    ("rocky", "8"): "9", ("rocky", "9"): "10", ("almalinux", "8"): "9", ("almalinux", "9"): "10",
    ("amzn", "2"): "2023", ("centos", "7"): "", ("centos", "8"): "",
    ("alpine", "3.18"): "3.19", ("alpine", "3.19"): "3.20", ("alpine", "3.20"): "3.21",
    ("alpine", "3.21"): "3.22",
}  # fmt: skip
IN_PLACE = ("debian", "ubuntu")  # those that apt brings to the next release on a running machine

# What its maker packages itself, outside the distribution. What a distribution packages it also
# repairs, as long as the release itself is supported.
PRODUCTS: dict[str, dict[str, str]] = {
    "PostgreSQL": {
        "12": "2024-11-21", "13": "2025-11-13", "14": "2026-11-12", "15": "2027-11-11",
        "16": "2028-11-09", "17": "2029-11-08", "18": "2030-11-14",
    },
    "MySQL": {"5.7": "2023-10-31", "8.0": "2026-04-30", "8.4": "2032-04-30"},
    "MariaDB": {
        "10.5": "2025-06-24", "10.6": "2026-07-06", "10.11": "2028-02-16", "11.4": "2029-05-29",
    },
    "Node.js": {
        "16": "2023-09-11", "18": "2025-04-30", "20": "2026-04-30", "22": "2027-04-30",
        "24": "2028-04-30",
    },
    "PHP": {
        "7.4": "2022-11-28", "8.0": "2023-11-26", "8.1": "2025-12-31", "8.2": "2026-12-31",
        "8.3": "2027-12-31", "8.4": "2028-12-31",
    },
}  # fmt: skip


def release_of(os_id: str, version: str) -> str:
    """Return the release a version belongs to, as its makers count: 9 of Rocky 9.6."""
    parts = version.strip().split(".")
    is_known = any(one == os_id.lower() and part == ".".join(parts[:2]) for one, part in PUBLISHED)
    return ".".join(parts[:2]) if is_known else parts[0]


def next_release(os_id: str, release: str) -> str | None:
    """Return the release that follows one; empty when none does, None when nobody told us."""
    return FOLLOWS.get((os_id.lower(), release))


def of_product(name: str, release: str) -> Support | None:
    """Return the end of support of a release of a runtime or database, where it is known."""
    day = PRODUCTS.get(name, {}).get(release)
    return Support(date.fromisoformat(day), "its maker's life-cycle page") if day else None


def newest_of(name: str) -> str:
    """Return the release of a product that is supported for longest."""
    return max(PRODUCTS[name].items(), key=lambda pair: pair[1])[0]


def of_release(os_id: str, version: str) -> Support | None:
    """Return the end of support of a release, or None when nobody told us."""
    os_id, version = os_id.lower(), version.strip()
    if found := _from_machine(os_id).get(version):
        return Support(found, "distro-info-data")
    parts = version.split(".")
    for length in (2, 1):
        if day := PUBLISHED.get((os_id, ".".join(parts[:length]))):
            return Support(date.fromisoformat(day), "the distribution's life-cycle page")
    return None


@cache
def _from_machine(os_id: str) -> dict[str, date]:
    """Return version → last day by Debian's package of release dates; empty without it."""
    path = DISTRO_INFO / f"{os_id}.csv"
    if os_id not in ("debian", "ubuntu") or not path.is_file():
        return {}
    found = {}
    with path.open(newline="") as rows:
        for row in csv.DictReader(rows):
            last = row.get("eol-lts") or row.get("eol-server") or row.get("eol") or ""
            version = (row.get("version") or "").removesuffix(" LTS")
            if version and last:
                found[version] = date.fromisoformat(last)
    return found
