"""Drafting the change that brings the world back to what the record says."""

from datetime import datetime, timedelta

from django.db import transaction

from fullscore.domains.foundation.changes.models import Change
from fullscore.domains.foundation.changes.services.requesting import request
from fullscore.domains.foundation.estate.models import Difference
from fullscore.kit.models import User

AHEAD, LASTS = timedelta(days=1), timedelta(hours=2)


def reference(difference: Difference) -> str:
    """Return the words by which a draft names the difference it comes from."""
    return f"difference {difference.pk}"


@transaction.atomic
def draft_return(difference: Difference, *, by: User, now: datetime) -> Change | None:
    """Draft the change that brings the world back; None where one is planned already.

    Its window is a proposal: the same hour tomorrow. Whoever said so asks for it, so that somebody
    else approves it.
    """
    planned = Change.objects.planned().filter(external_ref=reference(difference))
    if planned.exists() or difference.state != Difference.State.REJECTED:
        return None
    starts_at = (now + AHEAD).replace(minute=0, second=0, microsecond=0)
    item, attribute = difference.item, difference.attribute.replace("_", " ")
    wanted, found = _said(difference.intended), _said(difference.actual)
    return request(
        by=by,
        items=[item],
        title=f"Bring {attribute} of {item} back to {wanted}"[:160],
        description=f"The record says {wanted}, {difference.source} sees {found} since"
        f" {difference.first_seen_at:%-d %B %Y}. {difference.note}".strip(),
        starts_at=starts_at,
        ends_at=starts_at + LASTS,
        plan=f"Look at {item}: {attribute} is {found}\nSet {attribute} to {wanted}\n"
        f"Wait until {difference.source} has told of it again and the difference is gone",
        rollback_plan=f"Set {attribute} to {found} again",
        external_ref=reference(difference),
    )


def _said(value: object) -> str:
    return "nothing" if value in (None, "") else f"“{str(value)[:60]}”"
