"""How imports are seen."""

from typing import Any

from django.template.loader import render_to_string

from fullscore.domains.foundation.system import services
from fullscore.domains.foundation.system.models import Import
from fullscore.kit.perform import Verb
from fullscore.kit.resource import Panel, Resource

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
