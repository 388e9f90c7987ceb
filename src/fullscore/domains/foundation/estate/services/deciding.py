"""What a person says of a sighting: which item it is, that it is a new one, or nobody's concern."""

from django.db import transaction

from fullscore.domains.foundation.estate.models import Difference, Item, Sighting
from fullscore.domains.foundation.estate.queries import identity as known
from fullscore.domains.foundation.estate.services.sightings import follow
from fullscore.engines.identity import Word
from fullscore.kit import time
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict
from fullscore.kit.models import User


def confirm(sighting: Sighting, *, by: User, note: str = "") -> Sighting:
    """Say that a sighting is the item it was proposed to be."""
    if sighting.proposed is None:
        raise Conflict("No item was proposed: match it to one, or adopt it as a new one.")
    return match(sighting, by=by, to=sighting.proposed, note=note)


@transaction.atomic
def match(sighting: Sighting, *, by: User, to: Item, note: str = "") -> Sighting:
    """Say which item a sighting is; the item learns what the source knows of it."""
    if sighting.item_id == to.pk:
        raise Conflict(f"It is {to} already.")
    if to.state == Item.State.RETIRED:
        raise Conflict(f"{to} is retired: reopen it first, or choose another.")
    return _bind(sighting, to, by=by, verb="match", note=note)


@transaction.atomic
def adopt(sighting: Sighting, *, by: User, name: str = "", note: str = "") -> Sighting:
    """Make a new item of a sighting: it is a thing of its own. Without a name, as it was seen."""
    if sighting.item is not None:
        raise Conflict(f"It is {sighting.item} already: split that item first.")
    item = Item(kind=sighting.kind, name=name or sighting.name, site=sighting.site)
    with recorded(item, "add", by=by, note=f"adopted from {sighting.source}"):
        pass
    return _bind(sighting, item, by=by, verb="adopt", note=note)


def dismiss(sighting: Sighting, *, by: User, note: str) -> Sighting:
    """Say that a sighting is no concern of ours; it stays quiet until somebody matches it."""
    if sighting.item is not None:
        raise Conflict(f"It is {sighting.item}: only what is no item is dismissed.")
    with recorded(sighting, "dismiss", by=by, note=note):
        _end_dispute(sighting, by=by)
        sighting.outcome, sighting.proposed = Sighting.Outcome.DISMISSED, None
    return sighting


def _bind(sighting: Sighting, item: Item, *, by: User, verb: str, note: str) -> Sighting:
    _end_dispute(sighting, by=by)
    sighting.claims.all().delete()
    with recorded(sighting, verb, by=by, note=note):
        sighting.item, sighting.proposed = item, None
        sighting.outcome = Sighting.Outcome.MATCHED
    words = [Word(*word) for word in sighting.words]
    follow(sighting, known.index_of(words), by=by, now=time.now())
    return sighting


def _end_dispute(sighting: Sighting, *, by: User) -> None:
    """End the difference “one thing or two?” that this sighting opened."""
    subject = sighting.item or sighting.proposed
    rows = Difference.objects.filter(item=subject, attribute="identity")
    for one in rows.filter(state__in=Difference.UNDECIDED):
        if isinstance(one.actual, dict) and one.actual.get("seen as") == sighting.name:
            with recorded(one, "end", by=by, note="a person has said which item it is"):
                one.state = Difference.State.GONE
