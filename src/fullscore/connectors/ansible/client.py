"""Speaking to Ansible: one playbook of ours, for some hosts, played by ansible-runner.

Ansible is the extra `ansible` and under the GPL: its programs are started, never imported.
"""

import asyncio
import base64
import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fullscore.connectors.ansible import folder, parse
from fullscore.connectors.ansible.parse import Played
from fullscore.connectors.base import Deadline, Garbled, Limits, Refused
from fullscore.connectors.output import readable
from fullscore.connectors.ssh.keys import public_line

PLAYBOOKS = Path(__file__).parent / "playbooks"
INSTALL = "Ansible needs the extra: pip install 'fullscore[ansible]'."
NEEDED = ("ansible-runner", "ansible-playbook", "ssh", "ssh-agent", "ssh-add")
FORKS = 25
LOOK_SECONDS = 0.2
MOST_FILE_KIB = 4 * 1024  # of any one file a play writes
MOST_MEMORY_KIB = 4 * 1024 * 1024  # of each process: what a host prints comes through memory
NO_KEY = 96
MOST_EVENT = 400_000  # letters of a result; of a longer one nothing is told
SYSTEM = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
# Keys come on standard input, one a line, and go to an agent that ends with the play: on no
# command line, in no environment and in no file.
_START = (
    'while read -r key; do printf %s "$key" | base64 -d | ssh-add -q - 2>/dev/null'
    f" || exit {NO_KEY}; done; ulimit -f {MOST_FILE_KIB * 2} -v {MOST_MEMORY_KIB};"
    ' exec ansible-runner "$@"'
)
_SETTINGS = """[defaults]
inventory = {place}/inventory
host_key_checking = True
home = {place}/home
local_tmp = {place}/home/tmp
forks = {forks}
timeout = 10
retry_files_enabled = False
nocows = True
[inventory]
enable_plugins = ansible.builtin.yaml
[connection]
pipelining = True
[ssh_connection]
control_path_dir = {place}/cp
retries = 0
ssh_args = {words}
"""
_WORDS = (
    "-F none -o ControlMaster=auto -o ControlPersist=30s -o StrictHostKeyChecking=yes"
    " -o UserKnownHostsFile={place}/known_hosts -o GlobalKnownHostsFile=none -o UpdateHostKeys=no"
    " -o IdentitiesOnly=yes -o PreferredAuthentications=publickey -o BatchMode=yes"
    " -o ForwardAgent=no -o ServerAliveInterval=15"
)


@dataclass(frozen=True, slots=True)
class Host:
    """Where a play goes, as whom, by which key it is known, and what it goes by there.

    `address` is an address the guard of outgoing calls has let through, never a name.
    """

    address: str
    port: int
    user: str
    host_key: str
    private_key: str = field(repr=False)
    variables: Mapping[str, Any] = field(default_factory=dict)


def lacks() -> str:
    """Say what keeps plays from being played on this machine, and how to change that; else “”."""
    lacking = next((name for name in NEEDED if shutil.which(name, path=_path()) is None), "")
    if lacking.startswith("ansible"):
        return INSTALL
    return f"Ansible needs {lacking}: install the SSH client of this machine." if lacking else ""


async def play(name: str, hosts: Mapping[str, Host], *, limits: Limits) -> dict[str, Played]:
    """Play one of our playbooks for some hosts; returns what became of each.

    Hosts are called by words of the caller's: small letters and digits. What fails on a host, or
    one that is not reached, is told there. Raises Refused (not installed, an unusable key),
    Unreachable (no end in time: all that was begun is ended) and Garbled (no result, or more than
    the limit). The folder and every process of the play are gone afterwards, whatever happens.
    """
    if lacking := lacks():
        raise Refused(lacking)
    if not (PLAYBOOKS / f"{name}.yml").is_file():
        raise Refused(f"There is no playbook {name}.")
    with folder.private() as place:
        _prepare(place, hosts, limits.timeout_seconds)
        status = await _run(place, name, hosts, limits)
        if status == NO_KEY:
            raise Refused("A private key cannot be used: make one without a passphrase.")
        try:
            return await asyncio.to_thread(_told, place, list(hosts))
        except Garbled as problem:
            said = (place / "said").read_bytes()[-2000:] + _stdout(place)[-2000:]
            last = readable(said).strip().rpartition("\n")[2]
            raise Garbled(f"{problem} It ended with {status}: {last[:300]}") from problem


