"""Each check of facts against a sick twin, a healthy twin, and a host that could not tell."""

import pytest

from fullscore.config.checks import CHECKS
from fullscore.domains.infrastructure.servers.checks import logins, running, software, storage
from tests.domains.infrastructure.servers.hosts import NOW, host, judged, worst

AT = NOW.timestamp()
UNIT = {
    "name": "nginx.service",
    "type": "simple",
    "load": "loaded",
    "active": "active",
    "sub": "running",
    "enabled": "enabled",
    "restarts": 0,
    "result": "success",
    "condition_met": True,
    "user": "root",
    "programs": ["/usr/sbin/nginx"],
    "writable": [],
}
RULE = {"who": ["ann"], "hosts": ["ALL"], "run_as": ["ALL"], "tags": [], "commands": ["/bin/ls"],
        "writable": [], "file": "/etc/sudoers", "line": 9}  # fmt: skip
USER = {"name": "ann", "uid": 1000, "shell": "/bin/bash", "has_empty_password": False, "keys": []}
HEALTH = {"passed": True, "reallocated_sectors": 0, "pending_sectors": 0, "spare_percent": 100.0,
          "spare_threshold_percent": 10.0}  # fmt: skip
ARRAY = {
    "name": "md0",
    "level": "raid1",
    "state": "active",
    "devices": ["sda1", "sdb1"],
    "failed": 0,
    "is_degraded": False,
}
MOUNT = {
    "mount": "/srv",
    "device": "/dev/sdb1",
    "type": "ext4",
    "options": "rw",
    "is_read_only": False,
    "options_wanted": "defaults",
    "size_bytes": 1000,
    "used_bytes": 10,
}
RESTART = {"reboot_required": False, "reasons": [], "packages": [], "running_kernel": "6.1.0-28",
           "newest_kernel": "6.1.0-28", "processes": []}  # fmt: skip
UPDATE = {
    "manager": "deb",
    "name": "openssl",
    "installed": "1",
    "candidate": "2",
    "is_security": True,
}
CRON = {"file": "/etc/crontab", "line": 3, "schedule": "0 3 * * *", "user": "root",
        "command": "/usr/bin/true", "writable": []}  # fmt: skip
BLOCKED = {"pid": 9, "command": "nfsd", "state": "D", "memory_bytes": 10}
LOGS = {"path": "/var/log", "size_bytes": 100, "mount": "/srv", "journal_is_persistent": True,
        "journal_limit": "1G"}  # fmt: skip


def units(**changed):
    return host({"units": [{**UNIT, **changed}]})


def timers(**changed):
    known = {"name": "backup.timer", "unit": "backup.service", "active": "active",
             "schedule": "OnCalendar=daily", "last_at": AT - 86_400}  # fmt: skip
    return host({"timers": [{**known, **changed}]})


def sudo(**changed):
    return host({"sudo": [{**RULE, **changed}]})


def users(**changed):
    return host({"users": [{**USER, **changed}]})


def keys(kind, bits):
    return users(keys=[{"type": kind, "bits": bits, "fingerprint": "SHA256:x"}])


def sshd(matches=(), source="sshd -T", **settings):
    return host({"sshd": {"source": source, "settings": settings, "matches": list(matches)}})


def disk(virtualization="none", **health):
    told = {**HEALTH, **health} if health is not None else None
    hardware = {"disks": [{"name": "sda", "health": told}], "raid": []}
    return host({"hardware": hardware, "identity": {"virtualization": virtualization}})


def unread_disk(virtualization):
    hardware = {"disks": [{"name": "sda", "health": None}], "raid": []}
    return host({"hardware": hardware, "identity": {"virtualization": virtualization}})


def array(**changed):
    return host({"hardware": {"raid": [{**ARRAY, **changed}], "disks": []}})


def mount(**changed):
    return host({"filesystems": [{**MOUNT, **changed}]})


def restart(**changed):
    return host({"restart": {**RESTART, **changed}})


