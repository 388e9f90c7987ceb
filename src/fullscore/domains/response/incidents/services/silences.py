"""Silences: alerts are stored and resolved as ever, and open no incident."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.response.incidents.models import Alert, Silence
from fullscore.engines import alerts as rules
from fullscore.kit import time
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import User

LONGEST = timedelta(days=30)


def add_silence(
    *, by: User, reason: str, starts_at: datetime, ends_at: datetime, matching: str = "",
    item: Item | None = None,
) -> Silence:  # fmt: skip
    """Open no incident for some alerts for a while."""
    silence = Silence(
        by=by, reason=reason, starts_at=starts_at, ends_at=ends_at, matching=matching, item=item
    )
    with recorded(silence, "silence", by=by, note=reason):
        _check(silence)
    return silence


def change_silence(silence: Silence, *, by: User, **values: object) -> Silence:
    """Give a silence other bounds."""
    with recorded(silence, "change", by=by):
        for name, value in values.items():
            setattr(silence, name, value)
        _check(silence)
    return silence


def _check(silence: Silence) -> None:
    if silence.ends_at - silence.starts_at > LONGEST:
        words = f"Silence for at most {LONGEST.days} days: what lasts longer is a decision."
        raise Invalid(words, {"ends_at": [words]})
    try:
        wanted = rules.matchers(silence.matching)
    except ValueError as error:
        raise Invalid(str(error), {"matching": [str(error)]}) from error
    if silence.item is None and not any(one.is_equal and not one.fits({}) for one in wanted):
        words = "Name at least one label and its value, or an item: this would silence everything."
        raise Invalid(words, {"matching": [words]})


def end(silence: Silence, *, by: User) -> Silence:
    """End a silence now: what is still open and was silenced opens its incident."""
    now = time.now()
    if silence.ends_at <= now:
        raise Conflict("This silence is over.")
    with recorded(silence, "end", by=by):
        silence.starts_at, silence.ends_at = min(silence.starts_at, now), now
    return silence


class Silences:
    """The silences of a moment."""

    def __init__(self, now: datetime) -> None:
        rows = Silence.objects.filter(starts_at__lte=now, ends_at__gt=now).order_by("pk")
        self._known = [(s.item_id, rules.matchers(s.matching)) for s in rows]

    def hold(self, alert: Alert) -> bool:
        """Say whether an alert is silenced."""
        return any(
            item in (None, alert.item_id) and rules.fits(wanted, alert.labels)
            for item, wanted in self._known
        )


def mark(alerts: Iterable[Alert], *, now: datetime) -> Sequence[Alert]:
    """Write down which of these alerts are silenced; return those that are not."""
    silences, others = Silences(now), []
    held: dict[bool, list[int]] = {True: [], False: []}
    for alert in alerts:
        is_held = silences.hold(alert)
        if is_held != alert.is_silenced:
            held[is_held].append(alert.pk)
        if not is_held:
            others.append(alert)
    for is_held, pks in held.items():
        Alert.objects.filter(pk__in=pks).update(is_silenced=is_held)
    return others
