"""How what is brought over from another tool is seen."""

from datetime import datetime
from typing import Any

from django.template.loader import render_to_string

from fullscore.domains.response.oncall.models import RotaImport
from fullscore.domains.response.oncall.services import bringing as services
from fullscore.kit.perform import Verb
from fullscore.kit.resource import Panel, Resource

TONES = {"preview": "warn", "done": "ok", "undone": ""}


def draw_mapped(import_: RotaImport, user: Any, at: Any) -> str:
    """Draw who is who, what would be made, what is not taken, and what differs."""
    schedules = [
        one | {"differences": [_timed(row) for row in one["differences"]]}
        for one in import_.shown.get("schedules", ())
    ]
    told = {"import": import_, "shown": import_.shown, "schedules": schedules}
    return render_to_string("oncall/mapped.html", told)


def _timed(row: dict[str, Any]) -> dict[str, Any]:
    times = {name: datetime.fromisoformat(row[name]) for name in ("from", "until")}
    return row | {"start": times["from"], "end": times["until"]}


def _when(state: str, words: str) -> Any:
    return lambda i: "" if i.state == state else words


ROTA_IMPORT = Resource(
    RotaImport,
    columns=["kind", "name", "state", "by", "at"],
    fields=["kind", "name", "text"],
    filters=["state", "kind"],
    order=["-at"],
    icon="folder",
    group="Respond",
    under="On call",
    badges=lambda i: [(i.get_state_display(), TONES[i.state])],
    add=services.receive,
    change=services.refuse_to_change,
    can_change=False,
    takes_files=False,
    in_bulk=False,
    adds_by_page=True,
    panels=[Panel("What would come of it", draw=draw_mapped, leads=True)],
    verbs=[
        Verb(services.apply, permission="oncall.add_rotaimport", icon="check", tone="primary",
             in_bulk=False, done="{} is written: who is on call comes from here now.",
             when=lambda i: _when("preview", "It is no longer a preview.")(i) or services.idle(i)),
        Verb(services.look_again, permission="oncall.add_rotaimport", icon="refresh-cw",
             in_bulk=False, past="matched anew",
             when=_when("preview", "It is no longer a preview.")),
        Verb(services.undo, permission="oncall.add_rotaimport", icon="undo-2", tone="danger",
             in_bulk=False, past="taken back", when=_when("done", "It is not written.")),
    ],
)  # fmt: skip