def updates(*rows, age=3600.0, days=0):
    since = {"since": NOW.replace(day=1).isoformat()} if days else {"since": NOW.isoformat()}
    if days > 1:
        since = {"since": f"2026-02-{28 - days:02}T00:00:00+00:00"}
    told = {"updates": {"age_seconds": age, "rows": list(rows)}}
    return host(told, updates=lambda u: {**u, "rows": [{**r, **since} for r in u["rows"]]})


def processes(*rows, memory=1000, zombies=0, blocked_minutes=None):
    told = {"processes": {"total": 5, "states": {"Z": zombies, "S": 4}, "rows": list(rows)},
            "hardware": {"memory_bytes": memory}}  # fmt: skip
    if blocked_minutes is None:
        return host(told)
    since = {"blocked_since": AT - blocked_minutes * 60}
    return host(told, minutes_old=0, processes=lambda p: {
        **p, "rows": [{**r, **since} for r in p["rows"]]
    })  # fmt: skip


def restarted(count):
    return host(
        {"units": [UNIT]}, units=lambda rows: [{**u, "restarts_recent": count} for u in rows]
    )


def clock(**told):
    return host({"os": {"id": "debian", **told}, "identity": {"virtualization": "kvm"}})


def logs(mounts=(MOUNT,), **changed):
    return host({"logs": {**LOGS, **changed}, "filesystems": list(mounts)})


def backup(*cron, timers=(), units=(), gaps=()):
    return host({"cron": list(cron), "timers": list(timers), "units": list(units)}, *gaps)


def timer(hours, name="restic.timer"):
    return {"name": name, "unit": name.replace("timer", "service"), "last_at": AT - hours * 3600}


def packages(state):
    return host({"packages": [{"manager": "deb", "name": "libc6", "version": "1", "state": state}]})


