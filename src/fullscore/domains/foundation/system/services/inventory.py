"""Whole inventories: what one would do, written in chunks that go on where they stopped, undone."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q

from fullscore.connectors.base import Garbled
from fullscore.connectors.inventory import shapes, tables
from fullscore.connectors.inventory.shapes import Thing
from fullscore.connectors.netbox import exports, parse
from fullscore.domains.foundation.estate.models import ItemVersion
from fullscore.domains.foundation.estate.queries.planning import (
    Planned,
    Standing,
    plan,
    words_of,
)
from fullscore.domains.foundation.estate.services import importing
from fullscore.domains.foundation.system import reading
from fullscore.domains.foundation.system.models import Import, Mapped
from fullscore.kit import access, audit, live, time
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict, Invalid, NotAllowed
from fullscore.kit.models import AuditEntry, User
from fullscore.kit.perform import require

CHUNK = 500  # things written in one transaction
SHOWN = {"refused": 1000, "changed": 10, "new": 10}
PERMISSION = "estate.add_item"
NOT_OURS = -1


def understand(
    content: bytes, name: str, *, by: User, meaning: Mapping[str, str] | None = None, kind: str = ""
) -> list[Thing]:
    """Return the things in a file: YAML of a site, a zipped folder of exports, or any table.

    What a table's columns mean is remembered by its headings; `meaning` says it anew.
    """
    from fullscore.connectors.inventory import sitefile  # YAML takes its time at each start

    try:
        if name.lower().endswith((".yaml", ".yml")):
            return sitefile.read(content)
        if name.lower().endswith(".zip"):
            return parse.things(exports.records(content))
    except Garbled as error:
        raise Invalid(str(error)) from error
    rows = reading.table(content, most_rows=shapes.MOST)
    if len(rows) < 2:
        raise Invalid("The file has no rows: the first line names the columns.")
    return tables.things(rows, _meaning(rows[0], meaning, by=by), kind=kind)


def _meaning(
    headings: Sequence[str], told: Mapping[str, str] | None, *, by: User
) -> Mapping[str, str]:
    """Return what the columns mean: as told now, as remembered, else as guessed."""
    header = tables.header_of(headings)
    known = Mapped.objects.filter(header=header).first()
    guessed = tables.guess(headings)
    if told is None:
        return known.meaning if known else guessed
    wrong = [m for m in told.values() if m and m not in tables.FIELDS
             and not m.startswith(tables.ATTRIBUTE)]  # fmt: skip
    if wrong:
        raise Invalid(f"A column cannot mean “{wrong[0][:40]}”.")
    kept = known or Mapped(header=header)
    with recorded(kept, "map", by=by):
        kept.meaning = {h: told.get(h, guessed[h]) for h in headings}
    return kept.meaning


def take_in(content: bytes, name: str, *, by: User, kind: str = "") -> Import:
    """Take in a file of whichever form, and say what it would do.

    Of a table, its columns may then be given another meaning.
    """
    check_reach(by)
    things = understand(content, name, by=by, kind=kind)
    origin: dict[str, Any] = {}
    if not name.lower().endswith((".yaml", ".yml", ".zip")):
        rows = reading.table(content, most_rows=shapes.MOST)
        origin = {"table": reading.text_of(rows), "kind": kind}
    return bring_in(by=by, things=things, file_name=name, origin=origin)


def columns(import_: Import) -> list[tuple[str, str, str]]:
    """Return the columns of an import's table: heading, what it means now, an example."""
    rows = reading.table(import_.origin.get("table", "").encode(), most_rows=shapes.MOST)
    if not rows:
        return []
    known = Mapped.objects.filter(header=tables.header_of(rows[0])).first()
    meant = known.meaning if known else tables.guess(rows[0])
    examples = rows[1] if len(rows) > 1 else []
    return [
        (heading, meant.get(heading, ""), examples[place] if place < len(examples) else "")
        for place, heading in enumerate(rows[0])
    ]


def give_meaning(
    import_: Import, meaning: Mapping[str, str], *, by: User, kind: str = ""
) -> Import:
    """Say what the columns of an import's table mean, and look at it anew."""
    if import_.state != Import.State.PREVIEW or "table" not in import_.origin:
        raise Conflict("Only the table of a preview is looked at anew: send the file again.")
    content = import_.origin["table"].encode()
    with recorded(import_, "give meaning", by=by):
        things = understand(content, "table.csv", by=by, meaning=meaning, kind=kind)
        import_.origin["kind"] = kind
        look(import_, things)
    return import_


def bring_in(
    *, by: User, things: Sequence[Thing], file_name: str, origin: Mapping[str, Any] | None = None
) -> Import:
    """Take in an inventory, and say what it would do; nothing is written yet."""
    check_reach(by)
    if not things:
        raise Invalid("There is nothing in it.")
    if len(things) > shapes.MOST:
        raise Invalid(f"It has {len(things):,} things; at most {shapes.MOST:,} are taken.")
    made = Import(
        noun=Import.INVENTORY, file_name=file_name[:200], by=by, at=time.now(),
        origin=dict(origin or {}),
    )  # fmt: skip
    look(made, things)
    with recorded(made, "receive", by=by):
        pass
    return made


def check_reach(by: User) -> None:
    """Raise NotAllowed unless somebody may add items everywhere: an inventory is of everything."""
    require(PERMISSION, by=by)
    if not access.reach(by, PERMISSION).everywhere:
        raise NotAllowed("An inventory is brought in by somebody who may add items everywhere.")


