"""What is asked of a host of Red Hat's family whose packages are altered: scripts for `sh -s`.

The same questions as `apt.commands` asks of Debian's family, told to dnf 4 (RHEL 8 and later and
what is built from it, Fedora). Names and versions come from the host's own lists, which are
untrusted: they are checked by what rpm allows, and quoted.
"""

import re
from collections.abc import Iterable, Sequence
from shlex import quote

from fullscore.connectors.apt.commands import (
    TIDY,
    checked,
    detached,
    has_hooks,
    hook,
    identity,
    in_folder,
    peek,
    reboot,
    running,
    space,
)
from fullscore.connectors.base import Refused

NAME = re.compile(r"\A[A-Za-z0-9_][A-Za-z0-9._+-]{0,120}\Z")
# [epoch:]version-release; rpm allows no dash inside either of the two.
VERSION = re.compile(r"\A(?:\d{1,10}:)?[A-Za-z0-9._+~^]{1,80}-[A-Za-z0-9._+~^]{1,80}\Z")

# Installed beside the older ones, as dnf says by `installonlypkg(kernel)`.
BESIDE = re.compile(r"\Akernel(?:-(?:core|modules|devel|debug|rt|uki|64k|PAE).*)?\Z")
QUIET = "export LC_ALL=C"
DNF = "sudo -n dnf -y --setopt=exit_on_lock=1"  # else it waits for ever
# Only what is upgraded and what that needs: what is recommended is nobody's plan.
UPGRADE = "--setopt=install_weak_deps=False --best"
TOLD = r"%{NAME} %|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE} installed\n"

ASKED = "! needs-restarting -r"
COMPARED = (
    "newest=$(ls -1 /boot | sed -n 's/^vmlinuz-//p' | grep -v rescue | sort -V | tail -1);"
    ' [ -n "$newest" ] && [ "$newest" != "$(uname -r)" ]'
)

# Where a version as it is installed may still be had: a repository, dnf's cache, the files
# themselves. `$1` is name-version-release, `$2` the same without an epoch, as files are called.
KEEP = (
    f'keep() {{ {DNF} -q reinstall --downloadonly --downloaddir="$PWD" "$1" >/dev/null 2>&1;'
    ' ls -- "$2".*.rpm >/dev/null 2>&1 && return;'
    ' find /var/cache/dnf -name "$2.*.rpm" -exec cp -- {} . ";" 2>/dev/null;'
    ' ls -- "$2".*.rpm >/dev/null 2>&1 && return;'
    ' sudo -n -l rpmrebuild "$1" >/dev/null 2>&1 && sudo -n rpmrebuild --batch'
    ' --directory "$PWD/rebuilt" "$1" >/dev/null 2>&1 && mv -- rebuilt/*/"$2".*.rpm .; };'
)
COULD = (
    f'could() {{ {{ [ -n "$({DNF} -q -C repoquery --available "$1" 2>/dev/null)" ] ||'
    ' [ -n "$(find /var/cache/dnf -name "$2.*.rpm" 2>/dev/null)" ] ||'
    ' sudo -n -l rpmrebuild "$1" >/dev/null 2>&1; } && printf "%s\\n" "$3"; };'
)

SUDOERS = """{user} ALL=(root) NOPASSWD: /usr/bin/dnf *
{user} ALL=(root) NOPASSWD: /usr/bin/rpmrebuild *
{user} ALL=(root) NOPASSWD: /etc/fullscore/drain, /etc/fullscore/undrain
{user} ALL=(root) NOPASSWD: /usr/bin/systemd-run --on-active\\=2 --quiet systemctl reboot
Defaults:{user} env_keep += "LC_ALL"
"""


def named(packages: Iterable[Sequence[str]], *, at: int) -> str:
    """Return `name-version-release …`, quoted; `at` says which version: 1 from, 2 to.

    Raises Refused for what is no name or version of rpm's.
    """
    words = []
    for one in packages:
        if not (NAME.match(one[0]) and VERSION.match(one[at])):
            raise Refused(f"“{one[0][:60]} {one[at][:60]}” is no package of rpm's.")
        words.append(quote(f"{one[0]}-{one[at]}"))
    if not words:
        raise Refused("There is no package to alter.")
    return " ".join(words)


