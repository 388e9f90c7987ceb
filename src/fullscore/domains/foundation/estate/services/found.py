"""Sockets and certificates: what was found on an item, and what somebody declares of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from fullscore.domains.foundation.estate.models import Certificate, Item, Listener
from fullscore.kit.audit import bulk, recorded
from fullscore.kit.errors import Conflict
from fullscore.kit.models import User


def declare(listener: Listener, *, by: User, note: str = "") -> Listener:
    """Say that a socket is meant to be open."""
    if listener.is_intended:
        raise Conflict(f"{listener} is declared already.")
    with recorded(listener, "declare", by=by, note=note):
        listener.is_intended = True
    return listener


def undeclare(listener: Listener, *, by: User, note: str = "") -> Listener:
    """Say that a socket is no longer meant to be open."""
    if not listener.is_intended:
        raise Conflict(f"{listener} is not declared.")
    with recorded(listener, "undeclare", by=by, note=note):
        listener.is_intended = False
    return listener


def see_listeners(
    item: Item, sockets: Sequence[Mapping[str, Any]], *, by: User, now: datetime
) -> None:
    """Replace what was seen listening by what is seen now; what somebody declared is kept."""
    found = {(s["address"], s["transport"], s["port"]): s for s in sockets}
    known = {(k.address, k.transport, k.port): k for k in item.listeners.all()}
    gone = [k.pk for key, k in known.items() if key not in found]
    rows = [
        Listener(
            item=item, address=key[0][:45], transport=key[1][:4], port=key[2],
            process=str(s.get("command") or "")[:80], unit=str(s.get("unit") or "")[:120],
            is_intended=known[key].is_intended if key in known else False, seen_at=now,
        )
        for key, s in found.items()
    ]  # fmt: skip
    with transaction.atomic():
        Listener.objects.filter(pk__in=gone).delete()
        Listener.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["item", "address", "transport", "port"],
            update_fields=["process", "unit", "seen_at"],
        )  # fmt: skip
        if gone or found.keys() - known.keys():
            counts = {
                "seen": len(found),
                "new": len(found.keys() - known.keys()),
                "gone": len(gone),
            }
            bulk("estate.listener", "see", by=by, counts=counts, rows=[sorted(map(str, found))])


def see_certificates(
    item: Item, seen: Sequence[Mapping[str, Any]], *, by: User, now: datetime
) -> None:
    """Replace the certificates seen in use on an item by what is seen now."""
    known = {c.path: c.sha256 for c in item.certificates.all()}
    rows = [_certificate(item, one, now) for one in seen]
    paths = {row.path: row.sha256 for row in rows}
    with transaction.atomic():
        item.certificates.exclude(path__in=paths).delete()
        Certificate.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["item", "path"],
            update_fields=[
                "sha256", "subject", "names", "issuer", "not_before", "not_after", "key_kind",
                "key_bits", "signature", "seen_at",
            ],
        )  # fmt: skip
        if known != paths:
            bulk(
                "estate.certificate",
                "see",
                by=by,
                counts={"seen": len(rows)},
                rows=sorted(paths.items()),
            )


def _certificate(item: Item, one: Mapping[str, Any], now: datetime) -> Certificate:
    return Certificate(
        item=item, path=str(one["path"])[:300], sha256=str(one.get("fingerprint") or "")[:64],
        subject=str(one.get("subject") or "")[:300], names=one.get("names") or [],
        issuer=str(one.get("issuer") or "")[:300], not_before=one.get("not_before"),
        not_after=one.get("ends_at"), key_kind=str(one.get("key_kind") or "")[:12],
        key_bits=one.get("key_bits"), signature=str(one.get("signature") or "")[:40], seen_at=now,
    )  # fmt: skip
