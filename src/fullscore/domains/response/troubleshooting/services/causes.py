"""Ranking the suspects of an incident, and saying what it was."""

from datetime import datetime

from django.db import transaction

from fullscore.domains.foundation.changes.models import Change
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.response.incidents import services as incidents
from fullscore.domains.response.incidents.models import Incident, IncidentChange
from fullscore.domains.response.troubleshooting.facts import ITEM, KINDS
from fullscore.domains.response.troubleshooting.models import Cause, Ranking, Suspect
from fullscore.domains.response.troubleshooting.models.causes import TEXT_LETTERS
from fullscore.domains.response.troubleshooting.reading.causes import looked_at
from fullscore.kit import live, time
from fullscore.kit.audit import noun_of, recorded
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import User


def rank(incident: Incident, *, now: datetime, by: User) -> Ranking:
    """Say who is suspected of an incident by what is measured until now; earlier looks stay."""
    looked = looked_at(incident, now=now)
    ranking = Ranking(
        incident=incident, at=now, items=looked.items, signals=looked.signals,
        happened=list(looked.happened), note=looked.note,
    )  # fmt: skip
    with transaction.atomic():
        with recorded(ranking, "rank", by=by):
            pass
        Suspect.objects.bulk_create(
            Suspect(
                ranking=ranking, place=place, item_id=one.item, score=one.score,
                reasons=list(one.reasons), series=list(one.series),
            )
            for place, one in enumerate(looked.suspects, 1)
        )  # fmt: skip
        live.publish(noun_of(Incident), incident.pk)
    return ranking


def rank_again(ranking: Ranking, *, by: User) -> Ranking:
    """Look at the incident once more, by what is measured until now."""
    return rank(ranking.incident, now=time.now(), by=by)


def this_was_it(suspect: Suspect, *, by: User, note: str = "") -> Cause:
    """Say that the incident came from this item; what was said before is replaced."""
    text = note.strip() or (suspect.reasons or ["It was this item."])[0]
    return name_cause(suspect.ranking.incident, by=by, item=suspect.item, kind=ITEM, text=text)


def name_cause(
    incident: Incident, *, by: User, item: Item | None, kind: str, text: str,
    change: Change | None = None,
) -> Cause:  # fmt: skip
    """Say what an incident came from; how often such things are to blame follows from it.

    A change is linked to the incident as its cause, so that it counts as one that failed.
    """
    if kind != ITEM and kind not in KINDS:
        raise Invalid(f"A cause is the item itself, or one of {', '.join(KINDS)}.")
    if incident.merged_into_id is not None:
        raise Conflict(f"This incident was merged: see incident {incident.merged_into_id}.")
    cause = Cause.objects.filter(incident=incident).first() or Cause(incident=incident)
    with recorded(cause, "name", by=by):
        cause.item, cause.kind, cause.text = item, kind, text.strip()[:TEXT_LETTERS]
        cause.at, cause.by = time.now(), by
    if (
        change is not None
        and not IncidentChange.objects.filter(incident=incident, change=change).exists()
    ):
        incidents.link_change(incident, by=by, change=change, part=IncidentChange.Kind.CAUSE)
    live.publish(noun_of(Incident), incident.pk)
    return cause


def forget_rankings(*, before: datetime) -> None:
    """Forget the looks at incidents that ended long ago; causes stay."""
    Ranking.objects.filter(incident__resolved_at__lt=before).delete()
