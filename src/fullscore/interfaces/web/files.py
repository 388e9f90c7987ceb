"""Rows out to CSV and XLSX, and back in after a preview that names every row's fault."""

import csv
import io
import json
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase

from fullscore.interfaces.web import shell
from fullscore.interfaces.web.shell import SignedIn
from fullscore.kit import limits, tables
from fullscore.kit.audit import noted
from fullscore.kit.errors import Invalid, NotFound, Problem
from fullscore.kit.perform import require
from fullscore.kit.resource import Resource
from fullscore.kit.rowsin import Parsed, parse

View = Callable[..., HttpResponseBase]
MOST_ROWS = 1_000_000
MOST_BYTES = 10 * 1024 * 1024
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
        rows = tables.filtered(resource, request.user, request.GET, request=request)
        query = request.GET.dict()
        columns = ["id", *tables.chosen_columns(resource, query)]
        found = tables.all_rows(resource, rows, query, by=request.user, limit=MOST_ROWS)
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
        yield writer.writerow([row.pk, *(_flat(v) for v in row.values)])


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


def _flat(value: Any) -> Any:
    if isinstance(value, bool | int | float) or value is None:
        return "" if value is None else value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds")
    text = json.dumps(value, default=str) if isinstance(value, dict | list) else str(value)
    return "'" + text if text.startswith(FORMULA) else text


def _typed(sheet: Any, value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None)
    flat = (
        value if isinstance(value, bool | int | float) or hasattr(value, "year") else _flat(value)
    )
    if isinstance(flat, str):
        from openpyxl.cell import WriteOnlyCell

        cell = WriteOnlyCell(
            sheet, value="".join(c for c in flat if c >= " " or c in "\n\t")[:32_000]
        )
        cell.data_type = "s"
        return cell
    return flat


def import_of(resource: Resource) -> View:
    """Return the pages of an import: choose a file, see what it would do, let it happen."""

    def view(request: SignedIn) -> HttpResponse:
        require(resource.permission("add"), by=request.user)
        context: dict[str, Any] = {
            "resource": resource, "title": f"Import {resource.title_plural}",
            "fields": [(f, resource.label_of(f)) for f in resource.fields],
            "template_url": resource.url("import") + "?template=1",
            "crumbs": [{"title": resource.title_plural.capitalize(), "url": resource.url()}],
        }  # fmt: skip
        if "template" in request.GET:
            return _template(resource)
        if request.method != "POST":
            return shell.page(request, "import.html", step="upload", **context)
        try:
            if token := request.POST.get("token"):
                return _apply(resource, request, token)
            token, parsed = _received(resource, request)
        except Invalid as problem:
            return shell.page(
                request, "import.html", 422, step="upload", problem=str(problem), **context
            )
        return shell.page(
            request, "import.html", step="preview", token=token, preview=_preview(parsed), **context
        )

    return view


def _received(resource: Resource, request: SignedIn) -> tuple[str, Parsed]:
    sent = request.FILES.get("file")
    if sent is None:
        raise Invalid("Choose a CSV or XLSX file first.")
    if (sent.size or 0) > MOST_BYTES:
        raise Invalid(f"The file has {(sent.size or 0) / 2**20:.0f} MiB; at most 10 MiB are taken.")
    rows = read_file(sent.read())
    token = secrets.token_hex(16)
    path = _kept(token, request)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_text(json.dumps(rows))
    return token, parse(resource, rows, by=request.user)


def _apply(resource: Resource, request: SignedIn, token: str) -> HttpResponse:
    """Write what the preview showed: all good rows or, should one break now, none."""
    path = _kept(token, request)
    if not token.isalnum() or not path.exists():
        raise Invalid("This preview is gone: send the file again.")
    parsed = parse(resource, json.loads(path.read_text()), by=request.user)
    with transaction.atomic():
        for row in parsed.good:
            try:
                if row.record is None:
                    resource.create(row.values, by=request.user, note="import")
                elif row.is_changed:
                    resource.update(row.record, row.values, by=request.user, note="import")
            except Problem as problem:
                raise Invalid(f"Line {row.line}: {problem} Nothing was imported.") from problem
    path.unlink(missing_ok=True)
    told = f"{len(parsed.new)} added, {len(parsed.changed)} changed, {len(parsed.same)} the same"
    refused = len(parsed.refused)
    messages.success(request, f"{told}{f', {refused} refused' if refused else ''}.")
    return HttpResponseRedirect(resource.url())


def read_file(content: bytes) -> list[list[str]]:
    """Return the cells of a CSV or XLSX file as text. Raises Invalid when it is neither."""
    if content[:4] == b"PK\x03\x04":
        return _read_xlsx(content)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise Invalid(
            f"Line {line} is not UTF-8: save the file as “CSV UTF-8” and send it again."
        ) from error
    if "\x00" in text:
        raise Invalid("This is neither CSV nor XLSX.")
    first = text.split("\n", 1)[0]
    mark = ";" if first.count(";") > first.count(",") else ","
    try:
        return [[c.strip() for c in row] for row in csv.reader(io.StringIO(text), delimiter=mark)]
    except csv.Error as error:
        raise Invalid(f"The CSV cannot be read: {error}.") from error


def _read_xlsx(content: bytes) -> list[list[str]]:
    import openpyxl

    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        return [
            [_text(c) for c in row] for row in sheet.iter_rows(values_only=True, max_row=100_001)
        ]
    except (BadZipFile, KeyError, ValueError, OSError, IndexError) as error:
        raise Invalid(f"The workbook cannot be read: {error}.") from error


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value.isoformat() if hasattr(value, "isoformat") else str(value).strip()


def _kept(token: str, request: SignedIn) -> Path:
    return Path(settings.OPTIONS.home) / "uploads" / f"{request.user.pk}-{token[:64]}.json"


def _preview(parsed: Parsed) -> dict[str, Any]:
    shown = [*parsed.refused[:100], *parsed.changed[:10], *parsed.new[:10]]
    return {
        "counts": [
            ("new", len(parsed.new)), ("changed", len(parsed.changed)),
            ("the same", len(parsed.same)), ("refused", len(parsed.refused)),
        ],
        "columns": parsed.columns,
        "ignored": parsed.ignored,
        "rows": [
            {"line": r.line, "values": r.cells, "error": " ".join(r.errors), "kind": r.kind}
            for r in shown
        ],
        "can_apply": bool(parsed.new or parsed.changed),
    }  # fmt: skip


def _template(resource: Resource) -> HttpResponse:
    if not resource.fields:
        raise NotFound(f"{resource.title_plural.capitalize()} cannot be imported.")
    answer = HttpResponse(
        ",".join(resource.fields) + "\r\n", content_type="text/csv; charset=utf-8"
    )
    answer["Content-Disposition"] = f'attachment; filename="{resource.path}-template.csv"'
    return answer
