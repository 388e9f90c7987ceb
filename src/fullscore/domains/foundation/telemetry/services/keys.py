"""Who may send samples."""

import hashlib
import hmac
import secrets
from datetime import timedelta

from django.db import transaction

from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.telemetry.models import PushKey
from fullscore.kit import time
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict, Invalid, NotAllowed
from fullscore.kit.models import User
from fullscore.kit.perform import require

HOST_PER_MINUTE, MANY_PER_MINUTE = 30, 6000  # requests: a probe's, a Prometheus' with many shards


def issue_push_key(
    item: Item | None,
    *,
    by: User,
    name: str = "probe",
    per_minute: int = 0,
    collects: bool = False,
) -> tuple[PushKey, str]:
    """Make a key to push with; its text is shown once.

    For one host, for what stands at a site, or without an item for the whole estate: that only by
    whoever may make keys everywhere. One that `collects` is for a collector at a site, and for
    whoever may change scrape targets there, for it learns their credentials.
    """
    if collects and (item is None or item.kind != "site"):
        raise Invalid("A collector's key belongs to a site: choose the site it stands at.")
    same = PushKey.objects.filter(item=item, name=name, revoked_at__isnull=True)
    if same.exists():
        whose = item or "The whole estate"
        raise Conflict(f"{whose} has a key “{name}”: revoke it first, or give another name.")
    text = "fp_" + secrets.token_urlsafe(32)
    key = PushKey(
        item=item, name=name, prefix=text[:8], digest=_digest(text), created_at=time.now(),
        collects=collects,
    )  # fmt: skip
    key.per_minute = per_minute or (HOST_PER_MINUTE if key.host else MANY_PER_MINUTE)
    with transaction.atomic():
        with recorded(key, "issue_push_key", by=by):
            pass
        require("telemetry.add_pushkey", key, by=by)  # for where it stands, once it stands
        if collects:
            require("telemetry.change_scrapetarget", item, by=by)
    return key, text


def revoke(key: PushKey, *, by: User, note: str = "") -> PushKey:
    """Let a key push no longer."""
    if key.revoked_at is not None:
        raise Conflict("This key is revoked already.")
    with recorded(key, "revoke", by=by, note=note):
        key.revoked_at = time.now()
    return key


def owner_of_key(text: str) -> PushKey:
    """Return the key a sender shows. Raises NotAllowed for one that is unknown or revoked."""
    digest = _digest(text)
    key = PushKey.objects.select_related("item").filter(digest=digest).first()
    if key is None or not hmac.compare_digest(key.digest, digest):
        raise NotAllowed("This key is not known here: make one under Push keys.")
    if key.revoked_at is not None:
        raise NotAllowed(f"This key was revoked on {key.revoked_at:%F}: make a new one.")
    now = time.now()
    if key.last_used_at is None or now - key.last_used_at > timedelta(minutes=1):
        PushKey.objects.filter(pk=key.pk).update(last_used_at=now)
    return key


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
