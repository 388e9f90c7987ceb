"""Until when releases of operating systems get security updates.

From the machine's own distro-info-data where it is installed (Debian, Ubuntu), else from the table
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
