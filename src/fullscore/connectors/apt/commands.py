"""What is asked of a host whose packages are altered: scripts for `sh -s`, and nothing else.

Every script is written here. Names and versions come from the host's own lists, which are
untrusted: they are checked by what Debian's policy allows, and quoted. What alters anything runs
detached from the connection and leaves its result in a folder of its own, so that a lost
connection, or a worker that dies, neither breaks it off nor does it twice.
"""

import re
from collections.abc import Iterable, Sequence
from shlex import quote

from fullscore.connectors.base import Refused

# Debian policy 5.6.1 and 5.6.12; an architecture may follow the name.
NAME = re.compile(r"\A[a-z0-9][a-z0-9+.-]{1,120}(?::[a-z0-9-]{2,20})?\Z")
VERSION = re.compile(r"\A[0-9][A-Za-z0-9.+:~-]{0,120}\Z")
PLACE = re.compile(r"\A[a-z0-9-]{1,60}\Z")

QUIET = "export LC_ALL=C DEBIAN_FRONTEND=noninteractive APT_LISTCHANGES_FRONTEND=none"
GET = "sudo -n apt-get -o DPkg::Lock::Timeout=60"
# Only what is upgraded and what that needs: what is recommended is nobody's plan.
UPGRADE = "--only-upgrade --no-install-recommends"
KEEP_SETTINGS = "-o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold"
HOOKS = "/etc/fullscore"
MOST_LOG_BYTES = 60_000
REBOOT_DELAY_SECONDS = 2
KEPT_DAYS = 30  # our judgement: who has not rolled back by then will not
# What earlier runs left, saved packages and logs, as far as nobody will go back to it.
TIDY = (
    f'find "$HOME/.fullscore" -mindepth 1 -maxdepth 1 -type d -mtime +{KEPT_DAYS}'
    " -exec rm -rf -- {} + 2>/dev/null"
)

# Where a version as it is installed may still be had: an archive, apt's cache, the files
# themselves. `$1` is name=version; what is kept of it is called as apt would call it.
WAYS = (
    'eval "$(apt-config shell ARCHIVES Dir::Cache::archives/d)";'
    ' named() { NAME="${1%%=*}"; FILE="${NAME%%:*}_$(printf %s "${1#*=}" | sed "s/:/%3a/g")"; };'
)
KEEP = (
    f'{WAYS} keep() {{ named "$1"; apt-get download -q "$1" >/dev/null 2>&1 && return;'
    ' cp -- "$ARCHIVES$FILE"_*.deb . 2>/dev/null && return; sudo -n -l dpkg-repack "$NAME"'
    ' >/dev/null 2>&1 && mkdir -p repacked && (cd repacked && sudo -n dpkg-repack "$NAME")'
    ' >/dev/null 2>&1 && mv -- repacked/*.deb "${FILE}_repacked.deb"; };'
)
COULD = (
    f'{WAYS} could() {{ named "$1"; {{ apt-get download -q --print-uris "$1" ||'
    ' ls -- "$ARCHIVES$FILE"_*.deb || sudo -n -l dpkg-repack "$NAME"; } >/dev/null 2>&1'
    ' && printf "%s\\n" "${NAME%%:*}"; };'
)

SUDOERS = """{user} ALL=(root) NOPASSWD: /usr/bin/apt-get -o DPkg\\:\\:Lock\\:\\:Timeout\\=60 *
{user} ALL=(root) NOPASSWD: /usr/bin/dpkg-repack *
{user} ALL=(root) NOPASSWD: /etc/fullscore/drain, /etc/fullscore/undrain
{user} ALL=(root) NOPASSWD: /usr/bin/systemd-run --on-active\\=2 --quiet systemctl reboot
Defaults:{user} env_keep += "LC_ALL DEBIAN_FRONTEND APT_LISTCHANGES_FRONTEND"
"""


def listed(packages: Iterable[Sequence[str]], *, at: int) -> list[str]:
    """Return `name=version`, each a word; `at` says which version: 1 from, 2 to.

    Raises Refused for what is no name or version of Debian's.
    """
    words = []
    for one in packages:
        if not (NAME.match(one[0]) and VERSION.match(one[at])):
            raise Refused(f"“{one[0][:60]} {one[at][:60]}” is no package of Debian's.")
        words.append(f"{one[0]}={one[at]}")
    if not words:
        raise Refused("There is no package to alter.")
    return words


def named(packages: Iterable[Sequence[str]], *, at: int) -> str:
    """Return `name=version …`, quoted; raises Refused as `listed` does."""
    return " ".join(map(quote, listed(packages, at=at)))


def checked_names(packages: Iterable[Sequence[str]]) -> list[str]:
    """Return the names alone; raises Refused for what is none."""
    found = [one[0] for one in packages]
    for name in found:
        if not NAME.match(name):
            raise Refused(f"“{name[:60]}” is no package of Debian's.")
    return found


def names(packages: Iterable[Sequence[str]]) -> str:
    """Return the names, quoted; raises Refused for what is none."""
    return " ".join(map(quote, checked_names(packages)))


def identity() -> str:
    """Return what prints the boot's id, the running kernel and the kernels in /boot."""
    return f"{QUIET}; cat /proc/sys/kernel/random/boot_id && uname -r && ls -1 /boot"


def space() -> str:
    """Return what prints the free KiB of /var and /boot, one a line."""
    return f"{QUIET}; df -Pk /var /boot | awk 'NR > 1 {{ print $4 }}'"


