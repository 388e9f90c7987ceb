"""Receipts become alerts: in order per source, each read once, whatever kills the worker."""

from datetime import datetime

from django.db import transaction

from fullscore.connectors.base import Garbled
from fullscore.domains.response.incidents.models import AlertSource, Receipt
from fullscore.domains.response.incidents.services.applying import apply
from fullscore.domains.response.incidents.services.reading import signals_in
from fullscore.domains.response.incidents.services.sources import take_turn
from fullscore.kit.audit import noted
from fullscore.kit.errors import Conflict
from fullscore.kit.models import User

CHUNK = 500


def read_receipts(*, by: User) -> int:
    """Read every new receipt, those of a source in order; returns how many there were.

    Each is read in a transaction of its own together with what it does: a worker killed in between
    has done nothing, and the next begins with the same receipt.
    """
    count = 0
    while new := _new_by_source():
        for source, receipts in new.items():
            count += sum(_read(source, pk, by) for pk in receipts)
    return count


def _new_by_source() -> dict[int, list[int]]:
    new = Receipt.objects.filter(state=Receipt.State.NEW).order_by("pk")
    found: dict[int, list[int]] = {}
    for source, pk in new.values_list("source", "pk")[:CHUNK]:
        found.setdefault(source, []).append(pk)
    return found


@transaction.atomic
def _read(source: int, pk: int, by: User) -> bool:
    take_turn([source])
    receipt = Receipt.objects.select_related("source").filter(pk=pk, state="new").first()
    if receipt is None:  # another worker read it
        return False
    _read_one(receipt, by)
    return True


def _read_one(receipt: Receipt, by: User) -> None:
    try:
        signals, left_out = signals_in(
            receipt.source, bytes(receipt.body), key=receipt.key, now=receipt.received_at
        )
    except Garbled as error:
        receipt.state, receipt.problem = Receipt.State.REJECTED, str(error)[:300]
    else:
        apply(receipt.source, signals, received_at=receipt.received_at, by=by)
        receipt.state, receipt.problem = Receipt.State.DONE, ""
        if left_out:
            AlertSource.objects.filter(pk=receipt.source_id).update(left_out_at=receipt.received_at)
    receipt.save(update_fields=["state", "problem"])


@transaction.atomic
def replay(receipt: Receipt, *, by: User) -> Receipt:
    """Read a rejected receipt again, as if it had come when it came."""
    if receipt.state != Receipt.State.REJECTED:
        raise Conflict("Only what was rejected can be read again.")
    take_turn([receipt.source_id])
    _read_one(receipt, by)
    noted(receipt, "replay", by=by)
    return receipt


def forget_old(*, before: datetime) -> None:
    """Forget receipts that were read, and rejected ones, from before a moment."""
    Receipt.objects.filter(received_at__lt=before).exclude(state=Receipt.State.NEW).delete()