CASES = [
    # ── what runs ──
    (running.unit_failed, units(active="failed", result="exit-code"), 4, "failed"),
    (running.unit_failed, units(), "good", "active"),
    (running.unit_failed, units(active="inactive"), "good", "stopped on purpose"),
    (running.unit_restarting, restarted(4), 4, "4 restarts"),
    (running.unit_restarting, restarted(3), "good", "3 restarts"),
    (running.unit_restarting, units(), "good", "read for the first time"),
    (running.timer_missed, timers(next_at=AT + 60), "good", "to come"),
    (running.timer_missed, timers(next_at=AT - 3600), "good", "one run is late"),
    (running.timer_missed, timers(next_at=AT - 90_000, last_at=AT - 176_400), 4, "two are missed"),
    (running.timer_missed, timers(next_at=None), "nothing", "none is to come"),
    (running.timer_missed, timers(next_at=AT - 90_000, active="inactive"), "nothing", "stopped"),
    (running.timer_missed, host({}, ("timers", "denied")), "unknown", "may not be read"),
    (running.unit_not_running, units(active="inactive"), 3, "enabled and down"),
    (running.unit_not_running, units(active="inactive", enabled="disabled"), "good", "disabled"),
    (running.unit_not_running, units(active="inactive", type="oneshot"), "good", "ends by itself"),
    (
        running.unit_not_running,
        units(active="inactive", condition_met=False),
        "good",
        "not for this host",
    ),
    (
        running.unit_not_running,
        host(
            {
                "units": [
                    {**UNIT, "active": "inactive"},
                    {"name": "nginx.socket", "active": "active"},
                ]
            }
        ),
        "good",
        "its socket waits",
    ),
    (running.zombies, processes(zombies=51), 3, "51"),
    (running.zombies, processes(zombies=50), "good", "50"),
    (running.process_stuck, processes(BLOCKED, blocked_minutes=15), 3, "blocked in two readings"),
    (
        running.process_stuck,
        processes(BLOCKED, blocked_minutes=0),
        "good",
        "blocked for the first time",
    ),
    (running.process_stuck, processes(BLOCKED), "good", "without a memory"),
    (
        running.process_oversized,
        processes({"pid": 1, "command": "java", "memory_bytes": 900}),
        4,
        "90 %",
    ),
    (
        running.process_oversized,
        processes({"pid": 1, "command": "java", "memory_bytes": 700}),
        3,
        "70 %",
    ),
    (
        running.process_oversized,
        processes({"pid": 1, "command": "java", "memory_bytes": 60}),
        "good",
        "6 %",
    ),
    (
        running.process_oversized,
        processes({"pid": 1, "memory_bytes": 60}, memory=None),
        "unknown",
        "of what?",
    ),
    (running.clock_off, clock(time_offset_seconds=-31.0), 4, "half a minute behind"),
    (running.clock_off, clock(time_offset_seconds=0.6), 3, "0.6 s"),
    (running.clock_off, clock(time_offset_seconds=0.01), "good", "10 ms"),
    (running.clock_off, clock(), "unknown", "offset not told"),
    (running.clock_unsynchronised, clock(time_synchronised=False), 3, "nobody sets it"),
    (running.clock_unsynchronised, clock(time_synchronised=True), "good", "synchronised"),
    (running.clock_unsynchronised, clock(), "unknown", "the kernel does not say"),
    (running.host_silent, host({}, minutes_old=46), 4, "46 minutes"),
    (running.host_silent, host({}, minutes_old=1441), 5, "a day"),
    (running.host_silent, host({}, minutes_old=44), "good", "44 minutes"),
    # ── kernel and packages ──
    (software.reboot_needed, restart(reboot_required=True, reasons=["packages"]), 3, "marked"),
    (software.reboot_needed, restart(), "good", "no mark"),
    (
        software.reboot_needed,
        restart(reboot_required=True, reasons=["kernel"]),
        "good",
        "the kernel's own finding",
    ),
    (
        software.kernel_outdated,
        restart(reasons=["kernel"], newest_kernel="6.1.0-30"),
        3,
        "a newer one installed",
    ),
    (software.kernel_outdated, restart(), "good", "the newest"),
    (software.kernel_outdated, restart(running_kernel="6.6.0"), "good", "newer than any installed"),
    (software.kernel_outdated, restart(newest_kernel=None), "not_applicable", "a container"),
    (software.deleted_libraries, restart(processes=[{"pid": 1, "command": "sshd"}]), 3, "in use"),
    (software.deleted_libraries, restart(), "good", "none"),
    (
        software.deleted_libraries,
        host({"restart": RESTART}, ("restart", "permission: processes of other users")),
        "unknown",
        "not of other users",
    ),
    (software.security_updates, updates(UPDATE), 3, "waits since today"),
    (software.security_updates, updates(UPDATE, days=10), 4, "waits for 12 days"),
    (
        software.security_updates,
        updates({**UPDATE, "is_security": False}),
        "good",
        "no security update",
    ),
    (software.security_updates, updates(age=200_000.0), "unknown", "lists too old to say"),
    (software.security_updates, updates(UPDATE, age=200_000.0), 3, "old lists that know one"),
    (
        software.security_updates,
        updates({**UPDATE, "is_security": None}),
        "not_applicable",
        "Alpine does not say",
    ),
    (
        software.security_updates,
        host({}, ("updates", "absent: the package lists were never fetched")),
        "unknown",
        "never fetched",
    ),
    (
        software.security_updates,
        host({}, ("updates", "absent: no package lists")),
        "not_applicable",
        "no packages",
    ),
    (software.package_lists_old, updates(age=49 * 3600.0), 3, "49 hours"),
    (software.package_lists_old, updates(age=337 * 3600.0), 4, "15 days"),
    (software.package_lists_old, updates(age=47 * 3600.0), "good", "47 hours"),
    (software.package_lists_old, updates(age=None), "unknown", "age not told"),
    (software.packages_broken, packages("half-configured"), 4, "half configured"),
    (software.packages_broken, packages("installed"), "good", "installed"),
    (software.packages_broken, packages("config-files"), "good", "removed"),
    # ── who can log in ──
    (logins.empty_password, users(has_empty_password=True), 5, "empty"),
    (logins.empty_password, users(), "good", "set"),
    (logins.empty_password, users(has_empty_password=None), "unknown", "shadow unreadable"),
    (logins.second_root, users(name="toor", uid=0), 5, "uid 0"),
    (logins.second_root, users(name="root", uid=0), "good", "root itself"),
    (logins.weak_key, keys("ssh-rsa", 1024), 3, "RSA 1024"),
    (logins.weak_key, keys("ssh-dss", 1024), 3, "DSA"),
    (logins.weak_key, keys("ssh-rsa", 2048), "good", "RSA 2048"),
    (logins.weak_key, keys("ssh-ed25519", 256), "good", "Ed25519"),
    (
        logins.weak_key,
        host(
            {"users": [{**USER, "keys": None}]}, ("users", "permission: authorized keys of users")
        ),
        "unknown",
        "keys unreadable",
    ),
    (
        logins.second_root,
        host({"users": [USER]}, ("users", "permission: authorized keys of users")),
        "good",
        "keys are not its question",
    ),
    (logins.sudo_without_password, sudo(tags=["NOPASSWD"], commands=["ALL"]), 4, "everything"),
    (logins.sudo_without_password, sudo(tags=["NOPASSWD"]), "good", "one command"),
    (logins.sudo_without_password, sudo(commands=["ALL"]), "good", "with a password"),
    (
        logins.sudo_without_password,
        sudo(who=["root"], tags=["NOPASSWD"], commands=["ALL"]),
        "good",
        "root",
    ),
    (
        logins.sudo_without_password,
        sudo(run_as=["postgres"], tags=["NOPASSWD"], commands=["ALL"]),
        "good",
        "as postgres",
    ),
    (logins.sudo_escape, sudo(commands=["/usr/bin/vim /etc/hosts"]), 4, "an editor"),
    (
        logins.sudo_escape,
        sudo(commands=["/usr/bin/python3.11"]),
        4,
        "an interpreter with its version",
    ),
    (logins.sudo_escape, sudo(commands=["/opt/*/run"]), 4, "a wildcard in the path"),
    (
        logins.sudo_escape,
        sudo(commands=["/usr/bin/less"], tags=["NOEXEC"]),
        "good",
        "a pager that starts nothing",
    ),
    (logins.sudo_escape, sudo(commands=["/usr/bin/tee"], tags=["NOEXEC"]), 4, "writes any file"),
    (
        logins.sudo_escape,
        sudo(commands=["!/bin/bash", "/bin/ls"]),
        "good",
        "forbidden, not allowed",
    ),
    (logins.sudo_escape, sudo(commands=["ALL"]), "good", "everything is no escape"),
    (logins.sudo_escape, sudo(writable=["/opt/run"]), 4, "anybody may replace it"),
    (
        logins.ssh_root_password,
        sshd(permitrootlogin="yes", passwordauthentication="yes"),
        4,
        "both",
    ),
    (
        logins.ssh_root_password,
        sshd(permitrootlogin="yes", passwordauthentication="no"),
        "good",
        "keys only",
    ),
    (logins.ssh_root_password, sshd(permitrootlogin="without-password"), "good", "root by key"),
    (
        logins.ssh_root_password,
        sshd(PermitRootLogin="yes", source="files"),
        4,
        "by default, from a file",
    ),
    (
        logins.ssh_root_password,
        sshd(
            [
                {
                    "criteria": "Address 10.0.0.0/8",
                    "settings": {"permitrootlogin": "yes", "passwordauthentication": "yes"},
                }
            ],
            permitrootlogin="no",
            passwordauthentication="no",
        ),
        4,
        "for some addresses",
    ),
    (logins.ssh_passwords, sshd(passwordauthentication="yes"), 3, "yes"),
    (logins.ssh_passwords, sshd(permitrootlogin="no"), 3, "by default"),
    (logins.ssh_passwords, sshd(passwordauthentication="no"), "good", "no"),
    (
        logins.ssh_weak_algorithms,
        sshd(kexalgorithms="curve25519-sha256,diffie-hellman-group14-sha1"),
        4,
        "SHA-1",
    ),
    (logins.ssh_weak_algorithms, sshd(ciphers="aes256-cbc"), 4, "CBC"),
    (logins.ssh_weak_algorithms, sshd(macs="umac-64@openssh.com,hmac-sha2-256"), 2, "a short MAC"),
    (
        logins.ssh_weak_algorithms,
        sshd(ciphers="-3des-cbc,aes128-cbc", source="files"),
        "good",
        "taken away",
    ),
    (logins.ssh_weak_algorithms, sshd(ciphers="aes256-gcm@openssh.com"), "good", "GCM"),
    (
        logins.root_path_writable,
        host({"cron": [{**CRON, "writable": ["/opt/job"]}]}),
        4,
        "in a timetable",
    ),
    (
        logins.root_path_writable,
        host({"cron": [CRON], "units": [{**UNIT, "writable": ["/opt/x"]}]}),
        4,
        "in a unit",
    ),
    (
        logins.root_path_writable,
        host({"cron": [{**CRON, "user": "ann", "writable": ["/opt/job"]}]}),
        "good",
        "not as root",
    ),
    (
        logins.root_path_writable,
        host({"cron": [CRON]}, ("cron", "permission: timetables of users")),
        "unknown",
        "timetables unreadable",
    ),
    (
        logins.root_path_writable,
        host({"cron": [CRON]}, ("units", "failed: systemctl")),
        "unknown",
        "units unreadable",
    ),
    # ── disks, logs, backups ──
    (storage.read_only, mount(is_read_only=True), 5, "by itself"),
    (storage.read_only, mount(is_read_only=True, options_wanted="ro,noatime"), "good", "as wanted"),
    (
        storage.read_only,
        mount(is_read_only=True, options_wanted=None),
        "good",
        "nobody says otherwise",
    ),
    (storage.read_only, mount(), "good", "writable"),
    (storage.disk_failing, disk(passed=False), 5, "SMART says so"),
    (storage.disk_failing, disk(reallocated_sectors=3), 5, "reallocated"),
    (storage.disk_failing, disk(pending_sectors=1), 5, "pending"),
    (storage.disk_failing, disk(spare_percent=9.0), 5, "NVMe spare"),
    (storage.disk_failing, disk(), "good", "healthy"),
    (storage.disk_failing, unread_disk("none"), "unknown", "health unread"),
    (storage.disk_failing, unread_disk("kvm"), "not_applicable", "a virtual disk"),
    (storage.disk_failing, array(is_degraded=True), 5, "array degraded"),
    (storage.disk_failing, array(failed=1), 5, "member failed"),
    (storage.disk_failing, array(state="inactive"), 5, "array does not run"),
    (storage.disk_failing, array(), "good", "array whole"),
    (storage.log_size, logs(size_bytes=410), 3, "41 %"),
    (storage.log_size, logs(size_bytes=210), 2, "21 %"),
    (storage.log_size, logs(), "good", "10 %"),
    (storage.log_size, logs(size_bytes=None), "unknown", "size not told"),
    (storage.log_size, logs(mounts=()), "unknown", "filesystem not told"),
    (storage.journal_unlimited, logs(journal_limit=None), 2, "no limit"),
    (storage.journal_unlimited, logs(), "good", "a limit"),
    (storage.journal_unlimited, logs(journal_is_persistent=False), "good", "in memory"),
    (storage.no_backup, backup(CRON), 3, "none"),
    (
        storage.no_backup,
        backup({**CRON, "command": "/usr/bin/borg create"}),
        "good",
        "in a timetable",
    ),
    (storage.no_backup, backup(timers=[timer(47)]), "good", "a timer that ran"),
    (storage.no_backup, backup(timers=[timer(49)]), 3, "a timer that ran long ago"),
    (
        storage.no_backup,
        backup(timers=[timer(1)], units=[{**UNIT, "name": "restic.service", "active": "failed"}]),
        3,
        "a timer whose service failed",
    ),
    (
        storage.no_backup,
        backup(timers=[timer(1, "dpkg-db-backup.timer")]),
        3,
        "Debian's package list only",
    ),
    (
        storage.no_backup,
        backup(units=[{**UNIT, "name": "bacula-fd.service"}]),
        "good",
        "an agent runs",
    ),
    (
        storage.no_backup,
        backup(gaps=[("cron", "permission: timetables of users")]),
        "unknown",
        "unreadable",
    ),
]


