"""Receipts become alerts: in order per source, each read once, whatever kills the worker."""

import math
from datetime import datetime
from time import monotonic, sleep

from django.db import connection, transaction
from django.db.models import Min

from fullscore.connectors.base import Garbled
from fullscore.domains.response.incidents.models import AlertSource, Receipt
from fullscore.domains.response.incidents.services.applying import apply
from fullscore.domains.response.incidents.services.reading import Said, signals_in
from fullscore.domains.response.incidents.services.sources import take_turn
from fullscore.kit.audit import noted
from fullscore.kit.errors import Conflict
from fullscore.kit.models import User

TOGETHER = 50  # bodies in one transaction at most: a commit waits for the disk, however little
HOLD_SECONDS = 0.1  # and no longer than this: whoever keeps what comes in waits for it
PAUSE_SECONDS = 0.02  # as long as SQLite itself waits before it looks for the sixth time


def read_receipts(*, by: User, seconds: float = math.inf) -> bool:
    """Read new receipts for so long, those of a source in order; True once none is left.

    Each is read in one transaction with what it does: a worker killed in between has done nothing,
    and the next begins with the same receipt.
    """
    ends = monotonic() + seconds
    while sources := _sources_that_wait():
        for source in sources:  # some of each in turn: a flood from one holds up no other
            if monotonic() > ends:
                return False
            _read_some(source, by)
            _let_in()
    return True


def _let_in() -> None:
    """Let whoever keeps what comes in write: its sender waits for the answer, and nobody for us.

    SQLite lets one write at a time and hands nothing over: who waits looks again now and then, and
    without a pause finds us writing each time. PostgreSQL lets both write.
    """
    if connection.vendor == "sqlite":
        sleep(PAUSE_SECONDS)


def _sources_that_wait() -> list[int]:
    """Return the sources with new receipts, the one that waits longest first."""
    new = Receipt.objects.filter(state=Receipt.State.NEW).order_by().values("source")
    return list(new.annotate(first=Min("pk")).order_by("first").values_list("source", flat=True))


def _read_some(source: int, by: User) -> None:
    """Read the first receipts of a source, as many as one transaction should hold.

    They are parsed before the turn is taken: meanwhile whoever writes down what comes in may write.
    """
    parsed = _parsed(source)
    with transaction.atomic():
        take_turn([source])
        new = Receipt.objects.filter(pk__in=[r.pk for r, _ in parsed], state=Receipt.State.NEW)
        unread = set(new.values_list("pk", flat=True))  # the others, another worker read
        ends = monotonic() + HOLD_SECONDS
        for receipt, said in parsed:
            if receipt.pk in unread:
                _let_act(receipt, said, by)
            if monotonic() > ends:
                break


def _parsed(source: int) -> list[tuple[Receipt, "Said | Garbled"]]:
    new = Receipt.objects.filter(source=source, state=Receipt.State.NEW).order_by("pk")
    found: list[tuple[Receipt, Said | Garbled]] = []
    ends = monotonic() + HOLD_SECONDS
    for receipt in new.select_related("source")[:TOGETHER].iterator():
        found.append((receipt, _said(receipt)))
        if monotonic() > ends:
            break
    return found


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
