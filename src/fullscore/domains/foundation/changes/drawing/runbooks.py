"""Runbooks as pages show them: the steps as written, a run as it goes on, what fits."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.template.loader import render_to_string

from fullscore.domains.foundation.changes.models import (
    CommandAccess,
    Runbook,
    RunbookRun,
    RunbookVersion,
)
from fullscore.domains.foundation.changes.queries.suggesting import Suggestion
from fullscore.domains.foundation.changes.services.runbooks import starting
from fullscore.engines import runbooks
from fullscore.engines.runbooks import Book, Step, Trouble
from fullscore.kit import access
from fullscore.kit.models import User

ICONS = {
    "read": "book-open",
    "check": "scan-search",
    "query": "activity",
    "command": "square-terminal",
    "decision": "milestone",
    "wait": "hourglass",
}
TONES = {
    "running": "info",
    "waiting": "warn",
    "done": "ok",
    "failed": "high",
    "unknown": "crit",
    "skipped": "",
    "stopped": "",
}
RUN_TONES = {"running": "info", "waiting": "warn", "done": "ok", "failed": "high", "stopped": ""}
SAID = {"avg": "mean", "min": "least", "max": "most", "last": "newest"}


def draw_steps(runbook: Runbook, user: User, at: Any) -> str:
    """Draw the steps of a runbook as they stand."""
    return drawn(runbook.current.book)


def draw_version(version: RunbookVersion, user: User, at: Any) -> str:
    """Draw the steps of one version."""
    return drawn(version.book)


def drawn(book: Book, troubles: Sequence[Trouble] | None = None) -> str:
    """Draw steps as they were read, with what could not be."""
    context = {
        "book": book,
        "troubles": book.troubles if troubles is None else troubles,
        "ways": [way for way in (_way(book.steps, ""), _way(book.back, "Way back")) if way],
    }
    return render_to_string("changes/steps.html", context)


def _way(steps: Iterable[Step], title: str) -> dict[str, Any] | None:
    rows = [{"step": one, "icon": ICONS[one.kind], "told": told(one)} for one in steps]
    return {"title": title, "rows": rows} if rows else None


def told(step: Step) -> str:
    """Say in words what a step does."""
    if step.kind == "check":
        return f"runs the check {step.check}"
    if step.kind == "query":
        labels = ", ".join(f"{name}={value}" for name, value in step.labels.items())
        taken = SAID.get(step.function, step.function)
        where = f" ({labels})" if labels else ""
        wanted = f"{step.operator} {step.limit:g}"
        return f"{step.metric}{where}, {taken} over {_span(step.over_seconds)}, wanted {wanted}"
    if step.kind == "wait":
        return f"waits {_span(step.wait_seconds)}"
    if step.kind == "decision":
        ways = ", ".join(f"{answer}: {target}" for answer, target in step.branches.items())
        return f"{step.ask or 'by “' + step.by + '”'} {ways}"
    return ""


def _span(seconds: int) -> str:
    for size, name in ((3600, "h"), (60, "min")):
        if seconds % size == 0:
            return f"{seconds // size} {name}"
    return f"{seconds} s"


# ── a run ──────────────────────────────────────────────────────────────────────────────────────


def draw_run(run: RunbookRun, user: User, at: Any) -> str:
    """Draw what was done, what is done now with the buttons it waits for, and what is to come."""
    rows = list(run.steps.select_related("change", "by"))
    may = access.may(user, starting.RUN)
    last = rows[-1] if rows else None
    step = run.step(last.place) if last else None
    steps = {one.place: one for one in run.version.book.way(run.is_back)}
    texts = {(one.is_back, one.place): one for one in rows}
    context = {
        "run": run,
        "rows": [
            {
                "row": row,
                "icon": ICONS.get(row.kind, "list"),
                "tone": TONES[row.state],
                "text": _text(run, row),
                "is_last": row is last,
                "lines": row.output.count("\n") + 1,
            }
            for row in rows
        ],
        "may": may and run.is_live,
        "answers": list(step.branches) if step and run.asks == "answer" else [],
        "question": step.ask if step else "",
        "to_come": [
            {
                "step": one,
                "icon": ICONS[one.kind],
                "told": told(one),
                "command": runbooks.filled(one.command, run.given) if one.command else "",
            }
            for one in steps.values()
            if run.is_live
            and one.place >= run.following
            and not (last and last.ended_at is None and one.place <= last.place)
        ],
        "has_back": bool(run.version.book.back) and not run.is_back and not run.is_dry,
        "texts": texts,
    }
    return render_to_string("changes/run.html", context)


def _text(run: RunbookRun, row: Any) -> str:
    way = run.version.book.way(row.is_back)
    return way[row.place - 1].text if row.place <= len(way) else ""


def draw_suggested(
    found: Sequence[Suggestion], user: User, *, reference: str = "", runs: Sequence[Any] = ()
) -> str:
    """Draw what fits a situation, and what is being run for it."""
    context = {
        "found": found,
        "reference": reference,
        "may": access.may(user, starting.RUN),
        "runs": [(run, RUN_TONES[run.state]) for run in runs],
    }
    return render_to_string("changes/suggested.html", context)


def draw_way(way: CommandAccess, user: User, at: Any) -> str:
    """Draw what is put on the host for the account."""
    offered = Runbook.objects.visible_to(user).filter(is_offered=True)
    lines = sorted(
        {step.command for one in offered for step in _commands(one.current.book)}
    )  # fmt: skip
    return render_to_string("changes/way_in.html", {"way": way, "lines": lines[:40]})


def _commands(book: Book) -> list[Step]:
    return [step for step in (*book.steps, *book.back) if step.kind == "command"]