@pytest.mark.parametrize(
    ("check", "told", "said"),
    [pytest.param(check, told, said, id=f"{check.id}: {why}") for check, told, said, why in CASES],
)
def test_a_check_says(check, told, said):
    assert worst(check, told) == said


OF_FACTS = [check for check in CHECKS if check.judge.__module__.endswith(
    ("logins", "running", "software", "storage")
) and check.id != "servers.host_silent"]  # fmt: skip
SECTION_OF = {check.id: name for name, ids in {
    "units": "unit_failed unit_restarting unit_not_running", "timers": "timer_missed",
    "processes": "zombies process_stuck process_oversized", "os": "clock_off clock_unsynchronised",
    "restart": "reboot_needed kernel_outdated deleted_libraries",
    "updates": "security_updates package_lists_old", "packages": "packages_broken",
    "users": "empty_password second_root weak_key", "sudo": "sudo_without_password sudo_escape",
    "sshd": "ssh_root_password ssh_passwords ssh_weak_algorithms",
    "cron": "root_path_writable no_backup", "filesystems": "read_only", "hardware": "disk_failing",
    "logs": "log_size journal_unlimited",
}.items() for check in CHECKS if check.id.removeprefix("servers.") in ids.split()}  # fmt: skip


@pytest.mark.parametrize("check", OF_FACTS, ids=lambda check: check.id)
@pytest.mark.parametrize(
    ("gap", "minutes_old", "said"),
    [
        pytest.param("permission: needs root", 5, "unknown", id="not permitted"),
        pytest.param("failed: exit code 1", 5, "unknown", id="failed"),
        pytest.param("time: not asked", 5, "unknown", id="no time"),
        pytest.param("absent: no such thing here", 5, "not_applicable", id="absent"),
        pytest.param("", 5, "unknown", id="a probe that knows no such section"),
        pytest.param("", 46, "unknown", id="stale"),
    ],
)
def test_what_cannot_be_read_is_unknown_with_its_remedy(check, gap, minutes_old, said):
    gaps = [(SECTION_OF[check.id], gap)] if gap else []
    told = host({}, *gaps, minutes_old=minutes_old)

    (verdict,) = check.judge([told], now=NOW, limits=None or _limits(check))

    assert verdict.outcome == said
    assert verdict.why
    assert bool(verdict.remedy) == (said == "unknown")


