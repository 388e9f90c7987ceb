"""What can be done with a file of rows: see what it would do, let it happen, take it back."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import models, transaction
from django.db.models import Max, Min, ProtectedError, Q, RestrictedError
from django.db.models.deletion import Collector

from fullscore.domains.foundation.system import reading
from fullscore.domains.foundation.system.announcements import ImportAccepted, ImportRevoked
from fullscore.domains.foundation.system.models import Import
from fullscore.domains.foundation.system.rows import In, Parsed, parse
from fullscore.domains.foundation.system.services import inventory
from fullscore.kit import audit, live, resource, time
from fullscore.kit.announcements import announce
from fullscore.kit.audit import recorded, removed
from fullscore.kit.errors import Conflict, Invalid, Problem
from fullscore.kit.models import AuditEntry, User, VersionBase
from fullscore.kit.perform import find, require
from fullscore.kit.resource import Resource

CHUNK = 500  # rows written in one transaction
KEPT = timedelta(days=30)
SHOWN = {"refused": 1000, "changed": 10, "new": 10}


def receive(*, by: User, noun: str, text: str, file_name: str = "rows.csv") -> Import:
    """Take in rows of a noun as CSV, its first line the columns, and say what they would do."""
    if noun == Import.INVENTORY:
        return inventory.take_in(text.encode(), file_name, by=by)
    found = _resource(noun)
    require(found.permission("add"), by=by)
    parsed = parse(found, reading.table(text.encode()), by=by)
    made = Import(
        noun=found.name, file_name=file_name[:200] or "rows.csv", by=by, at=time.now(), text=text,
        counts=_counts(parsed), shown=_shown(parsed),
    )  # fmt: skip
    with recorded(made, "receive", by=by):
        pass
    return made


def change(import_: Import, *, by: User, **values: Any) -> Import:
    """Refuse: what was looked at is what is written."""
    raise Conflict("An import is not altered: send the file again.")


def apply(import_: Import, *, by: User) -> Import:
    """Write the good rows, in the background; the refused ones stay named on the page."""
    if import_.state != Import.State.PREVIEW:
        raise Conflict(f"This import is {import_.state}: send the file again.")
    if told := idle(import_):
        raise Conflict(told)
    require(_resource(import_.noun).permission("add"), by=by)
    with recorded(import_, "apply", by=by):
        import_.state = Import.State.WAITING
        import_.first_entry = audit.head()[0]
        announce(ImportAccepted(import_.pk, by.pk))
    return import_


def idle(import_: Import) -> str:
    """Say why there is nothing to write; empty when there is."""
    is_any = any(import_.counts.get(kind) for kind in ("new", "changed", "links"))
    return "" if is_any else "There is nothing to write: no row is new or changed."


def refused(import_: Import) -> list[list[str]]:
    """Return the refused rows as they were sent, under their headings, each with its reason."""
    if import_.noun == Import.INVENTORY:
        return inventory.refused(import_)
    parsed = parse(_resource(import_.noun), reading.table(import_.text.encode()), by=import_.by)
    since = {fault["line"]: fault["error"] for fault in import_.shown.get("faults", ())}
    width = len(parsed.columns)
    told = [
        [*row.cells[:width], *[""] * (width - len(row.cells)), why]
        for row in parsed.rows
        if (why := since.get(row.line) or " ".join(row.errors))
    ]
    return [[*parsed.columns, "refused because"], *told]


def write(import_: Import, *, by: User) -> Import:
    """Write what has not been written, a chunk at a time; begun again, it goes on."""
    if import_.state not in Import.UNDER_WAY:
        return import_
    if import_.noun == Import.INVENTORY:
        return inventory.write(import_, by=by)
    found = _resource(import_.noun)
    rows = parse(found, reading.table(import_.text.encode()), by=by).rows
    with audit.because(import_.mark):
        for start in range(import_.reached, len(rows), CHUNK):
            if not _write_chunk(import_, found, rows[start : start + CHUNK], by):
                return import_
    with recorded(import_, "write", by=by):
        import_.state, import_.finished_at = Import.State.DONE, time.now()
        import_.last_entry = audit.head()[0]
    return import_


@transaction.atomic
def _write_chunk(import_: Import, found: Resource, rows: Sequence[In], by: User) -> bool:
    """Write some rows; False when another process is writing this import."""
    kept = Import.objects.select_for_update().get(pk=import_.pk)
    if kept.reached != import_.reached or kept.state not in Import.UNDER_WAY:
        return False
    counts, faults = import_.counts, import_.shown.setdefault("faults", [])
    for row in rows:
        problem = _write_row(found, row, by)
        if problem:
            counts[row.kind] -= 1
            counts["refused"] += 1
            faults.append({"line": row.line, "error": problem})
    import_.reached += len(rows)
    import_.state = Import.State.RUNNING
    Import.objects.filter(pk=import_.pk).update(
        reached=import_.reached, state=import_.state, counts=counts, shown=import_.shown
    )
    live.publish(audit.noun_of(import_), str(import_.pk))
    return True


def _write_row(found: Resource, row: In, by: User) -> str:
    """Write a row; returns why it could not be, since its preview, or nothing."""
    try:
        with transaction.atomic():
            if row.kind == "new":
                found.create(row.values, by=by)
            elif row.kind == "changed":
                # As it is by now: what somebody has changed meanwhile beside this stays.
                record = find(found.model, row.record.pk, by=by, lock=True)
                found.update(record, _altered(record, row.values), by=by)
    except Problem as problem:
        return str(problem)
    return ""


def _altered(record: models.Model, values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if getattr(record, name) != value}


def undo(import_: Import, *, by: User) -> Import:
    """Take back what an import wrote, in the background, as far as nobody has touched it since."""
    if import_.state != Import.State.DONE:
        raise Conflict(f"Only a finished import is undone; this one is {import_.state}.")
    require(_resource(import_.noun).permission("add"), by=by)
    with recorded(import_, "undo", by=by):
        import_.state = Import.State.UNDOING
        announce(ImportRevoked(import_.pk, by.pk))
    return import_


def take_back(import_: Import, *, by: User) -> Import:
    """Take back what an import wrote, the newest first; begun again, it goes on."""
    if import_.state != Import.State.UNDOING:
        return import_
    if import_.noun == Import.INVENTORY:
        return inventory.take_back(import_, by=by)
    its_own = Q(reason=import_.mark) | Q(reason__startswith=f"{import_.mark} · ")
    between = Q(n__gt=import_.first_entry or 0, n__lte=import_.last_entry or 0)
    entries = AuditEntry.objects.filter(its_own, between).order_by()
    spans = entries.values_list("noun", "record").annotate(first=Min("n"), last=Max("n"))
    touched = list(spans.order_by("-last"))
    kept: list[str] = []
    with audit.because(f"undo of {import_.mark}"):
        for start in range(0, len(touched), CHUNK):
            with transaction.atomic():
                some = (_taken_back(*one, by=by) for one in touched[start : start + CHUNK])
                kept += [told for told in some if told]
    with recorded(import_, "take_back", by=by):
        import_.state = Import.State.UNDONE
        import_.counts |= {"taken back": len(touched) - len(kept), "kept": len(kept)}
        import_.shown["faults"] = [{"line": "", "error": told} for told in kept[:1000]]
    return import_


def _taken_back(noun: str, pk: str, first: int, last: int, *, by: User) -> str:
    """Bring a record back to how it was before its first entry; returns why not, or nothing."""
    found = next((r for r in resource.known() if r.noun == noun), None)
    newest = AuditEntry.objects.filter(noun=noun, record=pk).latest("n")
    if newest.reason.split(" · ")[0] == audit.origin.get().reason:
        return ""  # by an earlier attempt
    if found is None or newest.n > last:
        return f"{noun} {pk} was touched since ({newest.verb})."
    before = AuditEntry.objects.get(n=first).before
    try:
        with transaction.atomic():
            record = find(found.model, pk, by=by, lock=True)
            require(found.permission("change" if before else "add"), record, by=by)
            if before:
                with recorded(record, "undo", by=by):
                    _restore(record, before)
            elif _is_used(record):
                return f"{record} is used by others since."
            else:
                with removed(record, by=by):
                    pass
    except Problem as problem:
        return f"{noun} {pk}: {problem}"
    return ""


def _is_used(record: models.Model) -> bool:
    """Say whether anything else would go or lose something with a record; its versions may."""
    collector = Collector(using="default", origin=record)
    try:
        collector.collect([record])
    except (ProtectedError, RestrictedError):
        return True
    going: list[Any] = [q for rows in collector.field_updates.values() for q in rows]
    going += [q for q in collector.fast_deletes if not issubclass(q.model, VersionBase)]
    others = [model for model in collector.data if model is not type(record)]
    return any(map(bool, going)) or any(not issubclass(model, VersionBase) for model in others)


def _restore(record: models.Model, before: dict[str, Any]) -> None:
    fields = {field.attname: field for field in record._meta.concrete_fields}
    for name, value in before.items():
        if isinstance(value, str) and value.startswith("sha256:"):
            continue  # the audit keeps no secrets: this value stays as it is
        field: Any = fields.get(name)
        if field is not None and not isinstance(field, models.JSONField):
            value = getattr(field, "target_field", field).to_python(value)
        if field is not None:
            setattr(record, name, value)


def forget_old(*, by: User) -> int:
    """Let go of the rows of imports after 30 days; returns of how many."""
    old = Import.objects.filter(at__lt=time.now() - KEPT).exclude(state__in=Import.UNDER_WAY)
    gone = list(old)
    for one in gone:
        with removed(one, by=by, note="30 days old"):
            pass
    return len(gone)


def _resource(noun: str) -> Resource:
    found = resource.named("item" if noun == Import.INVENTORY else noun)
    if found is None or not found.fields or not found.takes_files or found.needs_fresh:
        raise Invalid(f"“{noun[:40]}” is no noun that rows can be imported into.")
    return found


def _counts(parsed: Parsed) -> dict[str, int]:
    return {kind: len(parsed.of(kind)) for kind in ("new", "changed", "same", "refused")}


def _shown(parsed: Parsed) -> dict[str, Any]:
    rows = [row for kind, most in SHOWN.items() for row in parsed.of(kind)[:most]]
    return {
        "columns": list(parsed.columns),
        "ignored": list(parsed.ignored),
        "rows": [
            {"line": r.line, "kind": r.kind, "error": " ".join(r.errors), "values": list(r.cells)}
            for r in rows
        ],
    }
