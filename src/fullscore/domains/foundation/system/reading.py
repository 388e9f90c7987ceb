"""A file that somebody sent, as a table of texts. What it claims to be is not believed."""

import csv
import io
import zlib
from collections.abc import Sequence
from typing import Any
from zipfile import BadZipFile, ZipFile

from fullscore.kit.errors import Invalid

MOST_ROWS, MOST_COLUMNS = 20_002, 200
MOST_CELL = 131_072  # characters; the csv module's own
# product_security.md V5: archives of at most so many entries, that unpack to so many times their
# size; and in all no more than memory bears.
MOST_ENTRIES, MOST_RATIO, MOST_UNPACKED = 10_000, 200, 256 * 1024 * 1024


def table(content: bytes, *, most_rows: int = MOST_ROWS) -> list[list[str]]:
    """Return the cells of a CSV or XLSX file. Raises Invalid when it is neither, or a bomb."""
    is_book = content[:4] == b"PK\x03\x04"
    return _workbook(content, most_rows) if is_book else _csv(content)


def text_of(rows: Sequence[Sequence[str]]) -> str:
    """Return a table as CSV."""
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def _csv(content: bytes) -> list[list[str]]:
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


def _workbook(content: bytes, most_rows: int) -> list[list[str]]:
    import openpyxl  # a tenth of a second at each start, for a file now and then

    try:
        _refuse_bomb(content)
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        rows = book.worksheets[0].iter_rows(
            values_only=True, max_row=most_rows, max_col=MOST_COLUMNS
        )
        return [_trimmed([_text(c) for c in row]) for row in rows]
    # openpyxl lets through whatever the parsers beneath it raise, SyntaxError of XML among them.
    except (
        BadZipFile,
        LookupError,
        ValueError,
        OSError,
        SyntaxError,
        TypeError,
        zlib.error,
        RuntimeError,
    ) as error:
        raise Invalid(f"The workbook cannot be read: {error}.") from error


def _trimmed(cells: list[str]) -> list[str]:
    """Return the cells without the empty ones that fill a row up to the widest."""
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _refuse_bomb(content: bytes) -> None:
    """Raise Invalid for an archive that unpacks to more than it may, by its own index."""
    with ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > MOST_ENTRIES or unpacked > min(MOST_UNPACKED, MOST_RATIO * len(content)):
        raise Invalid(
            f"The workbook unpacks to {unpacked / 2**20:,.0f} MiB in {len(entries):,} parts,"
            " which is more than is taken: save it as CSV."
        )


def _text(value: Any) -> str:
    if value is None:
        return ""
    text = value.isoformat() if hasattr(value, "isoformat") else str(value).strip()
    return text[:MOST_CELL]
