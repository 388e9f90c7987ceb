"""Hosts to patch, for real but without root: an sshd each, and a private root for apt and dpkg.

What a host would tell of itself beyond packages (its boot, kernel, services, free space) is told by
small programs that stand before the real ones in its PATH and read files of the target's folder.
"""

import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from tests.connectors.dnf import roots
from tests.servers import Sshd, sshd

CONTROL = """Package: {name}
Version: {version}
Architecture: all
Maintainer: Tests <tests@example.org>
Description: a package of the tests
"""
APT = """Dir "{root}";
Dir::State::status "{root}/var/lib/dpkg/status";
APT::Architecture "amd64";
APT::Sandbox::User "root";
APT::Get::AllowUnauthenticated "true";
Acquire::AllowInsecureRepositories "true";
DPkg::Options {{ "--root={root}"; "--force-not-root"; "--force-script-chrootless";
  "--log={root}/dpkg.log"; }};
"""
PROGRAMS = {
    "sudo": '[ "$1" = -n ] && shift\nto() { case "$1" in'
    ' /etc/fullscore/*) echo "$T/hooks/${1##*/}";; *) echo "$1";; esac; }\n'
    '[ "$1" = -l ] && { command -v "$(to "$2")"; exit; }\n'
    'program=$(to "$1")\nshift\nexec "$program" "$@"',
    "apt-get": 'set -- "$@"\nexec /usr/bin/apt-get "$@" -o DPkg::Lock::Timeout=1',
    "cat": 'case "$1" in\n/proc/sys/kernel/random/boot_id) exec /bin/cat "$T/boot_id";;\n'
    '/run/reboot-required) exec /bin/cat "$T/reboot-required";;\n*) exec /bin/cat "$@";;\nesac',
    "uname": '/bin/cat "$T/kernel"',
    "ls": 'if [ "$2" = /boot ]; then exec /bin/ls -1 "$T/boot"; fi\nexec /bin/ls "$@"',
    "df": 'echo head\n/bin/cat "$T/df"',
    "ss": 'echo "LISTEN 0 128 0.0.0.0:8080 0.0.0.0:*"',
    "systemctl": 'unit=$(/bin/cat "$T/root/usr/share/webapp/unit" 2>/dev/null)\n'
    '[ "$unit" = running ] && echo "webapp.service loaded active running web"\n'
    'echo "cron.service loaded active running cron"',
    "systemd-run": 'echo ordered >>"$T/reboots"\n'
    'setsid "$T/bin/restart" >/dev/null 2>&1 </dev/null &',
    "cut-off": 'master=$(pgrep -f "$CONFIG")\necho cut >>"$T/cuts"\n'
    'kill $(pgrep -P "$master") "$master"\nsleep 1\n'
    '/usr/sbin/sshd -D -e -f "$CONFIG" >/dev/null 2>&1 </dev/null &\n'
    'echo $! >"$T/restarted"\nsleep 0.5',
    **{name: roots.PROGRAMS[name].replace("{root}", "$T/root") for name in ("dnf", "rpm")},
    "restart": 'kill $(pgrep -f "$CONFIG")\n[ -f "$T/never" ] && exit\nsleep 0.3\n'
    'cp "$T/next_boot_id" "$T/boot_id"\nrm -f "$T/reboot-required"\n'
    '[ -f "$T/next_kernel" ] && cp "$T/next_kernel" "$T/kernel"\n'
    '/usr/sbin/sshd -D -e -f "$CONFIG" &\necho $! >"$T/restarted"',
}


def deb(folder: Path, name: str, version: str, *, unit: str = "running", script: str = "",
        more: str = "") -> Path:  # fmt: skip
    """Build a package that says whether its service runs; `script` is its postinst.

    `more` are further lines of its control file, such as what it depends on.
    """
    inside = folder / f"{name}-{version}"
    (inside / "DEBIAN").mkdir(parents=True)
    (inside / f"usr/share/{name}").mkdir(parents=True)
    (inside / f"usr/share/{name}/unit").write_text(f"{unit}\n")
    told = CONTROL.format(name=name, version=version) + "".join(
        f"{line}\n" for line in [more] if line
    )
    (inside / "DEBIAN/control").write_text(told)
    if script:
        (inside / "DEBIAN/postinst").write_text(f"#!/bin/sh\n{script}\n")
        (inside / "DEBIAN/postinst").chmod(0o755)
    made = folder / f"{name}_{version}_all.deb"
    command = ["dpkg-deb", "--root-owner-group", "-Znone", "-b", str(inside), str(made)]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    shutil.rmtree(inside)
    return made


def repository(folder: Path, *packages: Path) -> Path:
    """Make a flat repository of some packages, as `dpkg-scanpackages` would."""
    folder.mkdir(parents=True)
    told = []
    for package in packages:
        shutil.copy(package, folder)
        control = subprocess.run(
            ["dpkg-deb", "-f", str(package)], check=True, capture_output=True, timeout=30, text=True
        ).stdout
        digest = hashlib.sha256(package.read_bytes()).hexdigest()
        size = package.stat().st_size
        told.append(f"{control}Filename: ./{package.name}\nSize: {size}\nSHA256: {digest}\n")
    (folder / "Packages").write_text("\n".join(told))
    return folder