def _limits(check):
    from fullscore.kit.checks import Limits

    return Limits(check.limits)


def test_what_was_cut_off_may_hide_what_is_bad():
    """A reading of 5,000 of 6,000 units says nothing of the others: the host is unknown, not
    gone."""
    told = host({"units": [UNIT]}, ("units", "cut: 5000 of 6000 rows"))

    assert judged(running.unit_failed, told) == [("nginx.service", "good", 0), ("", "unknown", 0)]


def test_a_sudo_line_nobody_understands_hides_no_other():
    told = host({"sudo": [{**RULE, "tags": ["NOPASSWD"], "commands": ["ALL"]}]},
                ("sudo", "failed: /etc/sudoers line 9 is not understood"))  # fmt: skip

    said = {outcome for _, outcome, _ in judged(logins.sudo_without_password, told)}

    assert said == {"bad", "unknown"}


def test_a_rule_is_the_same_when_it_moves_to_another_line():
    keys = {judged(logins.sudo_escape, sudo(commands=["/bin/vi"], line=n))[0][0] for n in (3, 77)}

    assert keys == {"ann as ALL in /etc/sudoers"}


def test_every_check_of_facts_has_a_sick_a_healthy_and_an_unread_twin():
    said = {}
    for check, _, word, _ in CASES:
        said.setdefault(check.id, set()).add("bad" if isinstance(word, int) else word)

    for check in OF_FACTS:
        assert {"bad", "good"} <= said[check.id], check.id
