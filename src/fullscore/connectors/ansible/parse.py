"""What ansible-runner tells of a play, one event a file. Pure; hosts' texts are untrusted."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fullscore.connectors.base import Garbled
from fullscore.connectors.output import readable

MOST_OUTPUT = 64 * 1024  # of one task; of more, the beginning and the end
MOST_WORDS = 300
LEFT_OUT = "It printed more than is read."
CUT = "\n[... left out ...]\n"
STATES = {
    "runner_on_ok": "ok",
    "runner_on_failed": "failed",
    "runner_on_unreachable": "unreachable",
    "runner_on_async_failed": "failed",
}
ORDER = ("ok", "changed", "failed", "unreachable")
# What OpenSSH says, and what that means; the first that is found counts.
WORDS = (
    ("REMOTE HOST IDENTIFICATION HAS CHANGED", "It shows another key than the trusted one: it was"
     " set up anew, or something else answers."),
    ("Host key verification failed", "It shows another key than the trusted one: it was set up"
     " anew, or something else answers."),
    ("no matching host key type", "It shows another kind of key than the trusted one."),
    ("Permission denied", "It does not let this account in: check user and credential."),
    ("Too many authentication failures", "It does not let this account in: check user and"
     " credential."),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Task:
    """What became of one task on one host."""

    name: str
    state: str  # ok, changed, failed, unreachable
    output: str  # what it printed on both ways, at most `MOST_OUTPUT` bytes or so
    status: int | None = None  # of its command
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Played:
    """What became of a play on one host."""

    tasks: tuple[Task, ...]
    is_refused: bool = False  # it answered, and one of us said no

    @property
    def state(self) -> str:
        """Return the worst of: ok, changed, failed, unreachable."""
        return max((task.state for task in self.tasks), key=ORDER.index, default="ok")

    @property
    def problem(self) -> str:
        """Say what went wrong first; empty where nothing did."""
        return next((task.problem for task in self.tasks if task.problem), "")

    def task(self, name: str) -> Task | None:
        """Return the last task of that name; None where the play did not come to it."""
        return next((task for task in reversed(self.tasks) if task.name == name), None)

    def output(self, name: str) -> str:
        """Return what a task printed; empty where the play did not come to it."""
        found = self.task(name)
        return found.output if found else ""


def results(bodies: Iterable[bytes], names: Iterable[str]) -> dict[str, Played]:
    """Return what became of each host, from the files of events in their order.

    Raises Garbled for what is no event, and where a host is not told of, or one that was not asked.
    """
    tasks: dict[str, list[Task]] = {name: [] for name in names}
    refused: set[str] = set()
    for body in bodies:
        kind, told = _event(body)
        state = STATES.get(kind)
        if state is None:
            continue
        host = told.get("host")
        if not isinstance(host, str) or host not in tasks:
            raise Garbled("Ansible tells of a host that was not asked.")
        made, is_refused = _task(state, told)
        tasks[host].append(made)
        if is_refused:
            refused.add(host)
    if silent := [name for name, found in tasks.items() if not found]:
        raise Garbled(f"Ansible tells nothing of {', '.join(silent[:5])}.")
    return {name: Played(tuple(found), name in refused) for name, found in tasks.items()}


def _event(body: bytes) -> tuple[str, Mapping[str, Any]]:
    try:
        event = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Garbled("An event of Ansible's is no JSON.") from error
    kind = event.get("event") if isinstance(event, dict) else None
    told = event.get("event_data") if isinstance(event, dict) else None
    if not isinstance(kind, str) or not isinstance(told, dict):
        raise Garbled("An event of Ansible's says neither what it is nor what happened.")
    return kind, told


def _task(state: str, told: Mapping[str, Any]) -> tuple[Task, bool]:
    """Read what one task told, and whether the host or we refused."""
    res = told.get("res")
    result: Mapping[str, Any] = res if isinstance(res, dict) else {}
    if state == "failed" and told.get("ignore_errors") is True:
        state = "ok"
    if state == "ok" and result.get("changed") is True:
        state = "changed"
    message = _text(result.get("msg")) if result else LEFT_OUT
    parts = [part for key in ("stdout", "stderr") if (part := _text(result.get(key)))]
    output = "\n".join(part.rstrip("\n") for part in parts) or (
        message if state in ("failed", "unreachable") or not result else ""
    )
    status = result.get("rc")
    known = next((words for mark, words in WORDS if mark in message), "")
    problem = ""
    if state == "unreachable":
        problem = known or _last(message) or "It did not answer."
    elif state == "failed":
        problem = _last("\n".join(parts)) or _last(message) or "It failed without a word."
    made = Task(
        name=_text(told.get("task"))[:120], state=state, output=bounded(output),
        status=status if isinstance(status, int) else None, problem=problem,
    )  # fmt: skip
    return made, state == "unreachable" and bool(known)


def _text(value: object) -> str:
    """Return what stands there as text that can be kept and shown; empty where it is no text."""
    return readable(value.encode("utf-8", "replace")) if isinstance(value, str) else ""


def _last(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:MOST_WORDS] if lines else ""


def bounded(text: str, most: int = MOST_OUTPUT) -> str:
    """Return a text of at most so many bytes: of a longer one the beginning and the end."""
    raw = text.encode()
    if len(raw) <= most:
        return text
    head, tail = raw[: most * 3 // 4], raw[-(most // 4 - len(CUT)) :]
    return head.decode(errors="ignore") + CUT + tail.decode(errors="ignore")
