"""Checks of kernel, packages and their updates."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from fullscore.domains.infrastructure.servers.checks.common import told
from fullscore.domains.infrastructure.servers.queries import Host
from fullscore.kit.checks import (
    Limits,
    Subject,
    Verdict,
    bad,
    good,
    graded,
    not_applicable,
    rule,
    unknown,
)

QUARTER = timedelta(minutes=15)
LISTS_FRESH_SECONDS = 48 * 3600
LISTS_OLD = "the package lists are older than 48 hours"
REFRESH = "apt-get update, dnf makecache, or apk update"


@rule(
    "servers.reboot_needed", title="Hosts that need a reboot", codes=["S11"], every=QUARTER,
    why="An update that takes effect at the next boot does not protect until then.",
    source="The distribution's own mark (/run/reboot-required, needs-restarting).",
    fix="Reboot in the next window; drain the services first.",
)  # fmt: skip
def reboot_needed(hosts: Iterable[Host], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which hosts wait for a reboot."""

    def inside(host: Host, restart: dict[str, Any], now: datetime, mine: Any) -> Iterator[Verdict]:
        subject = Subject(item=host.item)
        # A newer kernel alone is `kernel_outdated`: one condition, one finding.
        if restart.get("reboot_required") and restart.get("reasons") != ["kernel"]:
            packages = restart.get("packages") or []
            yield bad(
                subject, severity=3, title=f"{host.name} needs a reboot", advice=reboot_needed.fix,
                evidence=({"reasons": restart.get("reasons"), "packages": packages[:20]},),
            )  # fmt: skip
        else:
            yield good(subject)

    yield from told(hosts, "restart", inside, now=now, limits=limits)


