"""Write an audit entry around a change. Services call this; nothing is recorded behind your back.

Entries form one chain per database: hash = SHA-256(previous hash ‖ canonical JSON of the entry).
Whoever changes, removes, inserts or swaps an entry breaks the chain, and `verify` names the place.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models, transaction

from fullscore.kit import history, live, search, time
from fullscore.kit.errors import Invalid
from fullscore.kit.models import AuditEntry, User
from fullscore.kit.words import titled

GENESIS = "0" * 64
ORDER_LOCK = 0x66756C61  # any constant of our own, for pg_advisory_xact_lock


@dataclass(frozen=True, slots=True)
class Origin:
    """How a request came in; set once by each interface, read by every entry."""

    via: str = "job"
    token: str = ""
    address: str = ""
    reason: str = ""  # stands before the note of each entry


BACKGROUND = Origin()
origin: ContextVar[Origin] = ContextVar("origin", default=BACKGROUND)


@contextmanager
def coming(via: str, *, token: str = "", address: str = "") -> Iterator[None]:
    """Mark everything written inside as having come in this way."""
    reset = origin.set(Origin(via, token, address[:45]))
    try:
        yield
    finally:
        origin.reset(reset)


@contextmanager
def because(reason: str) -> Iterator[None]:
    """Give everything written inside the same reason, before what it says itself."""
    reset = origin.set(replace(origin.get(), reason=reason))
    try:
        yield
    finally:
        origin.reset(reset)


@contextmanager
def recorded(record: models.Model, verb: str, *, by: User, note: str = "") -> Iterator[None]:
    """Save `record` on exit with its audit entry, version, search words and live signal.

    All or none.

    Raises Invalid when the values break a rule.
    """
    with transaction.atomic():
        before = _stored_state(record)
        yield
        validate(record)
        record.save()
        after = snapshot(record)
        entry = write(record, verb, by=by, note=note, before=before, after=after)
        history.keep(record, after, entry=entry)
        search.refresh(record)
        live.publish(noun_of(record), str(record.pk))


@contextmanager
def removed(record: models.Model, *, by: User, note: str = "") -> Iterator[None]:
    """Delete `record` on exit, leaving its last state in the audit and its version closed."""
    before, key = snapshot(record), str(record.pk)
    with transaction.atomic():
        yield
        write(record, "delete", by=by, note=note, before=before, after=None)
        history.close(record)
        search.forget(record)
        record.delete()
        live.publish(noun_of(record), key)


def noted(record: models.Model, verb: str, *, by: User, note: str = "", **facts: Any) -> AuditEntry:
    """Record that something was done to or read of a record without altering its fields."""
    return write(record, verb, by=by, note=note, before=None, after=facts or None)


def bulk(
    noun: str, verb: str, *, by: User, counts: dict[str, int], rows: Iterable[Any],
    facts: dict[str, Any] | None = None,
) -> AuditEntry:  # fmt: skip
    """Record one run of a machine: counts and a digest of its rows, not the rows.

    `facts` are what is needed to take it back.
    """
    digest = hashlib.sha256()
    for row in rows:
        digest.update(_canonical(row))
    after = {"counts": counts, "rows_sha256": digest.hexdigest(), **(facts or {})}
    return _append(noun=noun, record="", verb=verb, by=by, note="", before=None, after=after)


def write(
    record: models.Model, verb: str, *, by: User, note: str, before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> AuditEntry:  # fmt: skip
    """Append one entry about one record to the chain, in the running transaction."""
    hidden = getattr(type(record), "audit_hides", ())
    return _append(
        noun=noun_of(record), record=str(record.pk), verb=verb, by=by, note=note,
        before=_masked(record, before, hidden), after=_masked(record, after, hidden),
    )  # fmt: skip


def noun_of(record: models.Model | type[models.Model]) -> str:
    """Return the label under which a record is audited, such as `estate.item`."""
    return str(record._meta.label_lower)


def snapshot(record: models.Model) -> dict[str, Any]:
    """Return the stored field values of a record as plain JSON."""
    volatile = getattr(type(record), "audit_leaves_out", ())
    names = (f.attname for f in record._meta.concrete_fields)
    return {name: _plain(getattr(record, name)) for name in names if name not in volatile}


def validate(record: models.Model) -> None:
    """Check fields and constraints, in the words of the kit's errors."""
    # `blank` speaks of forms; a row may hold what its column's NULL or default allows.
    empty = {
        f.name
        for f in record._meta.fields
        if (f.null or f.has_default()) and getattr(record, f.attname) in f.empty_values
    }
    try:
        record.full_clean(exclude=empty, validate_unique=True, validate_constraints=True)
    except ValidationError as error:
        fields = error.message_dict if hasattr(error, "error_dict") else {}
        labels = {f.name: f"{titled(str(f.verbose_name))}: " for f in record._meta.fields}
        sentences = [labels.get(n, "") + s for n, texts in fields.items() for s in texts]
        raise Invalid(" ".join(sentences or error.messages), fields) from error


