"""What is wrong at Brightwater: where, for how long, and which check must say so in which words.

A test runs every check on the sample company and asserts that each of these is found, and that
nothing
of severity 4 or more is found beside them. The names exist whatever the size of the company.
"""

from collections.abc import Mapping
from dataclasses import dataclass

DATABASE_DAYS = 14  # Brightwater's own limit for its databases: a new volume takes two weeks there


@dataclass(frozen=True, slots=True)
class Planted:
    """One thing that is wrong, at one or several places."""

    id: str
    where: tuple[str, ...]
    since_days: int
    check: str  # empty: it lies in the data, and no check looks for it yet
    words: str  # what the finding's title must hold
    is_repaired: bool = False  # found at first, then repaired: there to show a proof


PLANTED: tuple[Planted, ...] = (
    Planted("swapping", ("app-18",), 1, "telemetry.threshold", "Swapped in"),
    Planted("silent_series", ("cloud-06",), 1, "telemetry.series_late", "comes any more"),
    # The shipped limit is seven days ahead; nine are found because of DATABASE_DAYS.
    Planted("disk_filling", ("db-04",), 2, "servers.disk_filling", "full in 9."),
    Planted(
        "end_of_life",
        (
            "app-03",
            "app-07",
            "app-11",
            "app-15",
            "db-06",
            "cloud-02",
            "cloud-05",
            "inf-02",
            "hv-vnl-01",
        ),
        40,
        "estate.end_of_life",
        "ended",
    ),
    Planted(
        "updates_late",
        ("app-01", "app-04", "app-08", "app-12", "inf-01", "cloud-03"),
        12,
        "servers.security_updates",
        "security updates wait",
    ),
    Planted(
        "updates_new",
        ("app-02", "app-05", "app-06", "app-09", "app-10", "app-13", "cloud-01", "inf-03"),
        3,
        "servers.security_updates",
        "security updates wait",
    ),
    Planted("clock_off", ("app-13",), 1, "servers.clock_off", "+4.0 s off"),
    Planted("certificate_ending", ("app-16",), 2, "estate.certificate_ends", "ends in 12 days"),
    Planted("unit_failed", ("app-05",), 1, "servers.unit_failed", "edi-import.service failed"),
    Planted(
        "root_password",
        ("cloud-01", "cloud-04", "inf-04"),
        30,
        "servers.ssh_root_password",
        "with a password",
    ),
    Planted(
        "ssh_passwords",
        ("cloud-01", "cloud-04", "inf-04"),
        30,
        "servers.ssh_passwords",
        "by password",
    ),
    Planted("sudo_nopasswd", ("app-09",), 16, "servers.sudo_without_password", "%deploy is root"),
    Planted("open_database", ("db-07",), 5, "estate.open_to_world", "0.0.0.0:5432"),
    Planted(
        "single_point",
        ("Customer portal", "Track and trace"),
        20,
        "estate.single_point",
        "fw-ams-1",
    ),
    Planted("swap_thrash", ("app-18",), 0, "servers.swap_thrash", "pages per second"),
    Planted("silent", ("cloud-06",), 0, "servers.host_silent", "has told nothing"),
    Planted("unowned", ("db-03", "app-02", "pg-01-rtm"), 25, "estate.unowned", "nobody's"),
    Planted("understated", ("db-05",), 18, "estate.understated", "but says 4"),
    Planted("raid_degraded", ("hv-rtm-01",), 0, "servers.disk_failing", "is degraded"),
    Planted(
        "reboot_needed",
        ("hv-ams-02", "hv-rtm-02", "app-14"),
        9,
        "servers.reboot_needed",
        "needs a reboot",
    ),
    Planted("weak_key", ("inf-03",), 33, "servers.weak_key", "weak key"),
    Planted("leaver", ("Thijs Visser",), 10, "servers.leaver_login", "has left and still gets in"),
    Planted("no_backup", ("cloud-02", "cloud-05"), 21, "servers.no_backup", "No backup"),
    Planted("journal_unlimited", ("db-01",), 60, "servers.journal_unlimited", "no limit"),
    # The update that slowed its disk, below: nobody had asked for it.
    Planted("unrecorded", ("db-02",), 0, "changes.unrecorded", "outside any change"),
    # Its load grows as the new portal takes over, and its memory with it.
    Planted("cpu_growing", ("app-04", "db-08"), 10, "servers.saturating", "CPU of"),
    Planted("memory_growing", ("db-03",), 6, "servers.saturating", "Memory of"),
    Planted("idle", ("cloud-04",), 12, "servers.idle", "next to nothing"),
    # In the data without a check that looks for it.
    Planted("memory_leak", ("app-17",), 48, "", "restarted every six days"),
    # Since an update its disk is slow, and with it the customer portal: the one open incident.
    Planted("slow_disk", ("db-02",), 0, "", "is the cause of the incident of the customer portal"),
    # Found, then repaired, so that the closed list and its proofs are not empty.
    Planted(
        "unit_repaired", ("app-06", "app-10"), 6, "servers.unit_failed", "failed", is_repaired=True
    ),
    Planted(
        "sudo_repaired",
        ("inf-01",),
        8,
        "servers.sudo_without_password",
        "is root",
        is_repaired=True,
    ),
)


def faults() -> Mapping[str, frozenset[str]]:
    """Return what is planted at each place, by its name."""
    found: dict[str, set[str]] = {}
    for one in PLANTED:
        for name in one.where:
            found.setdefault(name, set()).add(one.id)
    return {name: frozenset(ids) for name, ids in found.items()}
