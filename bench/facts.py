"""Facts of 20 hosts over SSH, beside `ansible -m setup`: `python -m bench facts`.

    python -m bench.facts [--hosts 20] [--rounds 3]

Every host is an sshd on loopback with a key of its own; all of them are this machine, so both ways
want the same two cores for what runs here and there. Ansible (the extra `ansible`) has as many
forks as there are hosts, pipelining, and its usual persistent connections; each of its rounds
begins without one. Ours is measured twice: as a process that starts, connects and asks, which is
what the command is compared with, and once more over the connections that then stay open, which is
how a collector asks every quarter of an hour. They take turns. Beside the seconds stand those of
the processor on the asking side, which is what is left where hosts are machines of their own.
"""

import argparse
import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from ipaddress import ip_network
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

from tests.servers import Sshd, sshd

from fullscore.connectors.ssh import keys

TARGET = 0.2
SETTINGS = """[defaults]
inventory = {home}/hosts.json
forks = {forks}
home = {home}/ansible
[connection]
pipelining = True
[ssh_connection]
control_path_dir = {home}/cp
ssh_args = -F none -o ControlMaster=auto -o ControlPersist=60s -o UserKnownHostsFile={home}/known
"""


Took = tuple[float, float]  # seconds, and those of the processor on the asking side


async def asked(rows: Sequence[Sequence[str]], private: str) -> Took:
    """Ask every host twice for its facts, by our own probe; return what the second turn took."""
    from fullscore.connectors.base import Limits
    from fullscore.connectors.guard import Guard
    from fullscore.connectors.probe import parse
    from fullscore.connectors.ssh.client import Login, Session

    guard = Guard(allowed=(ip_network("127.0.0.0/8"),), ports=frozenset(range(1, 65536)))
    limits = Limits(timeout_seconds=120, size_bytes=parse.LIMIT_BYTES)
    sessions = [
        Session(Login("127.0.0.1", int(port), user, key, private_key=private),
                guard=guard, limits=limits)
        for port, user, key in rows
    ]  # fmt: skip
    for _ in ("first", "again"):
        began, before = perf_counter(), process_time()
        bodies = await asyncio.gather(*(one.probe(["--facts"]) for one in sessions))
        for body in bodies:
            if "packages" not in parse.read(body).facts:
                raise SystemExit("a host told no packages")
        took = perf_counter() - began, process_time() - before
    for one in sessions:
        one.close()
    return took


def spent() -> float:
    """Return the processor's seconds of all programs that we started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def ours(home: Path) -> tuple[Took, Took]:
    """Return what a process of ours takes, and a turn over open connections."""
    began, before = perf_counter(), spent()
    done = subprocess.run([sys.executable, "-m", "bench.facts", "--asking", str(home)],
                          check=True, capture_output=True, timeout=600)  # fmt: skip
    whole, used = perf_counter() - began, spent() - before
    again, again_used = json.loads(done.stdout)
    return (whole - again, used - again_used), (again, again_used)


def theirs(home: Path, hosts: int) -> Took:
    """Return what `ansible -m setup` takes."""
    environment = {**os.environ, "ANSIBLE_CONFIG": str(home / "ansible.cfg"), "LC_ALL": "C.UTF-8"}
    command = [str(Path(sys.executable).with_name("ansible")), "all", "-m", "setup", "--one-line"]
    began, before = perf_counter(), spent()
    done = subprocess.run(command, env=environment, capture_output=True, timeout=600)
    took = perf_counter() - began, spent() - before
    told = done.stdout.count(b"SUCCESS")
    for socket in (home / "cp").glob("*"):
        end = ["ssh", "-o", f"ControlPath={socket}", "-O", "exit", "none"]
        subprocess.run(end, capture_output=True, timeout=10)
    if told != hosts:
        raise SystemExit(f"Ansible told of {told} hosts: {done.stderr.decode()[-500:]}")
    return took


def prepare(home: Path, servers: Sequence[Sshd]) -> None:
    """Write what both ways go by: hosts, their keys, and a key that gets in."""
    private, public = keys.new_pair("bench")
    (home / "key").touch(mode=0o600)
    (home / "key").write_text(private)
    for one in servers:
        one.authorize(public)
    rows = [[one.port, one.user, one.line()] for one in servers]
    (home / "rows.json").write_text(json.dumps(rows))
    known = [f"[127.0.0.1]:{port} {key}\n" for port, _, key in rows]
    (home / "known").write_text("".join(known))
    told = {
        f"host{n}": {
            "ansible_host": "127.0.0.1", "ansible_port": port, "ansible_user": user,
            "ansible_ssh_private_key_file": str(home / "key"),
            "ansible_python_interpreter": "/usr/bin/python3",
        }
        for n, (port, user, _) in enumerate(rows)
    }  # fmt: skip
    (home / "hosts.json").write_text(json.dumps({"all": {"hosts": told}}))
    (home / "ansible.cfg").write_text(SETTINGS.format(home=home, forks=len(servers)))


def measure(hosts: int, rounds: int) -> None:
    """Take turns, and print the medians."""
    print(f"load at the beginning: {os.getloadavg()[0]:.1f}", flush=True)
    with tempfile.TemporaryDirectory(prefix="facts-") as folder, ExitStack() as stack:
        home = Path(folder)
        prepare(home, [stack.enter_context(sshd()) for _ in range(hosts)])
        turns = []
        for _ in range(rounds):
            turns.append((*ours(home), theirs(home, hosts)))
            told = "; ".join(f"{seconds:.2f} s ({cpu:.2f})" for seconds, cpu in turns[-1])
            print(f"a process of ours; over open connections; Ansible: {told}", flush=True)
    first, again, peer = ([median(figures) for figures in zip(*rows, strict=True)]
                          for rows in zip(*turns, strict=True))  # fmt: skip
    print(f"ansible -m setup of {hosts} hosts: {peer[0]:.2f} s (processor {peer[1]:.2f})")
    for name, row in (("a process of ours", first), ("over open connections", again)):
        ratio, processor = row[0] / peer[0], row[1] / peer[1]
        print(f"{name}: {row[0]:.2f} s ({row[1]:.2f}), {ratio:.2f} × (target ≤ {TARGET} ×:"
              f" {'yes' if ratio <= TARGET else 'no'}), processor {processor:.2f} ×")  # fmt: skip


def main() -> None:
    """Measure, or be the process of ours that asks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--asking", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.asking:
        rows = json.loads((options.asking / "rows.json").read_text())
        print(json.dumps(asyncio.run(asked(rows, (options.asking / "key").read_text()))))
        return
    measure(options.hosts, options.rounds)


if __name__ == "__main__":
    main()
