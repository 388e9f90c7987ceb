"""Receipts become alerts: in order per source, each read once, whatever kills the worker."""

import math
from collections.abc import Sequence
from datetime import datetime
from time import monotonic

from django.db import transaction
from django.db.models import Min

from fullscore.connectors.alerts import Signal
from fullscore.connectors.base import Garbled
from fullscore.domains.response.incidents.models import AlertSource, Receipt
from fullscore.domains.response.incidents.services.applying import apply_all
from fullscore.domains.response.incidents.services.reading import Said, signals_in
from fullscore.domains.response.incidents.services.sources import take_turn
from fullscore.domains.response.incidents.services.turns import HOLD_SECONDS, let_in
from fullscore.kit.audit import noted
from fullscore.kit.errors import Conflict
from fullscore.kit.models import User

TOGETHER = 50  # signals that one transaction is about: a commit waits for the disk, however little
Parsed = tuple[Receipt, Said | Garbled]


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
            let_in()
    return True


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
        _let_act([one for one in parsed if one[0].pk in unread], by)


def _parsed(source: int) -> list[Parsed]:
    new = Receipt.objects.filter(source=source, state=Receipt.State.NEW).order_by("pk")
    found: list[Parsed] = []
    count, ends = 0, monotonic() + HOLD_SECONDS
    for receipt in new.select_related("source")[:TOGETHER].iterator():
        said = _said(receipt)
        found.append((receipt, said))
        count += 1 if isinstance(said, Garbled) else max(1, len(said[0]))
        if count >= TOGETHER or monotonic() > ends:
            break
    return found


def _said(receipt: Receipt) -> Said | Garbled:
    body, at = bytes(receipt.body), receipt.received_at
    try:
        return signals_in(receipt.source, body, key=receipt.key, now=at)
    except Garbled as error:
        return error


def _let_act(parsed: Sequence[Parsed], by: User) -> None:
    """Let what the receipts of one source say be done, in order."""
    told: list[tuple[Signal, datetime]] = []
    for receipt, said in parsed:
        if isinstance(said, Garbled):
            receipt.state, receipt.problem = Receipt.State.REJECTED, str(said)[:300]
            receipt.save(update_fields=["state", "problem"])
            continue
        signals, left_out = said
        told += [(signal, receipt.received_at) for signal in signals]
        if left_out:
            AlertSource.objects.filter(pk=receipt.source_id).update(left_out_at=receipt.received_at)
    if told:
        apply_all(parsed[0][0].source, told, by=by)
    read = [receipt.pk for receipt, said in parsed if not isinstance(said, Garbled)]
    Receipt.objects.filter(pk__in=read).update(state=Receipt.State.DONE, problem="")


@transaction.atomic
def replay(receipt: Receipt, *, by: User) -> Receipt:
    """Read a rejected receipt again, as if it had come when it came."""
    if receipt.state != Receipt.State.REJECTED:
        raise Conflict("Only what was rejected can be read again.")
    take_turn([receipt.source_id])
    _let_act([(receipt, _said(receipt))], by)
    receipt.refresh_from_db(fields=["state", "problem"])
    noted(receipt, "replay", by=by)
    return receipt


def forget_old(*, before: datetime) -> None:
    """Forget receipts that were read, and rejected ones, from before a moment."""
    Receipt.objects.filter(received_at__lt=before).exclude(state=Receipt.State.NEW).delete()
