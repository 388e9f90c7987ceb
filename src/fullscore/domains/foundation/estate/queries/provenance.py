"""Who says what of an item, whom we believe, and who has fallen silent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fullscore.domains.foundation.estate import authority
from fullscore.domains.foundation.estate.models import Claim, Item


@dataclass(frozen=True, slots=True)
class Said:
    """What one source says of one attribute."""

    attribute: str
    value: Any
    source: str
    since: datetime
    seen_at: datetime
    is_live: bool
    is_believed: bool  # the highest-ranked live one
    policy: str  # in words: what happens where the record differs
    recorded: Any
    agrees: bool


WORDS = {"observed": "what is seen counts", "ask": "a person is asked", "": "the record counts"}


def provenance(item: Item, *, now: datetime) -> Sequence[Said]:
    """Return every claim about an item, by attribute, the believed one first."""
    rows = Claim.objects.filter(item=item).select_related("source", "sighting")
    ranked = sorted(rows, key=lambda c: _order(c, now))
    first: dict[str, int] = {}
    for claim in ranked:
        if claim.sighting.expires_at > now:
            first.setdefault(claim.attribute, claim.pk)
    return [_said(item, claim, now, first.get(claim.attribute) == claim.pk) for claim in ranked]


def _order(claim: Claim, now: datetime) -> tuple[str, bool, int, str]:
    is_over = claim.sighting.expires_at <= now
    return claim.attribute, is_over, -authority.RANKS[claim.source.kind], claim.source.name


def _said(item: Item, claim: Claim, now: datetime, is_believed: bool) -> Said:
    recorded = authority.intended(item, claim.attribute)
    return Said(
        claim.attribute, claim.value, claim.source.name, claim.observed_at,
        claim.sighting.seen_at, claim.sighting.expires_at > now, is_believed,
        WORDS[authority.POLICIES.get(claim.attribute, "")], recorded,
        recorded is None or authority.agrees(claim.attribute, recorded, claim.value),
    )  # fmt: skip