def running() -> str:
    """Return what prints the services that run, and the addresses listened on."""
    return (
        f"{QUIET}; systemctl list-units --type=service --state=running --plain --no-legend"
        " | awk '{ print \"unit \" $1 }'; ss -Hltn | awk '{ print \"listens \" $4 }'"
    )


def refresh() -> str:
    """Return what reads the repositories anew; any that does not answer fails it."""
    return f"{QUIET}; {GET} update -q -o APT::Update::Error-Mode=any 2>&1"


def sound() -> str:
    """Return what fails when packages are half installed or dependencies are broken."""
    return f'{QUIET}; broken=$(dpkg --audit 2>&1); [ -z "$broken" ] && {GET} check -q 2>&1'


def simulate(packages: Iterable[Sequence[str]]) -> str:
    """Return what prints the whole transaction without doing it, what is removed included."""
    return f"{QUIET}; apt-get -s -q {UPGRADE} -y install {named(packages, at=2)} 2>&1"


def versions(packages: Iterable[Sequence[str]]) -> str:
    """Return what prints `name version` of some packages."""
    words = names(packages)
    return f"{QUIET}; dpkg-query -W -f '${{Package}} ${{Version}} ${{db:Status-Status}}\\n' {words}"


def keep(place: str, packages: Iterable[Sequence[str]]) -> str:
    """Return what fetches the installed versions into a folder, and prints what is there.

    What was kept more than a month ago is removed.
    """
    fetch = " ".join(f"keep {quote(word)};" for word in listed(packages, at=1))
    return (
        f"{QUIET}; {TIDY}; {in_folder(place)} && {{ {KEEP} {fetch} ls -1 | grep '[.]deb$'; true; }}"
    )


def could_keep(packages: Iterable[Sequence[str]]) -> str:
    """Return what prints the names of those whose installed version `keep` could have."""
    asked = " ".join(f"could {quote(word)};" for word in listed(packages, at=1))
    return f"{QUIET}; {COULD} {asked} true"


def update(place: str, packages: Iterable[Sequence[str]], *, removes: bool = False) -> str:
    """Return what brings packages to their planned versions, detached.

    Without `removes` apt itself refuses to remove anything.
    """
    words = ("" if removes else "--no-remove ") + f"-y install {named(packages, at=2)}"
    return detached(place, f"{GET} {KEEP_SETTINGS} {UPGRADE} {words}")


def put_back(place: str, kept: str, packages: Iterable[Sequence[str]]) -> str:
    """Return what installs the packages that were kept over whatever is there, detached."""
    files = " ".join(f'"$HOME/.fullscore/{checked(kept)}/"{_file(one)}' for one in packages)
    return detached(
        place, f"{GET} {KEEP_SETTINGS} --allow-downgrades --no-remove -y install {files}"
    )


def _file(one: Sequence[str]) -> str:
    return f"{quote(stem(one))}_*.deb"


def stem(one: Sequence[str]) -> str:
    """Return how the file begins that keeps a package as it was."""
    listed([one], at=1)
    return f"{one[0].partition(':')[0]}_{one[1].replace(':', '%3a')}"


def detached(place: str, command: str) -> str:
    """Return what starts a command once, however often it is asked, and lets it end by itself."""
    inner = quote(f"{QUIET}; {{ {command}; }} >log 2>&1 </dev/null; echo $? >rc.new; mv rc.new rc")
    return (
        f"{in_folder(place)} || exit 9; [ -f rc ] && exit 0;"
        ' [ -f pid ] && kill -0 "$(cat pid)" 2>/dev/null && exit 0;'
        f" nohup setsid sh -c {inner} >/dev/null 2>&1 </dev/null & echo $! >pid"
    )


def peek(place: str) -> str:
    """Return what prints how a detached command stands: running, lost, or its status and log."""
    return (
        f"{in_folder(place)} || exit 9; if [ -f rc ]; then echo ended $(cat rc);"
        f" tail -c {MOST_LOG_BYTES} log;"
        ' elif [ -f pid ] && kill -0 "$(cat pid)" 2>/dev/null; then echo running;'
        " else echo lost; fi"
    )


def wants_reboot() -> str:
    """Return what succeeds where the distribution marks that a reboot is needed."""
    return "cat /run/reboot-required >/dev/null 2>&1"


def reboot() -> str:
    """Return what orders a reboot that begins once the connection is closed."""
    return f"sudo -n systemd-run --on-active={REBOOT_DELAY_SECONDS} --quiet systemctl reboot"


def has_hooks() -> str:
    """Return what succeeds where a host can take itself out of service, and go back."""
    return " && ".join(f"sudo -n -l {HOOKS}/{name}" for name in ("drain", "undrain"))


def hook(place: str, name: str) -> str:
    """Return what starts a hook of the host, `drain` or `undrain`, detached."""
    return detached(place, f"sudo -n {HOOKS}/{name}")


def in_folder(place: str) -> str:
    """Return what makes a folder of ours and enters it; raises Refused for another name."""
    path = f'"$HOME/.fullscore/{checked(place)}"'
    return f"umask 077; mkdir -p -- {path} && cd -- {path}"


def checked(place: str) -> str:
    """Return the name of a folder of ours; raises Refused for another."""
    if not PLACE.match(place):
        raise Refused(f"“{place[:60]}” is no name of a folder of ours.")
    return place
