"""How imports, jobs that gave up, and the audit are seen."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.template.loader import render_to_string

from fullscore.domains.foundation.system import services
from fullscore.domains.foundation.system.models import Import
from fullscore.kit import jobs
from fullscore.kit.models import AuditEntry, DeadLetter
from fullscore.kit.perform import Verb
from fullscore.kit.resource import Panel, Resource, Searched

TONES = {
    "fetching": "info",
    "preview": "warn",
    "waiting": "info",
    "running": "info",
    "done": "ok",
    "undoing": "info",
    "undone": "",
}


def draw_rows(import_: Import, user: Any, at: Any) -> str:
    """Draw what the file does: counts, faults, first rows of each kind."""
    total = sum(import_.counts.get(kind, 0) for kind in ("new", "changed", "same", "refused"))
    total *= 2 if import_.noun == Import.INVENTORY else 1  # things, then what joins them
    context = {"import": import_, "shown": import_.shown, "total": total}
    return render_to_string("system/rows.html", context)


def _when(state: str, words: str) -> Any:
    return lambda i: "" if i.state == state else words


IMPORT = Resource(
    Import,
    columns=["file_name", "noun", "state", "by", "at", "finished_at"],
    fields=["noun", "file_name", "text"],
    filters=["state", "noun"],
    order=["-at"],
    icon="upload",
    badges=lambda i: [(i.get_state_display(), TONES[i.state])],
    subtitle=lambda i: f"Import {i.pk} · {i.noun}",
    add=services.receive,
    change=services.change,
    takes_files=False,
    can_change=False,
    in_bulk=False,
    panels=[Panel("What it does", draw=draw_rows)],
    verbs=[
        Verb(services.apply, permission="system.add_import", icon="check", tone="primary",
             when=lambda i: _when("preview", "It is no longer a preview.")(i) or services.idle(i)),
        Verb(services.undo, past="undone", permission="system.add_import", icon="undo-2",
             tone="danger", when=_when("done", "Only a finished import is undone.")),
    ],
)  # fmt: skip


class Read(Searched):
    """Words are looked for in the rows themselves: nobody writes these, so no index keeps them."""

    paths: ClassVar[Sequence[str]] = ()

    def matching(self, rows: QuerySet[Any], name: str, text: str) -> QuerySet[Any]:
        """Keep the rows that hold every word, each in any of the fields."""
        for word in text.split()[:8]:
            parts = (Q(**{f"{path}__icontains": word}) for path in self.paths)
            rows = rows.filter(Q(*parts, _connector=Q.OR))
        return rows


class ReadLetters(Read):
    """Dead letters by job and error."""

    paths = ("task", "error")


class ReadAudit(Read):
    """Entries by what was done, to what, by whom and why."""

    paths = ("verb", "noun", "record", "reason", "by__name")


def _settled(letter: DeadLetter) -> str:
    return "" if letter.state == DeadLetter.State.WAITING else f"It was {letter.state} already."


def draw_failure(letter: DeadLetter, user: Any, at: Any) -> str:
    """Draw what a job was given and the last lines of what went wrong."""
    given = {**dict(enumerate(letter.arguments["args"], 1)), **letter.arguments["kwargs"]}
    return render_to_string("system/failure.html", {"given": given, "lines": letter.traceback})


DEAD_LETTER = Resource(
    DeadLetter,
    columns=["task", "error", "attempts", "failed_at", "state"],
    facts=["queue", "settled_by", "settled_at"],
    filters=["state", "queue", "failed_at"],
    filterset=ReadLetters,
    order=["-failed_at", "task"],
    icon="octagon-alert",
    group="System",
    under="Accounts",
    default_query="state=waiting",
    quick={"Waiting": "state=waiting"},
    badges=lambda letter: [
        (letter.get_state_display(), "warn" if letter.state == DeadLetter.State.WAITING else "")
    ],
    trouble=lambda rows: (
        f"{count} waiting" if (count := rows.filter(state=DeadLetter.State.WAITING).count()) else ""
    ),
    can_change=False,
    takes_files=False,
    panels=[Panel("What went wrong", draw=draw_failure)],
    verbs=[
        Verb(jobs.retry, permission="kit.retry_deadletter", icon="refresh-cw", tone="primary",
             when=_settled, done="Queued again: {}."),
        Verb(jobs.discard, permission="kit.discard_deadletter", icon="trash-2", tone="danger",
             when=_settled, past="discarded"),
    ],
)  # fmt: skip


def draw_entry(entry: AuditEntry, user: Any, at: Any) -> str:
    """Draw what a record looked like before and after; only what differs."""
    before, after = entry.before or {}, entry.after or {}
    names = [n for n in {**before, **after} if before.get(n) != after.get(n)]
    rows = [(name, before.get(name), after.get(name)) for name in names]
    return render_to_string("system/entry.html", {"rows": rows})


AUDIT_ENTRY = Resource(
    AuditEntry,
    columns=["n", "at", "by", "via", "verb", "noun", "record", "reason"],
    facts=["token", "address", "hash", "previous_hash"],
    filters=["noun", "record", "verb", "by", "via", "at"],
    filterset=ReadAudit,
    order=["-n", "n"],
    icon="scroll-text",
    group="System",
    under="Accounts",
    can_change=False,
    takes_files=False,
    in_bulk=False,
    panels=[Panel("What it changed", draw=draw_entry)],
)
