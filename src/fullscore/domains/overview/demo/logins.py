"""Who can log in to Brightwater's hosts, and become root. Pure."""

from hashlib import sha256
from typing import Any

from fullscore.domains.overview.demo.company import Computer
from fullscore.domains.overview.demo.names import COMING, LEAVER, PEOPLE

TEAM_OF_ROLE = {
    "hypervisor": "Platform", "application": "Applications", "database": "Data",
    "infrastructure": "Platform", "cloud": "Platform",
}  # fmt: skip
ALGORITHMS = {
    "kexalgorithms": "mlkem768x25519-sha256,sntrup761x25519-sha512,curve25519-sha256",
    "ciphers": "chacha20-poly1305@openssh.com,aes256-gcm@openssh.com,aes128-gcm@openssh.com",
    "macs": "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com",
    "hostkeyalgorithms": "ssh-ed25519,rsa-sha2-512,rsa-sha2-256",
}


def login(name: str) -> str:
    """Return the login of a person: first letter and surname."""
    first, *rest = name.lower().replace("é", "e").split()
    return first[0] + "".join(rest)


def users(computer: Computer) -> list[dict[str, Any]]:
    """Return root, a service's account, and the people of the host's team; a leaver is still
    among them."""
    found = [
        _user("root", 0, "root", "/root", "/bin/bash", is_locked=True),
        _user("www-data", 33, "www-data", "/var/www", "/usr/sbin/nologin", is_locked=True),
    ]
    team = TEAM_OF_ROLE[computer.role]
    people = [p.name for p in PEOPLE if p.team == team and p.name != COMING and p.roles]
    for place, name in enumerate(people):
        if name == LEAVER and computer.number % 7 != 1:
            continue  # somebody removed it from most hosts
        bits = 1024 if place == 0 and "weak_key" in computer.faults else 256
        found.append(
            _user(login(name), 1001 + place, name, f"/home/{login(name)}", "/bin/bash",
                  groups=["sudo"], keys=[_key(name, bits)])
        )  # fmt: skip
    return found


def _user(
    name: str, uid: int, full_name: str, home: str, shell: str, *, is_locked: bool = True,
    groups: list[str] | None = None, keys: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:  # fmt: skip
    return {
        "name": name, "uid": uid, "gid": uid, "full_name": full_name, "home": home, "shell": shell,
        "groups": [name, *(groups or [])], "is_locked": is_locked, "has_empty_password": False,
        "password_changed_on": "2026-01-12", "expires_on": None, "last_login_at": None,
        "keys": keys or [],
    }  # fmt: skip


def _key(name: str, bits: int) -> dict[str, Any]:
    kind = "ssh-rsa" if bits > 256 else "ssh-ed25519"
    digest = sha256(f"{name} {bits}".encode()).hexdigest()[:43]
    return {
        "type": kind, "bits": bits, "fingerprint": f"SHA256:{digest}", "comment": login(name),
        "options": None, "file": f"/home/{login(name)}/.ssh/authorized_keys",
    }  # fmt: skip


def groups(computer: Computer) -> list[dict[str, Any]]:
    """Return the groups with members."""
    names = [u["name"] for u in users(computer) if "sudo" in u["groups"]]
    return [
        {"name": "root", "gid": 0, "members": []},
        {"name": "sudo", "gid": 27, "members": names},
    ]


def sudo(computer: Computer) -> list[dict[str, Any]]:
    """Return the sudo rules; with a deployment group that may do everything where that is
    planted."""
    rules = [_rule("%sudo", [], "/etc/sudoers", 50)]
    if computer.faults & {"sudo_nopasswd", "sudo_repaired"}:
        rules.append(_rule("%deploy", ["NOPASSWD"], "/etc/sudoers.d/deploy", 1))
    return rules


def _rule(who: str, tags: list[str], file: str, line: int) -> dict[str, Any]:
    return {
        "who": [who], "hosts": ["ALL"], "run_as": ["ALL", ":ALL"], "tags": tags,
        "commands": ["ALL"], "writable": [], "file": file, "line": line,
    }  # fmt: skip


def sshd(computer: Computer) -> dict[str, Any]:
    """Return sshd's settings: keys only, except where root's password opens."""
    is_open = "root_password" in computer.faults
    return {
        "source": "sshd -T",
        "settings": {
            "permitrootlogin": "yes" if is_open else "no",
            "passwordauthentication": "yes" if is_open else "no",
            "kbdinteractiveauthentication": "no",
            "usepam": "yes",
            "x11forwarding": "no",
            **ALGORITHMS,
        },
        "matches": [],
    }
