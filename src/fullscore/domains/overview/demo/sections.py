"""What a host of Brightwater says of itself, section by section, in the probe's own shape. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from fullscore.domains.overview.demo import logins, software
from fullscore.domains.overview.demo.company import GIB, Computer
from fullscore.domains.overview.demo.names import DOMAIN

DATA_MOUNTS = {"database": ("/var/lib/postgresql", 500), "hypervisor": ("/var/lib/libvirt", 4000)}
CERTIFICATE_DAYS = 12  # of the one that is planted


def facts(computer: Computer, *, seed: int, at: datetime) -> dict[str, Any]:
    """Return all sections of one host as they are at an instant."""
    return {
        "identity": _identity(computer, seed, at),
        "os": _os(computer),
        "hardware": _hardware(computer),
        "filesystems": filesystems(computer, seed),
        "interfaces": _interfaces(computer),
        "routes": [
            {"prefix": "0.0.0.0/0", "via": _gateway(computer), "device": "eth0", "metric": 0}
        ],
        "listeners": listeners(computer),
        "databases": _databases(computer),
        "packages": software.packages(computer),
        "updates": software.updates(computer, at),
        "units": software.units(computer, at),
        "timers": software.timers(at),
        "cron": software.cron(computer),
        "processes": software.processes(computer, at),
        "users": logins.users(computer),
        "groups": logins.groups(computer),
        "sudo": logins.sudo(computer),
        "sshd": logins.sshd(computer),
        "kernel": _kernel(),
        "restart": _restart(computer),
        "containers": [],
        "certificates": certificates(computer, seed, at),
        "logs": _logs(computer),
    }


def _identity(computer: Computer, seed: int, at: datetime) -> dict[str, Any]:
    dice = computer.dice(seed, "identity")
    is_cloud, is_metal = computer.role == "cloud", computer.role == "hypervisor"
    booted_at = at - timedelta(days=21 + dice.randrange(120))
    return {
        "hostname": computer.name,
        "fqdn": f"{computer.name}.{DOMAIN}",
        "machine_id": f"{dice.getrandbits(128):032x}",
        "boot_id": str(UUID(int=dice.getrandbits(128))),
        "booted_at": booted_at.timestamp(),
        "system_uuid": str(UUID(int=dice.getrandbits(128))),
        "serial": f"BW{dice.randrange(10**7):07}" if is_metal else None,
        "vendor": "Ironworks" if is_metal else "QEMU",
        "product": "R740" if is_metal else "Standard PC",
        "virtualization": "none" if is_metal else "kvm",
        "cloud": {"provider": "cirrus", "instance_id": f"i-{dice.getrandbits(64):016x}"}
        if is_cloud
        else None,
    }


def _os(computer: Computer) -> dict[str, Any]:
    system = computer.system
    return {
        "id": system.id,
        "version_id": system.version,
        "name": system.name,
        "codename": system.codename,
        "kernel": system.kernel,
        "architecture": "x86_64",
        "libc": system.libc,
        "installed_kernels": [system.kernel],
        "time_zone": "Europe/Amsterdam",
        "time_synchronised": True,
        "time_offset_seconds": 4.0 if "clock_off" in computer.faults else 0.0007,
    }


def _hardware(computer: Computer) -> dict[str, Any]:
    is_metal = computer.role == "hypervisor"
    health = {
        "passed": True, "reallocated_sectors": 0, "pending_sectors": 0, "spare_percent": 100.0,
        "spare_threshold_percent": 10.0, "used_percent": 7.0,
    }  # fmt: skip
    disks = (
        [
            {
                "name": name,
                "size_bytes": 4000 * GIB,
                "rotational": False,
                "model": "Granite S4",
                "serial": f"{computer.name}-{name}",
                "health": health,
            }
            for name in ("nvme0n1", "nvme1n1")
        ]
        if is_metal
        else [
            {
                "name": "vda",
                "size_bytes": 64 * GIB,
                "rotational": True,
                "model": None,
                "serial": None,
                "health": None,
            }
        ]
    )
    return {
        "cpu_model": "Opal 7543",
        "sockets": 2 if is_metal else 1,
        "cores": computer.cpus,
        "threads": computer.cpus,
        "memory_bytes": computer.memory_bytes,
        "bios_date": None,
        "disks": disks,
        "raid": [_array("raid_degraded" in computer.faults)] if is_metal else [],
        "sensors": [],
    }


def _array(is_degraded: bool) -> dict[str, Any]:
    return {
        "name": "md0", "level": "raid1", "state": "active", "devices": ["nvme0n1p2", "nvme1n1p2"],
        "failed": 1 if is_degraded else 0, "is_degraded": is_degraded, "action": "idle",
    }  # fmt: skip


def filesystems(computer: Computer, seed: int) -> list[dict[str, Any]]:
    """Return the mounts: the root, and a data volume where the role has one; none of them full."""
    dice = computer.dice(seed, "filesystems")
    mounts = [_mount("/", "/dev/vda1", 60 * GIB, dice.uniform(0.18, 0.6))]
    if computer.role in DATA_MOUNTS:
        mount, gib = DATA_MOUNTS[computer.role]
        share = 0.9 if "disk_filling" in computer.faults else dice.uniform(0.3, 0.75)
        mounts.append(_mount(mount, "/dev/vdb1", gib * GIB, share))
    return mounts


def _mount(mount: str, device: str, size: int, share: float) -> dict[str, Any]:
    return {
        "mount": mount,
        "device": device,
        "type": "ext4",
        "options": "rw,relatime",
        "size_bytes": size,
        "used_bytes": int(size * share),
        "available_bytes": size - int(size * share),
        "inodes": size // 16384,
        "inodes_used": size // 16384 // 12,
        "is_read_only": False,
        "options_wanted": "defaults",
    }


def _interfaces(computer: Computer) -> list[dict[str, Any]]:
    digits = sha256(computer.name.encode()).hexdigest()
    mac = "02:" + ":".join(digits[n : n + 2] for n in range(0, 10, 2))
    return [
        {
            "name": "eth0",
            "mac": mac,
            "mtu": 1500,
            "state": "up",
            "speed_bits_per_second": 10_000_000_000,
            "addresses": list(computer.addresses),
            "master": None,
            "is_virtual": False,
        }
    ]


def _gateway(computer: Computer) -> str:
    address = computer.addresses[0].partition("/")[0]
    separator = ":" if ":" in address else "."
    return address.rpartition(separator)[0] + separator + "1"


def listeners(computer: Computer) -> list[dict[str, Any]]:
    """Return what listens: SSH, and what the role serves."""
    own = computer.addresses[0].partition("/")[0]
    served = {
        "hypervisor": [("libvirtd", 16514, own)],
        "application": [("nginx", 443, own), ("java", 8080, "127.0.0.1")],
        "database": [("postgres", 5432, "0.0.0.0" if "open_database" in computer.faults else own)],  # noqa: S104 - planted
        "infrastructure": [("named", 53, own)],
        "cloud": [("nginx", 443, own)],
    }[computer.role]
    return [
        {
            "transport": "tcp",
            "address": address,
            "port": port,
            "pid": 700 + port % 97,
            "command": command,
            "unit": f"{command}.service",
            "user": "root",
        }
        for command, port, address in (("sshd", 22, own), *served)
    ]


def _databases(computer: Computer) -> list[dict[str, Any]]:
    if computer.role != "database":
        return []
    row = next(r for r in listeners(computer) if r["port"] == 5432)
    return [
        {"kind": "postgresql", "address": row["address"], "port": 5432, "pid": row["pid"],
         "unit": "postgresql@17-main.service", "user": "postgres", "is_certain": True}
    ]  # fmt: skip


def _kernel() -> dict[str, Any]:
    return {
        "sysctls": {
            "fs.file-max": "1048576",
            "vm.swappiness": "10",
            "kernel.randomize_va_space": "2",
        },
        "modules": ["ext4", "nf_tables"],
        "taint": 0,
        "mitigations": {},
        "file_handles": 4200,
        "file_handles_limit": 1_048_576,
        "command_line": "root=/dev/vda1 ro",
    }


def _restart(computer: Computer) -> dict[str, Any]:
    is_needed = "reboot_needed" in computer.faults
    return {
        "reboot_required": is_needed, "reasons": ["libc6 was updated"] if is_needed else [],
        "packages": ["libc6"] if is_needed else [], "running_kernel": computer.system.kernel,
        "newest_kernel": computer.system.kernel, "processes": [],
    }  # fmt: skip


def certificates(computer: Computer, seed: int, at: datetime) -> list[dict[str, Any]]:
    """Return the certificate of what serves HTTPS, with at least four months left, save one."""
    if computer.role not in ("application", "cloud"):
        return []
    dice = computer.dice(seed, "certificate")
    days = CERTIFICATE_DAYS if "certificate_ending" in computer.faults else dice.randrange(120, 360)
    # A few hours more than whole days: the run that follows must still read the day meant.
    ends_at = at + timedelta(days=days, hours=3)
    name = f"{computer.name}.{DOMAIN}"
    return [
        {
            "path": f"/etc/ssl/{DOMAIN}/{computer.name}.pem",
            "named_by": "nginx",
            "fingerprint": sha256(f"{seed} {name}".encode()).hexdigest(),
            "subject": name,
            "names": [name],
            "issuer": "Brightwater internal CA",
            "is_self_signed": False,
            "serial": f"{dice.getrandbits(64):x}",
            "not_before": (ends_at - timedelta(days=365)).timestamp(),
            "ends_at": ends_at.timestamp(),
            "key_kind": "ec",
            "key_bits": 256,
            "signature": "ecdsa-with-SHA256",
        }
    ]


def _logs(computer: Computer) -> Mapping[str, Any]:
    return {
        "path": "/var/log", "size_bytes": 2 * GIB, "mount": "/", "journal_is_persistent": True,
        "journal_limit": None if "journal_unlimited" in computer.faults else "1G",
    }  # fmt: skip
