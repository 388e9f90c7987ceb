"""What is to be done with a machine, as steps a person can read before anything happens."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from fullscore.connectors.base import Refused
from fullscore.connectors.libvirt.parse import SAFE_NAME, UUID

ACTS = ("start", "shutdown", "snapshot", "revert", "migrate")
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,253}[A-Za-z0-9_])?")


@dataclass(frozen=True, slots=True)
class Step:
    """One command of virsh, what is looked at after it, and the line that must be there or gone."""

    title: str
    command: str
    look: str
    expects: str = ""
    absent: str = "-"  # no line of virsh is that
    wait_seconds: float = 0  # how long a guest may take to obey


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in order, the way back in words, and what would be lost."""

    steps: tuple[Step, ...]
    back: str
    loses: str = ""


def plan(act: str, uuid: str, *, name: str, values: Mapping[str, str]) -> Plan:
    """Return the plan of an act on a machine.

    `values` holds `snapshot` (snapshot, revert) or `host` (migrate). Raises Refused for words
    that must not stand in a command.
    """
    if not UUID.fullmatch(uuid):
        raise Refused(f"{uuid[:60]} is no UUID: read the hypervisor again.")
    if act == "start":
        step = Step(f"Start {name}", f"start {uuid}", f"domstate {uuid}", "running")
        return Plan((step,), f"Shut {name} down.")
    if act == "shutdown":
        step = Step(
            f"Shut {name} down", f"shutdown {uuid}", f"domstate {uuid}", "shut off",
            wait_seconds=180,
        )  # fmt: skip
        return Plan((step,), f"Start {name}.")
    if act in ("snapshot", "revert"):
        return _snapshot(act, uuid, name, values.get("snapshot", ""))
    if act == "migrate":
        return _migrate(uuid, name, values.get("host", ""))
    raise Refused(f"“{act}” is not among what can be done: {', '.join(ACTS)}.")


def _snapshot(act: str, uuid: str, name: str, snapshot: str) -> Plan:
    if not SAFE_NAME.fullmatch(snapshot):
        raise Refused("Name a snapshot with letters, digits, dots and dashes, at most 100.")
    if act == "snapshot":
        step = Step(
            f"Save {name} as {snapshot}", f"snapshot-create-as {uuid} {snapshot} --atomic",
            f"snapshot-list {uuid} --name", snapshot,
        )  # fmt: skip
        return Plan((step,), f"Delete the snapshot {snapshot}.")
    step = Step(
        f"Put {name} back to {snapshot}", f"snapshot-revert {uuid} {snapshot}",
        f"snapshot-current {uuid} --name", snapshot,
    )  # fmt: skip
    return Plan((step,), "None: take a snapshot first.", f"All that {name} wrote since.")


def _migrate(uuid: str, name: str, host: str) -> Plan:
    if not _HOST.fullmatch(host):
        raise Refused("The other hypervisor needs a host name: give it one.")
    there = f"qemu+ssh://{host}/system"
    step = Step(
        f"Move {name} to {host}",
        f"migrate --live --persistent --undefinesource {uuid} {there}",
        "list --all --uuid", absent=uuid,
    )  # fmt: skip
    return Plan((step,), f"Move {name} back.")
