"""What every verb does beside its own: a line on the timeline, and a live signal."""

from fullscore.domains.foundation.changes.models import Change, ChangeEvent
from fullscore.kit import live, time
from fullscore.kit.audit import noun_of
from fullscore.kit.errors import Conflict
from fullscore.kit.models import User


def happened(change: Change, kind: str, *, by: User, text: str = "") -> None:
    """Put something on a change's timeline, and let open pages know."""
    ChangeEvent.objects.create(change=change, at=time.now(), by=by, kind=kind, text=text.strip())
    live.publish(noun_of(change), str(change.pk))


def need(change: Change, *states: str, to: str) -> None:
    """Refuse unless a change stands where a verb needs it."""
    if change.state not in states:
        raise Conflict(
            f"This change is {change.get_state_display().lower()}: {to} needs one that is"
            f" {' or '.join(state.replace('_', ' ') for state in states)}."
        )