def _path() -> str:
    """Return where programs are looked for: beside our Python first, where extras are."""
    return f"{Path(sys.executable).parent}:{SYSTEM}"


def _prepare(place: Path, hosts: Mapping[str, Host], seconds: float) -> None:
    """Write what a play goes by: whom, how, and by which keys they are known."""
    for name in ("inventory", "home", "cp", "keys", "env"):
        (place / name).mkdir(mode=0o700)
    known, told = [], {}
    for name, host in hosts.items():
        if not (name.isalnum() and name.isascii() and name == name.lower()):
            raise Refused(f"“{name[:40]}” is no name for a host in a play.")
        key = place / "keys" / f"{name}.pub"
        _write(key, public_line(host.private_key))
        known.append(f"{name} {' '.join(host.host_key.split()[:2])}")
        told[name] = {
            **_safe(host.variables), "ansible_host": host.address, "ansible_port": host.port,
            "ansible_user": _safe(host.user), "ansible_connection": "ssh",
            "ansible_ssh_extra_args": f"-o HostKeyAlias={name} -o IdentityFile={key}",
        }  # fmt: skip
    _write(place / "known_hosts", "\n".join(known))
    _write(place / "inventory/hosts.json", json.dumps({"all": {"hosts": told}}))
    words = _WORDS.format(place=place)
    # One that outlives us ends by itself.
    _write(place / "env/settings", json.dumps({"job_timeout": max(1, round(seconds))}))
    _write(place / "ansible.cfg", _SETTINGS.format(place=place, forks=FORKS, words=words))


def _write(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(f"{text}\n")


def _safe(value: Any) -> Any:
    """Return a value as it is; raises Refused where Ansible would read a template in it."""
    if isinstance(value, Mapping):
        return {key: _safe(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_safe(one) for one in value]
    if isinstance(value, str) and any(mark in value for mark in ("{{", "{%", "{#")):
        raise Refused(
            f"“{value[:60]}” cannot be handed to Ansible: it would be read as a template."
        )
    return value


async def _run(place: Path, name: str, hosts: Mapping[str, Host], limits: Limits) -> int:
    """Run ansible-runner to its end; returns its status."""
    environment = {
        "PATH": _path(), "HOME": str(place / "home"), "LC_ALL": "C.UTF-8",
        "ANSIBLE_CONFIG": str(place / "ansible.cfg"), "MAX_EVENT_RES": str(MOST_EVENT),
        folder.MARK: str(place),
    }  # fmt: skip
    keys = {host.private_key: None for host in hosts.values()}
    lines = b"".join(base64.b64encode(key.strip().encode() + b"\n") + b"\n" for key in keys)
    with (place / "said").open("wb") as said:
        process = await asyncio.create_subprocess_exec(
            "ssh-agent", "-a", str(place / "agent"), "sh", "-c", _START, "sh",
            "run", str(place), "--playbook", f"{name}.yml", "--ident", "play", "--quiet",
            "--project-dir", str(PLAYBOOKS),
            stdin=asyncio.subprocess.PIPE, stdout=said, stderr=said, cwd=place,
            env=environment, start_new_session=True,
        )  # fmt: skip
    ending = asyncio.create_task(process.wait())
    try:
        if process.stdin is not None:
            process.stdin.write(lines)
            process.stdin.close()
        return await _ended(ending, place, limits)
    finally:
        folder.end(place)
        await ending


async def _ended(ending: "asyncio.Task[int]", place: Path, limits: Limits) -> int:
    deadline = Deadline(limits.timeout_seconds)
    while True:
        await asyncio.wait({ending}, timeout=min(LOOK_SECONDS, deadline.left_seconds()))
        if folder.size_bytes(place) > limits.size_bytes:
            raise Garbled(f"A play left more than the {limits.size_bytes:,} bytes we read of it.")
        if ending.done():
            return ending.result()


def _told(place: Path, names: list[str]) -> dict[str, Played]:
    """Read the events, in the order in which they happened."""
    rows = []
    for path in (place / "artifacts/play/job_events").glob("*-*.json"):
        number = path.name.partition("-")[0]
        if number.isdigit():
            rows.append((int(number), path))
    return parse.results((path.read_bytes() for _, path in sorted(rows)), names)


def _stdout(place: Path) -> bytes:
    path = place / "artifacts/play/stdout"
    return path.read_bytes() if path.exists() else b""
