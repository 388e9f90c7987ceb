"""Asking a hypervisor: `virsh` here, or there over SSH; and carrying a plan out."""

import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from fullscore.connectors import process
from fullscore.connectors.base import Garbled, Limits, Refused
from fullscore.connectors.libvirt import parse
from fullscore.connectors.libvirt.plan import Plan, Step
from fullscore.connectors.libvirt.shapes import Machine, Reading
from fullscore.connectors.output import readable
from fullscore.connectors.process import Done

# Only drivers that open a socket of the same machine. `+ssh`, `+ext` and `?command=` would let
# whoever may name an address start a program.
URI = re.compile(r"(?:qemu|xen|lxc|ch|bhyve):///(?:system|session)?|test:///default")
LIMITS = Limits(timeout_seconds=60, size_bytes=32 * 1024 * 1024)
AT_ONCE = 100  # machines asked about in one run: a command line has an end
MOST_MACHINES = 5000
LOOK_EVERY = 2.0  # seconds

T = TypeVar("T")
Run = Callable[[Sequence[str]], Done]
"""Runs a program on the hypervisor: `here`, or a session over SSH."""


def here(command: Sequence[str]) -> Done:
    """Run a program on this machine."""
    return process.run(command, limits=LIMITS)


def read(run: Run, uri: str) -> Reading:
    """Return the hypervisor, its machines, pools and networks; it is asked read-only.

    Raises Unreachable, Refused and Garbled. A machine that cannot be read is left out, in words.
    """
    asked = {
        "nodeinfo": "nodeinfo", "hostname": "hostname", "version": "version",
        "capabilities": "capabilities", "machines": "list --all --uuid",
        "pools": "pool-list --all --uuid", "networks": "net-list --all --uuid",
    }  # fmt: skip
    found, first = _ask(run, uri, asked)
    if "nodeinfo" not in found or not found["nodeinfo"].strip():
        raise Refused(f"The hypervisor does not answer: {first or 'it said nothing'}")
    errors: list[str] = []
    machines = list(_machines(run, uri, parse.uuids(found["machines"])[:MOST_MACHINES], errors))
    pools = _each(run, uri, "pool-dumpxml", parse.uuids(found["pools"]), parse.pool, errors)
    nets = _each(run, uri, "net-dumpxml", parse.uuids(found["networks"]), parse.network, errors)
    return Reading(
        parse.host(found), tuple(machines), tuple(pools), tuple(nets), tuple(errors[:50])
    )


def apply(plan: Plan, run: Run, uri: str) -> list[str]:
    """Carry a plan out, step by step in one session; returns what each step said.

    Raises Refused, with the step and the hypervisor's words, at the first step that fails: those
    after it are not begun.
    """
    said = []
    for step in plan.steps:
        found, complaint = _ask(run, uri, {"do": step.command, "look": step.look}, is_read=False)
        if complaint:
            raise Refused(f"“{step.title}” failed: {complaint}")
        seen = found.get("look", "")
        ends = time.monotonic() + step.wait_seconds
        while not _is_met(step, seen) and time.monotonic() < ends:
            time.sleep(LOOK_EVERY)
            seen = _ask(run, uri, {"look": step.look})[0].get("look", "")
        if not _is_met(step, seen):
            told = seen.strip()[:200] or "nothing"
            raise Refused(f"“{step.title}” was asked for, but what is seen then is: {told}")
        said.append(f"{step.title}: {step.expects or 'done'}")
    return said


def _is_met(step: Step, seen: str) -> bool:
    lines = [line.strip() for line in seen.splitlines()]
    return (not step.expects or step.expects in lines) and step.absent not in lines


def _machines(run: Run, uri: str, uuids: list[str], errors: list[str]) -> Iterator[Machine]:
    for start in range(0, len(uuids), AT_ONCE):
        batch = uuids[start : start + AT_ONCE]
        asked: dict[str, str] = {}
        for uuid in batch:
            asked |= {
                f"{uuid} xml": f"dumpxml {uuid}", f"{uuid} info": f"dominfo {uuid}",
                f"{uuid} stats": f"domstats --raw {uuid}",
                f"{uuid} addresses": f"domifaddr {uuid}",
                f"{uuid} snapshots": f"snapshot-list {uuid}",
            }  # fmt: skip
        found, _ = _ask(run, uri, asked)
        for uuid in batch:
            own = {k.partition(" ")[2]: v for k, v in found.items() if k.startswith(uuid)}
            try:
                yield parse.machine(uuid, own)
            except (Garbled, KeyError) as error:  # it went away meanwhile, or is written oddly
                errors.append(f"{uuid}: {error}")


def _each(
    run: Run, uri: str, command: str, uuids: list[str], reads: Callable[[str], T],
    errors: list[str],
) -> Iterator[T]:  # fmt: skip
    if not uuids:
        return
    found, _ = _ask(run, uri, {uuid: f"{command} {uuid}" for uuid in uuids[:500]})
    for uuid, text in found.items():
        try:
            yield reads(text)
        except Garbled as error:
            errors.append(f"{uuid}: {error}")


def _ask(
    run: Run, uri: str, commands: Mapping[str, str], *, is_read: bool = True
) -> tuple[dict[str, str], str]:
    """Run many commands in one `virsh`; returns the output of each, and what it complained of."""
    mark = f"={secrets.token_hex(12)}="
    asked = "; ".join(f"echo '{mark} {label}|'; {one}" for label, one in commands.items() if one)
    words = ["virsh", "-q", *(["-r"] if is_read else []), "-c", uri, asked]
    done = run(words)
    if done.status == 127:
        raise Refused("There is no virsh there: install libvirt-clients.")
    complaints = [line for line in done.complaint.splitlines() if line.startswith("error:")]
    told = " · ".join(line.removeprefix("error:").strip() for line in complaints[:2])
    return parse.parts(done.output, mark), readable(told.encode())[:300]
