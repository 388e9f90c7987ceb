"""Who sends, and what follows from it for whose series they are."""

from dataclasses import dataclass

from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.telemetry.models import PushKey, ScrapeTarget, Series


@dataclass(frozen=True, slots=True)
class Sender:
    """A source of samples.

    `scope` stands in the fingerprint: two hosts that say the same of themselves are two series.
    Senders of one site, or of the whole estate, share theirs, as a pair that scrapes twice does.
    """

    name: str  # tells senders apart in this process
    scope: str = ""
    item: int | None = None  # whose all of it is; None: the labels say
    bound_by: str = Series.BoundBy.NOBODY
    site: int | None = None  # beyond it nothing is this sender's
    key: int | None = None
    new_series_per_hour: int | None = None  # None: as many as come


def of_item(item: Item | None) -> Sender:
    """Return an item that tells of itself; without one, this program does."""
    if item is None:
        return Sender("ours", bound_by=Series.BoundBy.OURS)
    return Sender(f"item:{item.pk}", str(item.pk), item.pk, Series.BoundBy.SENDER)


def of_key(key: PushKey) -> Sender:
    """Return the sender that shows a key."""
    host = key.host
    return Sender(
        f"key:{key.pk}",
        str(key.item_id or ""),
        host.pk if host else None,
        Series.BoundBy.SENDER if host else Series.BoundBy.NOBODY,
        site=key.site,
        key=key.pk,
        new_series_per_hour=key.new_series_per_hour,
    )


def of_target(target: ScrapeTarget) -> Sender:
    """Return the sender that is read at a target."""
    scope = str(target.item_id)
    return Sender(f"target:{target.pk}", scope, target.item_id, Series.BoundBy.TARGET)