def names(packages: Iterable[Sequence[str]]) -> str:
    """Return the names, quoted; raises Refused for what is none."""
    found = [one[0] for one in packages]
    for name in found:
        if not NAME.match(name):
            raise Refused(f"“{name[:60]}” is no package of rpm's.")
    return " ".join(map(quote, found))


def refresh() -> str:
    """Return what reads the repositories anew; any that does not answer fails it."""
    return f"{QUIET}; {DNF} -q makecache --refresh --setopt='*.skip_if_unavailable=0' 2>&1"


def sound() -> str:
    """Return what fails when dependencies are broken or packages are there twice."""
    return f"{QUIET}; {DNF} -q -C check 2>&1"


def simulate(packages: Iterable[Sequence[str]]) -> str:
    """Return what prints the whole transaction without doing it.

    dnf ends with the same status when it was told no and when it could not: only the first shows a
    transaction.
    """
    words = named(packages, at=2)
    return (
        f"{QUIET}; told=$(sudo -n dnf -C {UPGRADE} --assumeno upgrade {words} 2>&1);"
        ' printf "%s\\n" "$told"; case "$told" in *"Transaction Summary"*) ;; *) exit 1;; esac'
    )


def versions(packages: Iterable[Sequence[str]]) -> str:
    """Return what prints `name version installed` of some packages, each version there is."""
    return f"{QUIET}; rpm -q --qf {quote(TOLD)} {names(packages)}"


def keep(place: str, packages: Iterable[Sequence[str]]) -> str:
    """Return what fetches the installed versions into a folder, and prints what is there.

    What was kept more than a month ago is removed. A kernel is installed beside the older ones, so
    fetching it would be no way back.
    """
    fetch = " ".join(f"keep {_asked(one)};" for one in packages if not BESIDE.match(one[0]))
    kept = f"{KEEP} {fetch} ls -1 | grep '[.]rpm$'; true"
    return f"{QUIET}; {TIDY}; {in_folder(place)} && {{ {kept}; }}"


def could_keep(packages: Iterable[Sequence[str]]) -> str:
    """Return what prints the names of those whose installed version `keep` could have."""
    rows = [one for one in packages if not BESIDE.match(one[0])]
    asked = " ".join(f"could {_asked(one)} {quote(one[0])};" for one in rows)
    return f"{QUIET}; {COULD} {asked} true"


def _asked(one: Sequence[str]) -> str:
    return f"{named([one], at=1)} {quote(_stem(one))}"


def update(place: str, packages: Iterable[Sequence[str]], *, removes: bool = False) -> str:
    """Return what brings packages to their planned versions, detached.

    dnf removes nothing but what a new version replaces, which `simulate` has told.
    """
    return detached(place, f"{QUIET}; {DNF} {UPGRADE} upgrade {named(packages, at=2)}")


def put_back(place: str, kept: str, packages: Iterable[Sequence[str]]) -> str:
    """Return what installs the packages that were kept over whatever is there, detached."""
    files = " ".join(f'"$HOME/.fullscore/{checked(kept)}/"{_file(one)}' for one in packages)
    return detached(place, f"{QUIET}; {DNF} downgrade {files}")


def _file(one: Sequence[str]) -> str:
    return f"{quote(_stem(one))}.*.rpm"


def _stem(one: Sequence[str]) -> str:
    named([one], at=1)
    return f"{one[0]}-{one[1].rpartition(':')[2]}"


def wants_reboot() -> str:
    """Return what succeeds where a reboot is needed.

    `needs-restarting` knows (dnf-utils); without it, a kernel newer than the one running is enough.
    """
    return f"if command -v needs-restarting; then {ASKED}; else {COMPARED}; fi >/dev/null 2>&1"


__all__ = [
    "SUDOERS", "could_keep", "detached", "has_hooks", "hook", "identity", "keep", "named", "peek",
    "put_back", "reboot", "refresh", "running", "simulate", "sound", "space", "update", "versions",
    "wants_reboot",
]  # fmt: skip
