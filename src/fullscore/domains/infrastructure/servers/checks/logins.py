"""Checks of who can log in, and who can become root."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from fullscore.domains.infrastructure.servers.checks.common import not_told, told
from fullscore.domains.infrastructure.servers.queries import Host
from fullscore.kit.checks import Limits, Subject, Verdict, bad, good, rule

QUARTER = timedelta(minutes=15)
# Programs that open a shell or write any file: GTFOBins lists the same ones.
ESCAPES = {
    "vi", "vim", "nano", "less", "more", "man", "find", "tar", "awk", "gawk", "perl", "python",
    "ruby", "bash", "sh", "dash", "zsh", "env", "ed", "emacs", "git", "zip", "nmap", "gdb",
    "strace", "ftp", "socat", "screen", "tmux",
}  # fmt: skip
WRITERS = {"tee", "cp", "mv", "dd", "rsync", "docker", "podman", "chmod", "chown", "install"}
WEAK = {
    "kexalgorithms": (
        "diffie-hellman-group1-",
        "diffie-hellman-group14-sha1",
        "group-exchange-sha1",
    ),
    "ciphers": ("3des-", "arcfour", "blowfish", "cast128", "-cbc"),
    "macs": ("hmac-md5", "hmac-sha1-96", "hmac-ripemd"),
    "hostkeyalgorithms": ("ssh-dss",),
}


SHORT = ("umac-64",)  # OpenSSH still offers it by default: worth a line, not an alarm


@rule(
    "servers.empty_password", title="Accounts without a password", codes=["S13"], every=QUARTER,
    why="Anybody who reaches a login prompt is in.", source="An empty field in /etc/shadow.",
    fix="passwd -l NAME, or set a password.", is_urgent=True,
)  # fmt: skip
def empty_password(hosts: Iterable[Host], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which accounts have an empty password."""

    def inside(
        host: Host, users: list[dict[str, Any]], now: datetime, mine: Any
    ) -> Iterator[Verdict]:
        if any(u.get("has_empty_password") is None for u in users):
            yield not_told(host, "permission: locks and ages of passwords")
        for user in users:
            subject = Subject(item=host.item, key=str(user["name"]))
            if user.get("has_empty_password"):
                yield bad(
                    subject, severity=5, title=f"{user['name']} on {host.name} has no password",
                    evidence=(
                        {"account": user["name"], "uid": user.get("uid"),
                         "shell": user.get("shell")},
                    ),
                    advice=f"passwd -l {user['name']}",
                )  # fmt: skip
            elif user.get("has_empty_password") is False:
                yield good(subject)

    yield from told(hosts, "users", inside, now=now, limits=limits)


