"""Freezes, and the private addresses of calendars."""

import secrets
from hashlib import sha256
from typing import Any

from fullscore.domains.foundation.changes.models import CalendarAddress, Freeze
from fullscore.domains.foundation.estate import queries as estate
from fullscore.kit import time
from fullscore.kit.audit import recorded
from fullscore.kit.errors import NotFound
from fullscore.kit.models import User


def add_freeze(*, by: User, **values: Any) -> Freeze:
    """Let nothing start on some items for a time."""
    return change_freeze(Freeze(), by=by, **values)


def change_freeze(freeze: Freeze, *, by: User, **values: Any) -> Freeze:
    """Alter when a freeze holds, and for what."""
    estate.selected(values.get("selector", freeze.selector))
    with recorded(freeze, "change" if freeze.pk else "add", by=by):
        for name, value in values.items():
            setattr(freeze, name, value)
    return freeze


def issue_address(user: User, *, by: User) -> str:
    """Return a new secret for somebody's calendar address, shown this once; the old one ends."""
    text = secrets.token_urlsafe(32)
    known = CalendarAddress.objects.filter(user=user).first() or CalendarAddress(user=user)
    with recorded(known, "issue", by=by):
        known.digest, known.created_at = _digest(text), time.now()
    return text


def whose_address(text: str) -> User:
    """Return whose calendar an address is. Raises NotFound."""
    rows = CalendarAddress.objects.filter(digest=_digest(text), user__is_active=True)
    known = rows.select_related("user").first()
    if known is None:
        raise NotFound("There is no such calendar: make a new address on the page of changes.")
    return known.user


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
