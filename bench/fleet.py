"""How long the facts of 1,000 hosts take over SSH: `python -m bench fleet [--hosts 1000]`.

The hosts are simulated: real sshd of Debian at as many addresses of loopback, each of which answers
the probe's command with what this machine's own probe told once, under a name and identity of its
own. So the connections, the reading, the checking and the writing are real, and gathering facts,
which each host does by itself, costs nothing here. All of it shares this machine's cores.
"""

import argparse
import asyncio
import contextlib
import getpass
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

LISTENED = 16  # addresses one sshd listens at, at most
UPDATES = 40  # of each host's packages
TARGET_SECONDS, TARGET_LIST_SECONDS = 60.0, 1.0
ANSWER = """#!/bin/sh
cat >/dev/null
set -- $SSH_CONNECTION
case "$SSH_ORIGINAL_COMMAND" in *--facts*) told=facts;; *) told=samples;; esac
mac=$(printf '%s' "$3" | tr . -)
exec sed -e "s/@HOST@/host-$mac/g" -e "s/@AT@/$(date +%s)/" {home}/$told
"""


def main() -> None:
    """Set up, visit all hosts three times, and print what each round took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=1000)
    many = parser.parse_args().hosts
    home = Path(tempfile.mkdtemp(prefix="fullscore-bench-"))
    os.environ |= {
        "FULLSCORE_HOME": str(home / "data"),
        "FULLSCORE_ALLOWED_NETWORKS": "127.0.0.0/8",
        "DJANGO_SETTINGS_MODULE": "fullscore.config.settings",
    }
    try:
        with _hosts(home, _addresses(many)) as port:
            _set_up(home, port, many)
            _measure(many)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _addresses(many: int) -> list[str]:
    return [f"127.{1 + n // 62500}.{n // 250 % 250}.{1 + n % 250}" for n in range(many)]


@contextlib.contextmanager
def _hosts(home: Path, addresses: list[str]) -> Iterator[int]:
    """Run enough sshd for all addresses, with one key; yield their port."""
    from tests.servers import free_port, wait_for

    program = shutil.which("sshd") or "/usr/sbin/sshd"
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    make = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f"]
    for name in ("host", "own"):
        subprocess.run([*make, home / name], check=True, capture_output=True)
    (home / "answer").write_text(ANSWER.format(home=home))
    (home / "answer").chmod(0o755)
    _record(home)
    port, started = free_port(), []
    settings = f"""
        Port {port}
        HostKey {home}/host
        AuthorizedKeysFile {home}/own.pub
        ForceCommand {home}/answer
        StrictModes no
        UsePAM no
        PidFile none
        PermitRootLogin yes
        MaxStartups 500
    """
    try:
        for place in range(0, len(addresses), LISTENED):
            config = home / f"config-{place}"
            listened = (f"ListenAddress {one}\n" for one in addresses[place : place + LISTENED])
            config.write_text(settings + "".join(listened))
            started.append(
                subprocess.Popen([program, "-D", "-e", "-f", config], stderr=subprocess.DEVNULL)
            )
        wait_for(port, address=addresses[-1])
        yield port
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(20)


def _record(home: Path) -> None:
    """Keep what this machine's probe tells, with places for what differs from host to host."""
    from fullscore.connectors.probe.client import SCRIPT

    done = subprocess.run(
        [sys.executable, SCRIPT, "--facts", "--samples"], check=True, capture_output=True
    )
    report = json.loads(done.stdout)
    facts: dict[str, Any] = report["facts"]
    facts["identity"] |= {
        "hostname": "@HOST@", "fqdn": "@HOST@.example.org", "machine_id": "id-@HOST@",
        "boot_id": "boot-@HOST@", "system_uuid": None, "serial": None,
    }  # fmt: skip
    facts["interfaces"], facts["neighbours"] = [], []  # else all are one by their hardware address
    facts["updates"] = {
        "age_seconds": 3600,
        "packages": [
            {"name": one["name"], "installed": one["version"], "candidate": one["version"] + "+u1",
             "origin": "Debian:12/stable", "is_security": number % 4 == 0}
            for number, one in enumerate(facts.get("packages", [])[:UPDATES])
        ],
    }  # fmt: skip
    for name, told in (("facts", report), ("samples", report | {"facts": {}})):
        (home / name).write_text(json.dumps(told | {"at": "@AT@"}).replace('"@AT@"', "@AT@"))
    print(f"{len(facts.get('packages', []))} packages, {(home / 'facts').stat().st_size >> 10} KiB")


def _set_up(home: Path, port: int, many: int) -> None:
    """Make an installation that trusts all hosts and may enter them."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from fullscore.domains.infrastructure.servers import services
    from fullscore.kit.models.user import system

    began, by = time.monotonic(), system()
    shown = " ".join((home / "host.pub").read_text().split()[:2])
    private = (home / "own").read_text()
    for address in _addresses(many):
        host = services.add_host(by=by, address=address, port=port, user=getpass.getuser())
        host.offered_key = shown
        services.trust(host, by=by)
        services.give_credential(host, by=by, private_key=private)
    print(f"{many:,} hosts added in {time.monotonic() - began:.0f} s")


def _measure(many: int) -> None:
    from django.db.models import F

    from fullscore.domains.infrastructure.patching.queries import standing
    from fullscore.domains.infrastructure.servers.models import Installed, Server, SshHost
    from fullscore.kit import time as clock

    for name in ("facts for the first time", "the same facts again", "samples only"):
        _show(name, asyncio.run(_round(many)))
        SshHost.objects.update(last_at=None, next_at=clock.now())
        if "first" in name:
            Server.objects.update(facts_at=F("facts_at") - timedelta(hours=1))
    began = time.perf_counter()
    found = standing.standings(now=clock.now())
    taken = time.perf_counter() - began
    word = "met" if taken <= TARGET_LIST_SECONDS else "MISSED"
    print(f"how {len(found):,} hosts with {Installed.objects.count():,} packages stand: "
          f"{taken:.2f} s, target {TARGET_LIST_SECONDS:.0f} s: {word}")  # fmt: skip


async def _round(many: int) -> tuple[float, float, float]:
    """Visit every host that is due until all are; return seconds on the clock, ours, of sshd."""
    from fullscore.domains.infrastructure.servers.jobs import Visitor
    from fullscore.domains.infrastructure.servers.models import SshHost

    visitor, began, ours = Visitor(), time.monotonic(), time.process_time()
    while await visitor._asked(SshHost.objects.filter(last_at=None).count):
        await visitor.turn()
        await asyncio.sleep(0.05)
    await visitor.settled()
    took = time.monotonic() - began, time.process_time() - ours
    failed = await visitor._asked(lambda: list(SshHost.objects.exclude(last_error="")[:3]))
    if failed:
        raise SystemExit(f"{failed[0].address}: {failed[0].last_error}")
    for session in visitor._sessions.values():
        session.close()
    await asyncio.sleep(0.5)
    return *took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _show(name: str, took: tuple[float, float, float]) -> None:
    clock, ours, memory = took
    word = "met" if clock <= TARGET_SECONDS else "MISSED"
    print(f"{name:<26} {clock:6.1f} s, ours {ours:6.1f} s of CPU, {memory:.0f} MiB;"
          f" target {TARGET_SECONDS:.0f} s: {word}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