@rule(
    "servers.second_root", title="A second account with uid 0", codes=["S13"], every=QUARTER,
    why="It is root by another name, and no audit of root sees it.", source="uid 0 and not `root`.",
    fix="Give it a uid of its own, and rights by sudo.", is_urgent=True,
)  # fmt: skip
def second_root(hosts: Iterable[Host], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which accounts beside root have uid 0."""

    def inside(
        host: Host, users: list[dict[str, Any]], now: datetime, mine: Any
    ) -> Iterator[Verdict]:
        for user in users:
            subject = Subject(item=host.item, key=str(user["name"]))
            if user.get("uid") == 0 and user["name"] != "root":
                yield bad(
                    subject, severity=5, title=f"{user['name']} on {host.name} is a second root",
                    evidence=({"account": user["name"], "shell": user.get("shell")},),
                    advice=second_root.fix,
                )  # fmt: skip
            else:
                yield good(subject)

    yield from told(hosts, "users", inside, now=now, limits=limits)


@rule(
    "servers.weak_key", title="SSH keys too weak to trust", codes=["S15"], every=QUARTER,
    why="A DSA or short RSA key can be broken or is refused by current clients.",
    source="DSA, or RSA under 2,048 bits (NIST SP 800-131A).",
    fix="Replace it by an Ed25519 key: ssh-keygen -t ed25519", limits={"bits": 2048},
)  # fmt: skip
def weak_key(hosts: Iterable[Host], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which authorised keys are weak."""

    def inside(
        host: Host, users: list[dict[str, Any]], now: datetime, mine: Any
    ) -> Iterator[Verdict]:
        for user in users:
            for key in user.get("keys") or []:
                kind, bits = str(key.get("type")), key.get("bits") or 0
                subject = Subject(
                    item=host.item, key=f"{user['name']} {key.get('fingerprint')}"[:200]
                )
                if kind == "ssh-dss" or (kind == "ssh-rsa" and 0 < bits < mine["bits"]):
                    yield bad(
                        subject, severity=3, figure=bits, limit=mine["bits"], unit="bit",
                        title=f"{user['name']} on {host.name} has a weak key ({kind} {bits})",
                        evidence=(key,), advice=weak_key.fix,
                    )  # fmt: skip
                else:
                    yield good(subject)

    yield from told(hosts, "users", inside, now=now, limits=limits, blinded_by="authorized keys")


@rule(
    "servers.sudo_without_password", title="Root without a password", codes=["S14"], every=QUARTER,
    why="Whoever gets at such a session, by a stolen key or an open terminal, is root at once.",
    source="A NOPASSWD rule for ALL commands given to a person or a group.",
    fix="Name the commands it needs, or remove NOPASSWD.",
)  # fmt: skip
def sudo_without_password(
    hosts: Iterable[Host], *, now: datetime, limits: Limits
) -> Iterator[Verdict]:
    """Say which sudo rules give everything without a password."""

    def inside(
        host: Host, rules: list[dict[str, Any]], now: datetime, mine: Any
    ) -> Iterator[Verdict]:
        for one in rules:
            subject = Subject(item=host.item, key=_rule(one))
            is_free = "NOPASSWD" in (one.get("tags") or []) and "ALL" in (one.get("commands") or [])
            if is_free and _becomes_root(one):
                yield bad(
                    subject, severity=4,
                    title=f"{_who(one)} is root on {host.name} without a password",
                    evidence=(one,), advice=f"{_place(one)}: {sudo_without_password.fix}",
                )  # fmt: skip
            else:
                yield good(subject)

    yield from told(hosts, "sudo", inside, now=now, limits=limits)


@rule(
    "servers.sudo_escape",
    title="Sudo rules that lead to a root shell",
    codes=["S14"],
    every=QUARTER,
    why="An editor or pager run as root opens a shell: the rule allows everything.",
    source="Commands known to escape (GTFOBins), a wildcard in a path, a program "
    "anybody may replace.",
    fix="Use sudoedit, fixed arguments, or a wrapper that does one thing.",
)
def sudo_escape(hosts: Iterable[Host], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which sudo rules open a way to everything."""

    def inside(
        host: Host, rules: list[dict[str, Any]], now: datetime, mine: Any
    ) -> Iterator[Verdict]:
        for one in rules:
            subject = Subject(item=host.item, key=_rule(one))
            harmless = "NOEXEC" in (one.get("tags") or [])
            doors = [c for c in one.get("commands") or [] if _escapes(c, no_exec=harmless)]
            doors += [f"{path} (anybody may replace it)" for path in one.get("writable") or []]
            if doors and _becomes_root(one):
                yield bad(
                    subject, severity=4, title=f"{_who(one)} can reach a root shell on {host.name}",
                    evidence=({"commands": doors[:10], "at": _place(one)},), advice=sudo_escape.fix,
                )  # fmt: skip
            else:
                yield good(subject)

    yield from told(hosts, "sudo", inside, now=now, limits=limits)


def _escapes(command: str, *, no_exec: bool) -> bool:
    """Say whether a command opens a way to everything; under NOEXEC only one that writes files
    does."""
    if command == "ALL" or command.startswith("!"):
        return False
    program, _, arguments = command.partition(" ")
    # python3.11 is python, vim.basic is vim
    name = program.rpartition("/")[2].partition(".")[0].rstrip("0123456789")
    is_known = name in WRITERS or (name in ESCAPES and not no_exec)
    return is_known or "*" in program or arguments.strip() == "*"


def _becomes_root(one: dict[str, Any]) -> bool:
    """Say whether a rule makes somebody else root: root gains nothing, and postgres is not root."""
    return one.get("who") != ["root"] and bool({"root", "ALL", "#0"} & set(one.get("run_as") or []))


def _rule(one: dict[str, Any]) -> str:
    """Return what a rule is known by: not its line, which moves with every edit above it."""
    return f"{_who(one)} as {', '.join(one.get('run_as') or [])} in {one.get('file')}"[:200]


def _who(one: dict[str, Any]) -> str:
    return ", ".join(one.get("who") or [])


def _place(one: dict[str, Any]) -> str:
    return f"{one.get('file')}:{one.get('line')}"


def _settings(content: dict[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield what sshd does for everybody, then what it does for those each Match names."""
    general = _lowered(content.get("settings"))
    yield "everybody", general
    for match in content.get("matches") or []:
        yield str(match.get("criteria")), general | _lowered(match.get("settings"))


def _lowered(settings: dict[str, Any] | None) -> dict[str, str]:
    return {str(k).lower(): str(v).lower() for k, v in (settings or {}).items()}


def _takes_passwords(said: dict[str, str]) -> bool:
    return said.get("passwordauthentication", "yes") == "yes"


@rule(
    "servers.ssh_root_password", title="Root may log in with a password", codes=["S15"],
    every=QUARTER,
    why="Every scanner of the internet tries passwords for root, all day.",
    source="PermitRootLogin yes while passwords are allowed; CIS Benchmark 5.2.",
    fix="PermitRootLogin prohibit-password (or no) in /etc/ssh/sshd_config, then reload sshd.",
    is_urgent=True,
)  # fmt: skip
def ssh_root_password(hosts: Iterable[Host], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say where sshd lets root in by password."""

    def inside(host: Host, content: dict[str, Any], now: datetime, mine: Any) -> Iterator[Verdict]:
        subject = Subject(item=host.item)
        whom = [
            who for who, said in _settings(content)
            if said.get("permitrootlogin") == "yes" and _takes_passwords(said)
        ]  # fmt: skip
        if whom:
            yield bad(
                subject, severity=4, title=f"Root may log in to {host.name} with a password",
                evidence=tuple(
                    {"permitrootlogin": "yes", "passwordauthentication": "yes", "for": who,
                     "read_from": content.get("source")}
                    for who in whom
                ),
                advice=ssh_root_password.fix,
            )  # fmt: skip
        else:
            yield good(subject)

    yield from told(hosts, "sshd", inside, now=now, limits=limits)


@rule(
    "servers.ssh_passwords", title="SSH by password", codes=["S15"], every=QUARTER,
    why="Passwords are guessed, reused and phished; keys are not.",
    source="PasswordAuthentication yes (the default when nothing is said); CIS Benchmark 5.2.",
    fix="PasswordAuthentication no, once everybody has a key; then reload sshd.",
)  # fmt: skip
def ssh_passwords(hosts: Iterable[Host], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say where sshd takes passwords."""

    def inside(host: Host, content: dict[str, Any], now: datetime, mine: Any) -> Iterator[Verdict]:
        subject = Subject(item=host.item)
        whom = [who for who, said in _settings(content) if _takes_passwords(said)]
        if whom:
            yield bad(
                subject,
                severity=3,
                title=f"{host.name} lets people in by password",
                evidence=tuple(
                    {
                        "passwordauthentication": "yes",
                        "for": who,
                        "read_from": content.get("source"),
                    }
                    for who in whom
                ),
                advice=ssh_passwords.fix,
            )
        else:
            yield good(subject)

    yield from told(hosts, "sshd", inside, now=now, limits=limits)


@rule(
    "servers.ssh_weak_algorithms", title="Weak SSH algorithms", codes=["S15"], every=QUARTER,
    why="Old key exchanges, ciphers and MACs can be downgraded to and broken.",
    source="SHA-1 key exchange, CBC, MD5: high. 64-bit MACs alone: low. Mozilla OpenSSH guide.",
    fix="Remove the named ones from KexAlgorithms, Ciphers, MACs in sshd_config; reload sshd.",
)  # fmt: skip
def ssh_weak_algorithms(
    hosts: Iterable[Host], *, now: datetime, limits: Limits
) -> Iterator[Verdict]:
    """Say where sshd still offers algorithms that are broken."""

    def inside(host: Host, content: dict[str, Any], now: datetime, mine: Any) -> Iterator[Verdict]:
        said = _lowered(content.get("settings"))
        broken = [w for name, marks in WEAK.items() for w in _offered(said, name, marks)]
        short = list(_offered(said, "macs", SHORT))
        subject = Subject(item=host.item)
        if broken or short:
            words = f"{len(broken) + len(short)} weak SSH algorithms"
            yield bad(
                subject, severity=4 if broken else 2, title=f"{host.name} offers {words}",
                evidence=tuple({"offered": word} for word in [*broken, *short][:20]),
                advice=ssh_weak_algorithms.fix,
            )  # fmt: skip
        else:
            yield good(subject)

    yield from told(hosts, "sshd", inside, now=now, limits=limits)


def _offered(said: dict[str, str], name: str, marks: tuple[str, ...]) -> Iterator[str]:
    """Yield what a setting offers and should not; one that begins with a minus takes away."""
    value = said.get(name, "")
    if value.startswith("-"):
        return
    for word in value.lstrip("+^").split(","):
        if any(mark in word for mark in marks):
            yield f"{name}: {word}"


@rule(
    "servers.root_path_writable", title="Files root runs that anybody may replace", codes=["S16"],
    every=QUARTER, why="Whoever may write the file is root at its next run.",
    source="World-writable program or folder named by a unit or timetable that runs as root.",
    fix="chmod o-w PATH, and its folders.", is_urgent=True,
)  # fmt: skip
def root_path_writable(
    hosts: Iterable[Host], *, now: datetime, limits: Limits
) -> Iterator[Verdict]:
    """Say which programs of root's timetables everybody may replace."""

    def inside(
        host: Host, lines: list[dict[str, Any]], now: datetime, mine: Any
    ) -> Iterator[Verdict]:
        if any(not r.startswith("absent") for r in host.gaps.get("units", ())):
            yield not_told(host, f"units: {host.gaps['units'][0]}")
        units = host.section("units") or []
        rows = [(_entry(c), c.get("user"), c.get("writable")) for c in lines]
        rows += [(u.get("name"), u.get("user"), u.get("writable")) for u in units]
        for where, user, writable in rows:
            subject = Subject(item=host.item, key=str(where)[:200])
            if writable and user == "root":
                yield bad(
                    subject, severity=4,
                    title=f"{where} on {host.name} runs a file anybody may replace",
                    evidence=({"paths": writable},), advice=root_path_writable.fix,
                )  # fmt: skip
            else:
                yield good(subject)

    yield from told(hosts, "cron", inside, now=now, limits=limits, blinded_by="permission")


def _entry(line: dict[str, Any]) -> str:
    """Return what a line of a timetable is known by: its file and program, not its number."""
    return f"{line.get('file')}: {str(line.get('command') or '').partition(' ')[0]}"
