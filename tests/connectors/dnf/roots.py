"""Roots of rpm and dnf made without a distribution: packages, a repository, and the two programs.

Debian has rpmbuild, createrepo_c and dnf; what they write and say is what they do on RHEL 8 and 9.
"""

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

SPEC = """Name: {name}
Version: {version}
Release: {release}
Summary: A package of the tests
License: MIT
BuildArch: noarch
{more}
%description
A package of the tests.
%install
mkdir -p %{{buildroot}}/usr/share/{name}
echo {unit} > %{{buildroot}}/usr/share/{name}/{file}
{script}
%files
/usr/share/{name}/{file}
"""
# Debian's rpm keeps its database in one's home unless it is told otherwise.
MACROS = "%_dbpath /var/lib/rpm\n"
SETTINGS = "[main]\ngpgcheck=0\nplugins=0\npersistdir=/var/lib/dnf\nlogdir=/var/log\n"
DNF = (
    'exec /usr/bin/dnf -c "{root}/dnf.conf" --installroot="{root}" --releasever=9'
    ' --setopt=reposdir="{root}/etc/yum.repos.d" --setopt=cachedir="{root}/var/cache/dnf"'
    ' --setopt=varsdir="{root}/etc/dnf/vars" "$@"'
)
PROGRAMS = {
    "sudo": '[ "$1" = -n ] && shift\n[ "$1" = -l ] && { command -v "$2"; exit; }\nexec "$@"',
    "dnf": DNF,
    "rpm": 'exec /usr/bin/rpm --root "{root}" "$@"',
}


def needed() -> None:
    """Skip where rpm's programs are not installed."""
    if missing := [n for n in ("rpmbuild", "createrepo_c", "dnf") if not shutil.which(n)]:
        pytest.skip(f"No {', '.join(missing)} here: sudo apt-get install dnf rpm createrepo-c")


def rpm(folder: Path, name: str, version: str, *, unit: str = "running", file: str = "unit",
        more: str = "", script: str = "") -> Path:  # fmt: skip
    """Build a package, `version` being version-release; returns its file."""
    number, _, release = version.partition("-")
    spec = folder / f"{name}.spec"
    spec.write_text(SPEC.format(name=name, version=number, release=release, unit=unit, file=file,
                                more=more, script=script))  # fmt: skip
    defines = [f"_topdir {folder}/build", f"_rpmdir {folder}/made", "_build_id_links none"]
    words = [word for one in defines for word in ("--define", one)]
    subprocess.run(["rpmbuild", "-bb", "--quiet", *words, str(spec)], check=True,
                   capture_output=True, timeout=60)  # fmt: skip
    return folder / f"made/noarch/{name}-{version}.noarch.rpm"


def repository(folder: Path, *packages: Path) -> Path:
    """Make a repository of some packages, or make one anew."""
    folder.mkdir(parents=True, exist_ok=True)
    for package in packages:
        shutil.copy(package, folder)
    subprocess.run(["createrepo_c", "-q", str(folder)], check=True, capture_output=True, timeout=60)
    return folder


@dataclass(frozen=True)
class Root:
    """A private root: what `dnf` and `rpm` alter when asked with its programs in front."""

    folder: Path

    @property
    def environment(self) -> Mapping[str, str]:
        """Return the environment in which its programs come first."""
        path = f"{self.folder}/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        return {"PATH": path, "HOME": str(self.folder), "LC_ALL": "C"}

    def run(self, script: str) -> tuple[int, str]:
        """Run a script as a host would; returns its status and what it printed."""
        done = subprocess.run(["/bin/sh", "-s"], input=script.encode(), env=dict(self.environment),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120,
                              check=False)  # fmt: skip
        return done.returncode, done.stdout.decode()


def installed(root: Path, name: str) -> str:
    """Return the version of a package in a root, with its name, by rpm itself."""
    words = ["rpm", "--root", str(root), "--dbpath", "/var/lib/rpm", "-q", name]
    done = subprocess.run(words, capture_output=True, timeout=60, text=True, check=False)
    return done.stdout.strip()


def use(root: Path, source: Path, *, name: str = "test") -> None:
    """Let a root take packages from a repository."""
    repositories = root / "etc/yum.repos.d"
    repositories.mkdir(parents=True, exist_ok=True)
    said = f"[{name}]\nname={name}\nbaseurl=file://{source}\nskip_if_unavailable=1\n"
    (repositories / f"{name}.repo").write_text(said)


def made(folder: Path, source: Path, *installed: str) -> Root:
    """Make a root in which some packages of a repository are installed."""
    (folder / "bin").mkdir(parents=True)
    (folder / "etc/dnf/vars").mkdir(parents=True)
    (folder / ".rpmmacros").write_text(MACROS)
    (folder / "dnf.conf").write_text(SETTINGS)
    for name, text in PROGRAMS.items():
        path = folder / "bin" / name
        path.write_text("#!/bin/sh\n" + text.replace("{root}", str(folder)) + "\n")
        path.chmod(0o755)
    use(folder, source)
    root = Root(folder)
    status, said = root.run(f"dnf -y -q install {' '.join(installed)}")
    assert status == 0, said
    return root


__all__ = ["MACROS", "PROGRAMS", "Root", "installed", "made", "needed", "repository", "rpm", "use"]
