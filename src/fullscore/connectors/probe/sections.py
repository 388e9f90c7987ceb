"""The sections of a host's facts and their fields, as `probe.py` prints them.

None in a field means unknown, most often for want of rights; then `errors` says so. Instants are
Unix seconds, days ISO dates.
"""

from collections.abc import Mapping

from fullscore.connectors.probe.shapes import (
    Reader,
    fields,
    flag,
    many,
    named,
    number,
    perhaps,
    text,
    whole,
)

PACKAGE_ROWS = 20_000

IDENTITY = fields(
    hostname=text, fqdn=text, machine_id=text, boot_id=text, booted_at=number, system_uuid=text,
    serial=text, vendor=text, product=text, virtualization=text,
    cloud=perhaps(fields(provider=text, instance_id=text)),
)  # fmt: skip

OS = fields(
    id=text, version_id=text, name=text, codename=text, kernel=text, architecture=text, libc=text,
    installed_kernels=many(text), time_zone=text, time_synchronised=flag,
    time_offset_seconds=number,
)  # fmt: skip

DISK_HEALTH = fields(
    passed=flag, reallocated_sectors=whole, pending_sectors=whole, spare_percent=number,
    spare_threshold_percent=number, used_percent=number,
)  # fmt: skip

HARDWARE = fields(
    cpu_model=text, sockets=whole, cores=whole, threads=whole, memory_bytes=whole, bios_date=text,
    disks=many(
        fields(
            name=text, size_bytes=whole, rotational=flag, model=text, serial=text,
            health=perhaps(DISK_HEALTH),
        )
    ),
    raid=many(
        fields(
            name=text, level=text, state=text, devices=many(text), failed=whole, is_degraded=flag,
            action=text,
        )
    ),
    sensors=many(fields(chip=text, label=text, celsius=number)),
)  # fmt: skip

FILESYSTEM = fields(
    mount=text, device=text, type=text, options=text, size_bytes=whole, used_bytes=whole,
    available_bytes=whole,
    inodes=whole, inodes_used=whole, is_read_only=flag, options_wanted=text,
)  # fmt: skip

INTERFACE = fields(
    name=text, mac=text, mtu=whole, state=text, speed_bits_per_second=whole, addresses=many(text),
    master=text, is_virtual=flag,
)  # fmt: skip

LISTENER = fields(
    transport=text, address=text, port=whole, pid=whole, command=text, unit=text, user=text
)

DATABASE = fields(
    kind=text, address=text, port=whole, pid=whole, unit=text, user=text, is_certain=flag
)

PACKAGE = fields(
    manager=text, name=text, version=text, architecture=text, source=text, source_version=text,
    state=text,
)  # fmt: skip

UPDATES = fields(
    age_seconds=number,
    rows=many(
        fields(
            manager=text, name=text, installed=text, candidate=text, architecture=text,
            origin=text, is_security=flag,
        )
    ),
)  # fmt: skip

UNIT = fields(
    name=text, type=text, load=text, active=text, sub=text, enabled=text, restarts=whole,
    main_pid=whole, since=number, result=text, condition_met=flag, user=text, path=text,
    path_changed_at=number, programs=many(text), writable=many(text),
)  # fmt: skip

TIMER = fields(
    name=text, unit=text, active=text, enabled=text, schedule=text, last_at=number, next_at=number
)

CRON = fields(
    file=text, line=whole, schedule=text, user=text, command=text, writable=many(text)
)  # fmt: skip

PROCESS = fields(
    pid=whole, parent=whole, command=text, arguments=text, state=text, user=text, unit=text,
    threads=whole, cpu_seconds=number, cpu_percent=number, memory_bytes=whole, started_at=number,
    handles=whole, handles_limit=whole,
)  # fmt: skip

KEY = fields(type=text, bits=whole, fingerprint=text, comment=text, options=text, file=text)

USER = fields(
    name=text, uid=whole, gid=whole, full_name=text, home=text, shell=text, groups=many(text),
    is_locked=flag, has_empty_password=flag, password_changed_on=text, expires_on=text,
    last_login_at=number, keys=perhaps(many(KEY)),
)  # fmt: skip

SUDO_RULE = fields(
    who=many(text), hosts=many(text), run_as=many(text), tags=many(text), commands=many(text),
    writable=many(text), file=text, line=whole,
)  # fmt: skip

SSHD = fields(
    source=text,
    settings=named(text),
    matches=many(fields(criteria=text, settings=named(text))),
)

CHAIN = fields(
    family=text, table=text, chain=text, hook=text, policy=text, rules=many(text)
)  # fmt: skip

KERNEL = fields(
    sysctls=named(text), modules=many(text), taint=whole, mitigations=named(text),
    file_handles=whole, file_handles_limit=whole, command_line=text,
)  # fmt: skip

RESTART = fields(
    reboot_required=flag, reasons=many(text), packages=many(text), running_kernel=text,
    newest_kernel=text,
    processes=many(fields(pid=whole, command=text, unit=text, files=many(text))),
)  # fmt: skip

CONTAINER = fields(
    runtime=text, id=text, name=text, image=text, digest=text, state=text, created_at=number
)

CERTIFICATE = fields(
    path=text, named_by=text, fingerprint=text, subject=text, names=many(text), issuer=text,
    is_self_signed=flag, serial=text, not_before=number, ends_at=number, key_kind=text,
    key_bits=whole, signature=text,
)  # fmt: skip

LOGS = fields(
    path=text, size_bytes=whole, mount=text, journal_is_persistent=flag, journal_limit=text
)

SECTIONS: Mapping[str, Reader] = {
    "identity": IDENTITY,
    "os": OS,
    "hardware": HARDWARE,
    "filesystems": many(FILESYSTEM),
    "interfaces": many(INTERFACE),
    "routes": many(fields(prefix=text, via=text, device=text, metric=whole)),
    "neighbours": many(fields(address=text, mac=text, device=text)),
    "listeners": many(LISTENER),
    "databases": many(DATABASE),
    "packages": many(PACKAGE, PACKAGE_ROWS),
    "updates": UPDATES,
    "units": many(UNIT),
    "timers": many(TIMER),
    "cron": many(CRON),
    "processes": fields(total=whole, states=named(whole), rows=many(PROCESS)),
    "users": many(USER),
    "groups": many(fields(name=text, gid=whole, members=many(text))),
    "sudo": many(SUDO_RULE),
    "sshd": SSHD,
    "firewall": fields(kind=text, source=text, chains=many(CHAIN)),
    "kernel": KERNEL,
    "restart": RESTART,
    "containers": many(CONTAINER),
    "certificates": many(CERTIFICATE),
    "logs": LOGS,
}