@rule(
    "servers.kernel_outdated",
    title="Kernels that are not the newest installed",
    codes=["S11"],
    every=QUARTER,
    follows=["servers.reboot_needed"],
    why="The fixed kernel lies on the disk while the old one runs.",
    source="The probe finds a newer kernel installed beside the running one.",
    fix="Reboot in the next window.",
)
def kernel_outdated(hosts: Iterable[Host], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which hosts run an older kernel than they have."""

    def inside(host: Host, restart: dict[str, Any], now: datetime, mine: Any) -> Iterator[Verdict]:
        running, newest = restart.get("running_kernel"), restart.get("newest_kernel")
        subject = Subject(item=host.item)
        if not newest or not running:
            yield not_applicable(subject, why="a container, or a kernel from outside")
        elif "kernel" in (restart.get("reasons") or []):
            yield bad(
                subject, severity=3, title=f"{host.name} runs kernel {running}, not {newest}",
                evidence=({"running": running, "newest": newest},), advice=kernel_outdated.fix,
            )  # fmt: skip
        else:  # a running kernel newer than any installed, or of another flavour, waits for nothing
            yield good(subject)

    yield from told(hosts, "restart", inside, now=now, limits=limits)


@rule(
    "servers.deleted_libraries",
    title="Processes on replaced libraries",
    codes=["S11"],
    every=QUARTER,
    follows=["servers.reboot_needed"],
    why="A service keeps the old, vulnerable library in memory until it is restarted.",
    source="Files mapped by running processes that no longer exist (/proc/PID/maps).",
    fix="Restart the named units: `needrestart -r l` shows the same list.",
)
def deleted_libraries(hosts: Iterable[Host], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say where services still use libraries that were replaced."""

    def inside(host: Host, restart: dict[str, Any], now: datetime, mine: Any) -> Iterator[Verdict]:
        subject = Subject(item=host.item)
        users = restart.get("processes") or []
        if users:
            yield bad(
                subject, severity=3, advice=deleted_libraries.fix, evidence=tuple(users[:20]),
                title=f"{len(users)} processes on {host.name} use replaced libraries",
            )  # fmt: skip
        else:
            yield good(subject)

    yield from told(
        hosts, "restart", inside, now=now, limits=limits, blinded_by="processes of other users"
    )


@rule(
    "servers.security_updates",
    title="Security updates that wait",
    codes=["S21", "V1"],
    every=QUARTER,
    why="Most break-ins use faults for which an update had been out for weeks.",
    source="Any waiting for 0–7 days: medium; longer: high. Package lists older "
    "than 48 h: unknown.",
    fix="Apply them in the next window: `apt-get upgrade`, `dnf upgrade --security`.",
    limits={"days": 7},
)
def security_updates(hosts: Iterable[Host], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say where security updates wait, by the host's own package lists."""

    def inside(host: Host, updates: dict[str, Any], now: datetime, mine: Any) -> Iterator[Verdict]:
        subject = Subject(item=host.item)
        waiting = [u for u in updates.get("rows") or [] if u.get("is_security")]
        age = updates.get("age_seconds")
        if (age is None or age > LISTS_FRESH_SECONDS) and not waiting:
            yield unknown(subject, why=LISTS_OLD, remedy=REFRESH)
            return
        if not waiting and any(u.get("is_security") is None for u in updates.get("rows") or []):
            why = "its package manager does not say which updates are for security"
            yield not_applicable(subject, why=why)
            return
        if not waiting:
            yield good(subject, figure=0, limit=0, unit="1")
            return
        oldest = min((u["since"] for u in waiting if u.get("since")), default=None)
        days = (now - datetime.fromisoformat(oldest)).days if oldest else 0
        names = ", ".join(sorted({u["name"] for u in waiting})[:5])
        yield bad(
            subject,
            severity=4 if days > mine["days"] else 3,
            figure=len(waiting),
            limit=0,
            unit="1",
            title=f"{len(waiting)} security updates wait on {host.name}",
            evidence=tuple(
                {
                    "package": u["name"],
                    "installed": u.get("installed"),
                    "candidate": u.get("candidate"),
                    "origin": u.get("origin"),
                }
                for u in waiting[:20]
            ),
            advice=f"Among them: {names}. {security_updates.fix}",
        )

    for verdict in told(hosts, "updates", inside, now=now, limits=limits):
        yield _never_fetched(verdict)


def _never_fetched(verdict: Verdict) -> Verdict:
    """Call a host that never fetched its lists unknown: only one without a package manager is
    exempt."""
    if verdict.outcome == "not_applicable" and "never fetched" in verdict.why:
        return unknown(verdict.subject, why=verdict.why, remedy=REFRESH)
    return verdict


@rule(
    "servers.package_lists_old",
    title="Package lists nobody refreshes",
    codes=["S21"],
    every=QUARTER,
    why="A host that does not know of updates looks well and is not.",
    source="Lists older than 48 hours (medium) or 14 days (high).",
    fix="Enable apt-daily.timer or dnf-makecache.timer, and check that the mirrors answer.",
    limits={"medium": 48, "high": 336},
)
def package_lists_old(hosts: Iterable[Host], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say whose package lists are stale."""

    def inside(host: Host, updates: dict[str, Any], now: datetime, mine: Any) -> Iterator[Verdict]:
        age = updates.get("age_seconds")
        if age is None:
            yield unknown(Subject(item=host.item), why="their age is not known", remedy=REFRESH)
            return
        hours = age / 3600
        yield graded(
            Subject(item=host.item), hours, mine, unit="h", advice=package_lists_old.fix,
            title=f"The package lists of {host.name} are {hours / 24:.0f} days old",
        )  # fmt: skip

    for verdict in told(hosts, "updates", inside, now=now, limits=limits):
        yield _never_fetched(verdict)


@rule(
    "servers.packages_broken", title="Packages half installed", every=QUARTER,
    why="Until dpkg is repaired no update can be applied at all.",
    source="Package states other than `installed` and `config-files`.",
    fix="dpkg --configure -a && apt-get -f install",
)  # fmt: skip
def packages_broken(hosts: Iterable[Host], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say where a package is unpacked but not configured, or worse."""
    fine = ("installed", "config-files", "not-installed", None, "")

    def inside(
        host: Host, packages: list[dict[str, Any]], now: datetime, mine: Any
    ) -> Iterator[Verdict]:
        broken = [p for p in packages if p.get("state") not in fine]
        subject = Subject(item=host.item)
        if broken:
            yield bad(
                subject,
                severity=4,
                title=f"{len(broken)} packages are half installed on {host.name}",
                evidence=tuple({"package": p["name"], "state": p["state"]} for p in broken[:20]),
                advice=packages_broken.fix,
            )
        else:
            yield good(subject)

    yield from told(hosts, "packages", inside, now=now, limits=limits)
