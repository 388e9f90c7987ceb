"""What comes in is on the disk before its sender is answered."""

import hashlib
import secrets
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, connection, transaction

from fullscore.connectors.base import Refused
from fullscore.domains.foundation.telemetry.commits import GroupCommit
from fullscore.domains.response.incidents.announcements import ReceiptsCame
from fullscore.domains.response.incidents.models import AlertSource, Receipt
from fullscore.kit import time
from fullscore.kit.announcements import announce
from fullscore.kit.errors import TooMany

MOST_WAITING = 100_000  # receipts nobody has read yet; then senders have to wait
LOOK_AGAIN = timedelta(seconds=5)
MINUTE = 60
SHORT = 200  # letters of a delivery's id


def receive(
    source: AlertSource, body: bytes, *, key: str = "", delivery_id: str = "", problem: str = ""
) -> None:
    """Keep a body as it came; when this returns, it is on the disk.

    With a problem it is kept as rejected, so that it can be looked at and read again. Raises
    Refused when it cannot be kept now.
    """
    _keep([_receipt(source, body, key, delivery_id, problem)])


def receive_each(source: AlertSource, bodies: Iterable[tuple[bytes, str]]) -> None:
    """Keep several bodies, each with what tells its delivery apart: all of them or none."""
    _keep([_receipt(source, body, "", delivery, "") for body, delivery in bodies])


def receive_all(bodies: Iterable[tuple[AlertSource, bytes]]) -> None:
    """Keep bodies of several sources: all of them or none."""
    _keep([_receipt(source, body, "", "", "") for source, body in bodies])


def _receipt(source: AlertSource, body: bytes, key: str, delivery_id: str, problem: str) -> Receipt:
    return Receipt(
        source=source, body=body, key=key or new_key(), delivery_id=_short(delivery_id),
        sha256=hashlib.sha256(body).hexdigest(), received_at=time.now(), problem=problem[:300],
        state=Receipt.State.REJECTED if problem else Receipt.State.NEW,
    )  # fmt: skip


def _short(delivery_id: str) -> str:
    """Return a long id as its hash: cut, two would be one."""
    is_short = len(delivery_id) <= SHORT
    return delivery_id if is_short else hashlib.sha256(delivery_id.encode()).hexdigest()


def _keep(receipts: list[Receipt]) -> None:
    if not receipts:
        return
    _backlog.check(receipts[0].received_at)
    try:
        _commits.put(receipts)
    except (OperationalError, InterfaceError) as error:
        raise Refused("This cannot be written down now: send it again.") from error


def new_key() -> str:
    """Return what an event without a key of its own is called: 32 letters nobody can guess."""
    return secrets.token_hex(16)


def count_in(source: AlertSource) -> None:
    """Count one more request of a source. Raises TooMany above what it may send.

    Counted in this process: a count in the database would cost each request a commit of its own.
    """
    _pace.count(source.pk, source.per_minute, time.now())


def _write(groups: list[list[Receipt]]) -> None:
    receipts = [receipt for group in groups for receipt in group]
    with transaction.atomic():
        Receipt.objects.bulk_create(receipts, ignore_conflicts=any(r.delivery_id for r in receipts))
        newest = max(receipt.received_at for receipt in receipts)
        seen = {receipt.source_id for receipt in receipts}
        _note_seen(seen, newest)
        if any(receipt.state == Receipt.State.NEW for receipt in receipts):
            announce(ReceiptsCame())


def _note_seen(sources: set[int], at: datetime) -> None:
    """Note that sources live, but for those whose alerts a worker alters now: nobody waits."""
    rows = AlertSource.objects.filter(pk__in=sources)
    if connection.vendor == "postgresql":
        free = rows.select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True)
        rows = AlertSource.objects.filter(pk__in=list(free))
    rows.update(last_seen_at=at)


def beat(source: AlertSource) -> None:
    """Note that a source is alive."""
    AlertSource.objects.filter(pk=source.pk).update(last_seen_at=time.now())


@dataclass(slots=True)
class _Backlog:
    """How much waits to be read, looked at now and then."""

    count: int = 0
    looked_at: datetime | None = None

    def check(self, now: datetime) -> None:
        """Raise Refused while too much waits."""
        if self.looked_at is None or not timedelta(0) <= now - self.looked_at <= LOOK_AGAIN:
            new = Receipt.objects.filter(state=Receipt.State.NEW).order_by()
            self.count = len(new.values_list("pk", flat=True)[: MOST_WAITING + 1])
            self.looked_at = now
        if self.count > MOST_WAITING:
            raise Refused(f"More than {MOST_WAITING:,} bodies wait to be read: send it again.")


class _Pace:
    """Requests of each source in the present minute."""

    def __init__(self) -> None:
        self._minute = 0
        self._counts: Counter[int] = Counter()

    def count(self, source: int, most: int, now: datetime) -> None:
        """Raise TooMany once a source has sent more than `most` in this minute."""
        minute, second = divmod(int(now.timestamp()), MINUTE)
        if minute != self._minute:
            self._minute = minute
            self._counts.clear()
        self._counts[source] += 1
        if self._counts[source] > most:
            raise TooMany(
                f"At most {most:,} requests a minute are taken from this source.",
                retry_after_seconds=MINUTE - second,
            )


_commits = GroupCommit(_write)
_backlog = _Backlog()
_pace = _Pace()