class Target:
    """One host: its folder, its sshd, and what it tells of itself."""

    def __init__(self, folder: Path, server: Sshd) -> None:
        self.folder, self.server = folder, server
        self.root = folder / "root"

    def tell(self, name: str, text: str) -> None:
        """Let one of its files say something else."""
        (self.folder / name).write_text(f"{text}\n")

    def uses(self, source: Path) -> None:
        """Let it take packages from a repository."""
        (self.root / "etc/apt/sources.list").write_text(f"deb [trusted=yes] file:{source} ./\n")

    def can(self, name: str, script: str) -> None:
        """Let it have another program; `$T` is its folder."""
        path = self.folder / "bin" / name
        path.write_text(f"#!/bin/sh\nT={self.folder}\n{script}\n")
        path.chmod(0o755)

    def hooks(self, drain: str, undrain: str) -> None:
        """Let it have what takes it out of service, and what brings it back."""
        (self.folder / "hooks").mkdir()
        for name, script in (("drain", drain), ("undrain", undrain)):
            path = self.folder / "hooks" / name
            path.write_text(f"#!/bin/sh\nT={self.folder}\n{script}\n")
            path.chmod(0o755)

    def version(self, name: str = "webapp") -> str:
        """Return which version is installed."""
        command = ["dpkg-query", f"--admindir={self.root}/var/lib/dpkg", "-W",
                   "-f", "${Version} ${db:Status-Status}", name]  # fmt: skip
        return subprocess.run(command, capture_output=True, timeout=30, text=True).stdout

    @property
    def log(self) -> list[str]:
        """Return what dpkg did, line by line."""
        path = self.root / "dpkg.log"
        return path.read_text().splitlines() if path.exists() else []

    @property
    def reboots(self) -> int:
        """Return how often a reboot was ordered."""
        path = self.folder / "reboots"
        return len(path.read_text().split()) if path.exists() else 0


def prepared(folder: Path, *installed: Path) -> None:
    """Make a folder that targets are copied from: a root in which some packages are installed."""
    root = folder / "root"
    for name in ("var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/apt/lists/partial",
                 "var/cache/apt/archives/partial", "etc/apt/apt.conf.d", "var/log/apt",
                 "etc/apt/preferences.d", "etc/apt/trusted.gpg.d"):  # fmt: skip
        (root / name).mkdir(parents=True)
    (root / "var/lib/dpkg/status").touch()
    options = ["--force-not-root", "--force-script-chrootless", "--force-depends"]
    subprocess.run(["dpkg", f"--root={root}", *options, "-i", *map(str, installed)],
                   check=True,
                   capture_output=True, timeout=30)  # fmt: skip
    tell_of_itself(folder)


def tell_of_itself(folder: Path) -> None:
    """Write what a host tells of its boot, its kernel and its space."""
    (folder / "boot").mkdir()
    (folder / "boot/vmlinuz-6.1.0-9").touch()
    (folder / "df").write_text("x 1 1 900000 1 /var\nx 1 1 900000 1 /boot\n")
    (folder / "boot_id").write_text("0b5c1d9e-0000-4000-8000-000000000001\n")
    (folder / "next_boot_id").write_text("0b5c1d9e-0000-4000-8000-000000000002\n")
    (folder / "kernel").write_text("6.1.0-9\n")


def prepared_for_rpm(folder: Path, source: Path, *installed: str) -> None:
    """Make a folder that targets of Red Hat's family are copied from."""
    roots.made(folder / "root", source, *installed)
    (folder / ".rpmmacros").write_text(roots.MACROS)
    tell_of_itself(folder)


@contextmanager
def target(template: Path, source: Path) -> Iterator[Target]:
    """Run one host made of a template; its packages come from a repository."""
    folder = Path(tempfile.mkdtemp(prefix="fullscore-target-"))
    shutil.copytree(template, folder, dirs_exist_ok=True)
    (folder / "apt.conf").write_text(APT.format(root=folder / "root"))
    (folder / "bin").mkdir()
    environment = {
        "PATH": f"{folder}/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(folder),
        "APT_CONFIG": str(folder / "apt.conf"),
        "DPKG_ADMINDIR": str(folder / "root/var/lib/dpkg"),
    }
    words = "SetEnv " + " ".join(f"{name}={value}" for name, value in environment.items())
    try:
        with sshd(words=words) as server:
            for name, text in PROGRAMS.items():
                path = folder / "bin" / name
                config = server.home / "config"
                path.write_text(f"#!/bin/sh\nT={folder}\nCONFIG={config}\n{text}\n")
                path.chmod(0o755)
            made = Target(folder, server)
            if (folder / "root/var/lib/dpkg").exists():
                made.uses(source)
            yield made
    finally:
        if (folder / "restarted").exists():
            with suppress(ProcessLookupError):
                os.kill(int((folder / "restarted").read_text()), signal.SIGTERM)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def targets(template: Path, source: Path, count: int) -> Iterator[list[Target]]:
    """Run several hosts."""
    with ExitStack() as stack:
        yield [stack.enter_context(target(template, source)) for _ in range(count)]


def needed() -> None:
    """Skip where packages cannot be built."""
    if not all(shutil.which(name) for name in ("dpkg-deb", "apt-get")):
        pytest.skip("No dpkg and apt here: these tests need Debian or Ubuntu")


__all__ = [
    "Target", "deb", "needed", "prepared", "prepared_for_rpm", "repository", "targets",
]  # fmt: skip
