"""Rows out to CSV and XLSX."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from fullscore.interfaces import wire
from fullscore.interfaces.web import moments
from fullscore.interfaces.web.shell import SignedIn
from fullscore.kit import limits, past, tables
from fullscore.kit.audit import noted
from fullscore.kit.perform import require
from fullscore.kit.resource import Resource

View = Callable[..., HttpResponseBase]
MOST_ROWS = 1_000_000
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class _Line:
    """Something the csv writer can write to that gives each line back."""

    def write(self, line: str) -> str:
        return line


def export_of(resource: Resource, kind: str) -> View:
    """Return the file of all filtered rows."""

    def view(request: SignedIn) -> HttpResponseBase:
        require(resource.permission("view"), by=request.user)
        limits.limit(f"export:{request.user.pk}", per=timedelta(minutes=1), count=10)
        query, at = request.GET.dict(), moments.asked(request)
        wire.check_words(resource, "", "", at)
        columns = ["id", *tables.chosen_columns(resource, query)]
        with past.shown(at):
            rows = tables.filtered(resource, request.user, request.GET, request=request)
            found = tables.all_rows(resource, rows, query, by=request.user, limit=MOST_ROWS)
            found = iter(list(found)) if at else found  # a stream is read after this
        noted(
            request.user,
            f"export {resource.name}"[:60],
            by=request.user,
            query=request.GET.urlencode(),
        )
        day = datetime.now(UTC).strftime("%Y-%m-%d")
        mark = "sample-" if settings.OPTIONS.is_sample else ""
        name = f"{mark}{resource.path}-{day}.{kind}"
        if kind == "csv":
            answer: Any = StreamingHttpResponse(
                csv_lines(columns, found), content_type="text/csv; charset=utf-8"
            )
        else:
            answer = HttpResponse(xlsx(resource.title_plural, columns, found), content_type=XLSX)
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        answer["Cache-Control"] = "no-store"
        return answer

    return view


def csv_lines(columns: Sequence[str], rows: Iterable[tables.Row]) -> Iterator[str]:
    """Yield the file line by line; a cell that a spreadsheet would run gets a leading quote."""
    writer = csv.writer(_Line())
    yield "\ufeff" + writer.writerow(columns)
    for row in rows:
        yield writer.writerow([row.pk, *(flat(v) for v in row.values)])


def xlsx(title: str, columns: Sequence[str], rows: Iterable[tables.Row]) -> bytes:
    """Return the workbook; numbers, days and instants keep their type."""
    import openpyxl  # a tenth of a second at each start, for a file now and then

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "A2"
    sheet.append(list(columns))
    for row in rows:
        sheet.append([_typed(sheet, v) for v in (row.pk, *row.values)])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def flat(value: Any) -> Any:
    """Return a cell's value; a text that a spreadsheet would run gets a leading quote."""
    if isinstance(value, bool | int | float) or value is None:
        return "" if value is None else value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds")
    text = json.dumps(value, default=str) if isinstance(value, dict | list) else str(value)
    return "'" + text if text.startswith(FORMULA) else text


def _typed(sheet: Any, value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None)
    is_own = isinstance(value, bool | int | float) or hasattr(value, "year")
    cell_value = value if is_own else flat(value)
    if isinstance(cell_value, str):
        from openpyxl.cell import WriteOnlyCell

        cell = WriteOnlyCell(
            sheet, value="".join(c for c in cell_value if c >= " " or c in "\n\t")[:32_000]
        )
        cell.data_type = "s"
        return cell
    return cell_value