def look(import_: Import, things: Sequence[Thing]) -> None:
    """Let an import show what its things would do."""
    things = sorted(things, key=lambda one: one.kind != "site")  # what others stand at comes first
    standing = Standing.now()
    planned = plan(things, standing)
    counts = dict.fromkeys(("new", "changed", "same", "refused", "links"), 0)
    for one in planned:
        counts[one.kind] += 1
    counts["links"] = _new_links(planned, standing)
    import_.text = shapes.written(things)
    import_.counts, import_.shown = counts, _shown(planned)


def _new_links(planned: Sequence[Planned], standing: Standing) -> int:
    """Count the links that are not there yet; those of refused things are none."""
    count, known = 0, standing.joined.links
    for one in planned:
        if one.error:
            continue
        for tie in one.ties:
            end = planned[tie.place] if tie.place is not None else None
            other = tie.item if end is None else end.item
            if end is not None and end.error:
                continue
            if None in (one.item, other) or (tie.kind, one.item, other) not in known:
                count += 1
    return count


def _shown(planned: Sequence[Planned]) -> dict[str, Any]:
    rows: list[dict[str, Any]] = []
    for kind, most in SHOWN.items():
        some = [one for one in planned if one.kind == kind][:most]
        rows += [
            {"line": one.thing.line, "kind": kind, "error": one.error,
             "values": [one.thing.kind, one.thing.name, one.thing.site, _said(one)]}
            for one in some
        ]  # fmt: skip
    return {"columns": ["kind", "name", "site", "what it says"], "ignored": [], "rows": rows}


def _said(one: Planned) -> str:
    return "; ".join(f"{name}: {value}" for name, value in words_of(one).items())[:300]


def refused(import_: Import) -> list[list[str]]:
    """Return the refused things, each with its line and reason."""
    planned = plan(list(shapes.read(import_.text)), Standing.now())
    rows = [
        [str(one.thing.line), one.thing.kind, one.thing.name, one.thing.site, one.error]
        for one in planned if one.error
    ]  # fmt: skip
    return [["line", "kind", "name", "site", "refused because"], *rows]


def write(import_: Import, *, by: User) -> Import:
    """Write what has not been written, a chunk at a time; begun again, it goes on.

    First all things, then what joins them: `reached` counts both.
    """
    things = list(shapes.read(import_.text))
    newest: int | None = _newest()
    standing = Standing.now()
    planned = plan(things, standing)
    items = {place: one.item for place, one in enumerate(planned) if one.item is not None}
    with audit.because(import_.mark):
        for start in range(import_.reached, 2 * len(things), CHUNK):
            if newest != (now := _newest()):
                # Somebody else has written meanwhile: what is planned is looked at anew.
                newest, standing = now, Standing.now()
                planned = plan(things, standing)
            newest = _write_chunk(import_, planned, standing, items, start, by=by)
            if newest == NOT_OURS:
                return import_
    with recorded(import_, "write", by=by):
        import_.state, import_.finished_at = Import.State.DONE, time.now()
        import_.last_entry = audit.head()[0]
    return import_


def _newest() -> int | None:
    newest: int | None = ItemVersion.objects.order_by("-pk").values_list("pk", flat=True).first()
    return newest


@transaction.atomic
def _write_chunk(
    import_: Import, planned: Sequence[Planned], standing: Standing, items: dict[int, int],
    start: int, *, by: User,
) -> int | None:  # fmt: skip
    """Write some things or links; returns the newest version, NOT_OURS when another process is
    writing this import."""
    kept = Import.objects.select_for_update().only("reached", "state").get(pk=import_.pk)
    if kept.reached != import_.reached or kept.state not in Import.UNDER_WAY:
        return NOT_OURS
    total = len(planned)
    some = planned[start : min(start + CHUNK, total)]
    if some:
        importing.write_things(some, standing, by=by, items=items, start=start,
                               inventory=import_.file_name)  # fmt: skip
    if start + CHUNK > total:
        first = max(start - total, 0)
        joined = planned[first : start + CHUNK - total]
        importing.write_links(joined, standing, by=by, items=items, start=first)
    import_.reached = min(start + CHUNK, 2 * total)
    import_.state = Import.State.RUNNING
    Import.objects.filter(pk=import_.pk).update(reached=import_.reached, state=import_.state)
    live.publish(audit.noun_of(import_), str(import_.pk))
    return _newest()


def take_back(import_: Import, *, by: User) -> Import:
    """Take back what an inventory wrote, the newest first; begun again, it goes on."""
    entries = AuditEntry.objects.filter(
        Q(reason=import_.mark) | Q(reason__startswith=f"{import_.mark} · "),
        verb__startswith="import: ", n__gt=import_.first_entry or 0, n__lte=import_.last_entry or 0,
    )  # fmt: skip
    total, kept = import_.counts.get("taken back", 0), list(import_.shown.get("kept", ()))
    below = import_.shown.get("undone_to")
    with audit.because(f"undo of {import_.mark}"):
        for entry in list(entries.order_by("-n")):
            if below is not None and entry.n >= below:
                continue
            with transaction.atomic():
                count, sentences = importing.take_back(entry, by=by)
                total, kept = total + count, [*kept, *sentences][:1000]
                import_.counts |= {"taken back": total, "kept": len(kept)}
                import_.shown |= {"undone_to": entry.n, "kept": kept}
                Import.objects.filter(pk=import_.pk).update(
                    counts=import_.counts, shown=import_.shown
                )
    with recorded(import_, "take_back", by=by):
        import_.state = Import.State.UNDONE
        import_.shown["faults"] = [{"line": "", "error": told} for told in kept]
    return import_
