"""Receipts become alerts: in order per source, each read once, whatever kills the worker."""

from datetime import datetime
from time import sleep

from django.db import connection, transaction

from fullscore.connectors.base import Garbled
from fullscore.domains.response.incidents.models import AlertSource, Receipt
from fullscore.domains.response.incidents.services.applying import apply
from fullscore.domains.response.incidents.services.reading import Said, signals_in
from fullscore.domains.response.incidents.services.sources import take_turn
from fullscore.kit.audit import noted
from fullscore.kit.errors import Conflict
from fullscore.kit.models import User

CHUNK = 500
PAUSE_SECONDS = 0.02  # as long as SQLite itself waits before it looks for the sixth time


def read_receipts(*, by: User) -> int:
    """Read every new receipt, those of a source in order; returns how many there were.

    Each is read in a transaction of its own together with what it does: a worker killed in between
    has done nothing, and the next begins with the same receipt.
    """
    count = 0
    while new := _new_by_source():
        for source, receipts in new.items():
            for pk in receipts:
                count += _read(source, pk, by)
                _let_in()
    return count


def _let_in() -> None:
    """Let whoever keeps what comes in write: its sender waits for the answer, and nobody for us.

    SQLite lets one write at a time and hands nothing over: who waits looks again now and then, and
    without a pause finds us writing each time. PostgreSQL lets both write.
    """
    if connection.vendor == "sqlite":
        sleep(PAUSE_SECONDS)


def _new_by_source() -> dict[int, list[int]]:
    new = Receipt.objects.filter(state=Receipt.State.NEW).order_by("pk")
    found: dict[int, list[int]] = {}
    for source, pk in new.values_list("source", "pk")[:CHUNK]:
        found.setdefault(source, []).append(pk)
    return found


def _read(source: int, pk: int, by: User) -> bool:
    """Read a receipt; False when another worker did.

    It is parsed before the turn is taken: meanwhile whoever writes down what comes in may write.
    """
    receipt = Receipt.objects.select_related("source").filter(pk=pk).get()
    said = _said(receipt)
    with transaction.atomic():
        take_turn([source])
        if not Receipt.objects.filter(pk=pk, state=Receipt.State.NEW).exists():
            return False
        _let_act(receipt, said, by)
    return True


def _said(receipt: Receipt) -> Said | Garbled:
    body, at = bytes(receipt.body), receipt.received_at
    try:
        return signals_in(receipt.source, body, key=receipt.key, now=at)
    except Garbled as error:
        return error


def _let_act(receipt: Receipt, said: Said | Garbled, by: User) -> None:
    if isinstance(said, Garbled):
        receipt.state, receipt.problem = Receipt.State.REJECTED, str(said)[:300]
    else:
        signals, left_out = said
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
    _let_act(receipt, _said(receipt), by)
    noted(receipt, "replay", by=by)
    return receipt


def forget_old(*, before: datetime) -> None:
    """Forget receipts that were read, and rejected ones, from before a moment."""
    Receipt.objects.filter(received_at__lt=before).exclude(state=Receipt.State.NEW).delete()