def verify() -> tuple[int, str]:
    """Walk the whole chain.

    Return the number of good entries and what is wrong with the next one.
    """
    previous, expected = GENESIS, 1
    for entry in AuditEntry.objects.order_by("n").iterator(chunk_size=2000):
        if entry.n != expected:
            return expected - 1, f"Entry {expected} is missing: the next one is {entry.n}."
        if entry.previous_hash != previous:
            return expected - 1, f"Entry {entry.n} does not follow entry {entry.n - 1}."
        if not hmac.compare_digest(entry.hash, _hash(entry)):
            return expected - 1, f"Entry {entry.n} was changed after it was written."
        previous, expected = entry.hash, expected + 1
    return expected - 1, ""


def head() -> tuple[int, str]:
    """Return number and hash of the newest entry, to be kept outside against truncation."""
    newest = AuditEntry.objects.order_by("-n").values_list("n", "hash").first()
    return newest or (0, GENESIS)


def _append(
    *, noun: str, record: str, verb: str, by: User, note: str, before: Any, after: Any
) -> AuditEntry:
    came = origin.get()
    with transaction.atomic(savepoint=False):  # an entry that fails takes its change with it
        _take_turn()
        n, previous = head()
        entry = AuditEntry(
            n=n + 1, at=time.now(), by=by, via=came.via, token=came.token, address=came.address,
            verb=verb[:60], noun=noun, record=record, before=before, after=after,
            reason=" · ".join(filter(None, [came.reason, note])),
            previous_hash=previous,
        )  # fmt: skip
        entry.hash = _hash(entry)
        entry.save(force_insert=True)
    return entry


def _take_turn() -> None:
    """Let one writer at a time append; SQLite's IMMEDIATE transactions already do."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ORDER_LOCK])


def _hash(entry: AuditEntry) -> str:
    told = {
        "n": entry.n, "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "by": entry.by_id,
        "via": entry.via, "token": entry.token, "address": entry.address, "verb": entry.verb,
        "noun": entry.noun, "record": entry.record, "before": entry.before, "after": entry.after,
        "reason": entry.reason,
    }  # fmt: skip
    return hashlib.sha256(entry.previous_hash.encode() + _canonical(told)).hexdigest()


def _canonical(value: Any) -> bytes:
    return CANONICAL.encode(value).encode()


def _plain(value: Any) -> Any:
    """Return a stored value as JSON gives it back; most are that already."""
    if value is None or type(value) in (str, int, float, bool):
        return value
    return PLAIN.default(value) if isinstance(value, date) else json.loads(PLAIN.encode(value))


def _masked(record: models.Model, state: dict[str, Any] | None, hidden: Iterable[str]) -> Any:
    """Replace secret and private values by salted hashes: a change shows, the value does not."""
    if state is None or not hidden:
        return state
    return {k: _salted(record, k, v) if k in hidden and v else v for k, v in state.items()}


def _salted(record: models.Model, name: str, value: Any) -> str:
    salt = f"{settings.SECRET_KEY}|{noun_of(record)}|{record.pk}|{name}".encode()
    return "sha256:" + hmac.new(salt, _canonical(value), hashlib.sha256).hexdigest()


def _stored_state(record: models.Model) -> dict[str, Any] | None:
    """Return what the database holds now; the object in hand may already have been altered."""
    stored = (
        None if record._state.adding else type(record)._base_manager.filter(pk=record.pk).first()
    )
    return snapshot(stored) if stored else None


class _Encoder(DjangoJSONEncoder):
    """Full microseconds, because hashes are made from what is written."""

    def default(self, o: Any) -> Any:
        if isinstance(o, datetime):
            return o.astimezone(UTC).isoformat(timespec="microseconds")
        if isinstance(o, bytes | memoryview):
            return bytes(o).hex()
        return super().default(o)


PLAIN = _Encoder()
CANONICAL = _Encoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
