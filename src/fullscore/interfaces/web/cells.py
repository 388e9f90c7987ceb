"""How a value looks in a list or among the facts of a page."""

from collections.abc import Callable, Hashable, Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.html import conditional_escape, escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from fullscore.interfaces.web import shell
from fullscore.kit import time
from fullscore.kit.models import User
from fullscore.kit.resource import Resource
from fullscore.kit.tables import RESTRICTED, Chosen, Ref, Row

NOTHING = mark_safe('<span class="none" aria-label="nothing">–</span>')
LONGEST = 400  # characters of one text in a cell or fact


def cell(resource: Resource, column: str, value: Any, *, user: Any) -> Any:
    """Return what stands in one cell; text is escaped by the template, HTML is marked safe."""
    if drawn := resource.cells.get(column):
        return drawn(value)
    return shown(value, user=user, related=_related(resource, column))


def shown(value: Any, *, user: Any, related: Resource | None = None) -> Any:
    """Return a value as a person reads it: local time, names as links, yes and no in words."""
    if value is None or value == "" or value in ([], {}):
        return NOTHING
    if value is True or value is False:
        return "yes" if value else "no"
    if isinstance(value, Ref):
        return linked(value, related)
    if isinstance(value, datetime):
        return moment(value, user=user)
    if isinstance(value, date):
        return day(value, user=user)
    if isinstance(value, float):
        return f"{value:,.2f}".rstrip("0").rstrip(".")
    if isinstance(value, int | Decimal):
        return f"{value:,}" if not isinstance(value, Decimal) else f"{value:,.2f}"
    if isinstance(value, dict):
        return format_html_join(", ", "{} {}", ((k, v) for k, v in list(value.items())[:20]))
    if isinstance(value, list | tuple):
        return ", ".join(str(v) for v in value[:20])
    return str(value)[:LONGEST]


def day(value: date, *, user: Any) -> SafeString:
    """Return a day; the year is in the hint while it is the present one."""
    now = time.now().astimezone(time.zone(getattr(user, "time_zone", "") or "UTC"))
    whole = f"{value:%-d %b %Y}"
    words = f"{value:%-d %b}" if value.year == now.year else whole
    return format_html('<time datetime="{}" title="{}">{}</time>', value.isoformat(), whole, words)


def linked(ref: Ref, related: Resource | None) -> SafeString | str:
    """Return another record's name, as a link where it has a page."""
    if related is None:
        return ref.name
    return format_html('<a href="{}">{}</a>', related.url(ref.id), ref.name)


def moment(value: datetime, *, user: Any) -> SafeString:
    """Return an instant in the reader's time zone.

    The exact one is in the attribute and the hint.
    """
    local = value.astimezone(time.zone(getattr(user, "time_zone", "") or "UTC"))
    now = time.now().astimezone(local.tzinfo)
    if local.date() == now.date():
        words = f"{local:%H:%M}"
    elif local.year == now.year:
        words = f"{local:%-d %b %H:%M}"
    else:
        words = f"{local:%-d %b %Y}"
    exact, hint = value.isoformat(timespec="seconds"), f"{local:%-d %b %Y %H:%M:%S %Z}"
    return format_html('<time datetime="{}" title="{}">{}</time>', exact, hint, words)


def body(
    resource: Resource, rows: Iterable[Row], columns: Any, *, user: Any, can_choose: bool
) -> SafeString:
    """Return the rows of a list; the leading cell carries the record's link.

    One loop over escaped texts: what a template costs for each cell is most of a page of cells.
    """
    lead, told = lead_of(columns), []
    draw = [_drawer(resource, c, user, n == lead) for n, c in enumerate(columns)]
    for place, (pk, values) in enumerate(rows, 1):
        drawn = [d(v) for d, v in zip(draw, values, strict=True)]
        drawn[lead] = f'<a data-open href="{escape(resource.url(pk))}">{drawn[lead]}</a>'
        box = f'name="pk" value="{escape(pk)}" aria-label="Choose row {place}"'
        chosen = f'<tr data-pk="{escape(pk)}"><td><input type="checkbox" {box}></td>'
        start = chosen if can_choose else "<tr>"
        told.append(f"{start}<td>{'</td><td>'.join(drawn)}</td></tr>")
    return SafeString("".join(told))


def _drawer(resource: Resource, column: str, user: Any, is_lead: bool) -> Callable[[Any], str]:
    """Return what draws one column's values as HTML; the same value is drawn once."""
    drawn, related, kept = resource.cells.get(column), _related(resource, column), {}

    def draw(value: Any) -> str:
        key = value if isinstance(value, Hashable) else repr(value)
        if key not in kept:
            found = drawn(value) if drawn else shown(value, user=user, related=related)
            kept[key] = conditional_escape(
                str(value) if is_lead and isinstance(value, Ref) else found
            )
        return kept[key]

    return draw


def lead_of(columns: Any) -> int:
    """Return the place of the column a record is known by: its title or name, else the first."""
    return next((n for n, c in enumerate(columns) if c in ("title", "name", "subject")), 0)


def facts(resource: Resource, record: Any, *, user: User) -> list[tuple[str, Any]]:
    """Return the facts of a record's page, labelled; the title is not repeated."""
    told = []
    for column in [*resource.columns, *(f for f in resource.facts if f not in resource.drawn)]:
        value = value_of(resource, record, column)
        if isinstance(value, Ref):
            value = _as_seen(resource, column, value, user)
        if column in ("name", "title") and str(value) == str(record):
            continue
        if column not in resource.columns and value in (None, "", [], {}):
            continue  # what is said of some records only
        told.append((resource.label_of(column), cell(resource, column, value, user=user)))
    return told


def _as_seen(resource: Resource, column: str, ref: Ref, user: User) -> Ref:
    """Return a record as the reader may see it: what is hidden keeps its name to itself."""
    related = _related(resource, column)
    # Who did something is said to everybody who may see what was done, as in lists.
    if (
        related is None
        or related.model is User
        or related.visible_to(user).filter(pk=ref.id).exists()
    ):
        return ref
    return Ref(ref.id, RESTRICTED)


def value_of(resource: Resource, record: Any, column: str) -> Any:
    """Return a column's value of one record, as a list would have it."""
    value: Any = record
    for part in column.split("__"):
        value = getattr(value, part, None)
    field = resource.field_of(column)
    if field is not None and field.is_relation and value is not None:
        return Ref(value.pk, str(value))
    if field is not None and field.choices:
        return Chosen.of(value, dict(field.flatchoices))
    return value


def _related(resource: Resource, column: str) -> Resource | None:
    field = resource.field_of(column)
    return (
        shell.resource_of(field.related_model) if field is not None and field.is_relation else None
    )
