"""Any table as things: which column means what is told, or guessed from its heading."""

import re
from collections.abc import Iterator, Mapping, Sequence

from fullscore.connectors.inventory.shapes import (
    LINKS,
    NEEDS,
    VALUES,
    WORDS,
    End,
    Group,
    Thing,
)

# What headings of other products mean; a heading that is a field's own name needs no line here.
GUESSES: Mapping[str, str] = {
    "hostname": "name", "host": "name", "host name": "name", "device": "name", "ci name": "name",
    "asset name": "name", "server": "name", "type": "kind", "class": "kind", "category": "kind",
    "location": "site", "datacenter": "site", "data center": "site", "dc": "site",
    "status": "state", "env": "environment", "team": "owner", "owner team": "owner",
    "tag": "tags", "labels": "tags", "serial number": "serial", "serial no": "serial",
    "service tag": "serial", "manufacturer": "vendor", "make": "vendor", "brand": "vendor",
    "uuid": "system_uuid", "ip": "address", "ip address": "address", "ipv4": "address",
    "primary ip": "address", "mac address": "mac", "dns name": "fqdn", "rack": "located_in",
    "cluster": "member_of", "depends on": "needs", "operating system": "os",
    "os version": "os_version", "end of support": "supported_until", "id": "ref",
}  # fmt: skip
FIELDS = ("name", "kind", "site", "tags", "vendor", "ref", *VALUES, *WORDS, *LINKS)
IGNORED, ATTRIBUTE = "", "attribute:"
# A need with spares in one cell: “database: 1 of db1, db2”, “2 of web1, web2, web3”.
COUNTED = re.compile(r"(?:(?P<name>[^:;]{1,80}):\s*)?(?P<needed>\d{1,5}|all) of (?P<of>.+)", re.I)
STATES = {
    "active": "active", "live": "active", "in use": "active", "production": "active",
    "up": "active",
    "planned": "planned", "ordered": "planned", "staged": "staged", "inventory": "staged",
    "offline": "staged", "failed": "active", "decommissioning": "retiring", "retired": "retired",
    "decommissioned": "retired", "disposed": "retired",
}  # fmt: skip


def header_of(row: Sequence[str]) -> str:
    """Return what tells one layout of a table from another: its headings, in one spelling."""
    return "|".join(_spelled(cell) for cell in row)


def guess(headings: Sequence[str]) -> dict[str, str]:
    """Return what each heading means: a field, `attribute:<name>`, or nothing."""
    meant: dict[str, str] = {}
    for heading in headings:
        text = _spelled(heading)
        field = text.replace(" ", "_")
        meaning = field if field in FIELDS else GUESSES.get(text, "")
        if meaning in FIELDS and meaning not in meant.values():
            meant[heading] = meaning
        else:
            meant[heading] = f"{ATTRIBUTE}{(meaning or field)[:60]}" if field else IGNORED
    return meant


def things(
    rows: Sequence[Sequence[str]], meaning: Mapping[str, str], *, kind: str = ""
) -> list[Thing]:
    """Return the rows below the headings as things; `kind` is that of rows that do not say."""
    headings = rows[0] if rows else ()
    meant = [meaning.get(heading, IGNORED) for heading in headings]
    return [
        _thing(line, row, meant, kind)
        for line, row in enumerate(rows[1:], 2)
        if any(cell.strip() for cell in row)
    ]


def _thing(line: int, row: Sequence[str], meant: Sequence[str], kind: str) -> Thing:
    cells: dict[str, str] = {}
    for meaning, cell in zip(meant, row, strict=False):
        if meaning and (text := _unquoted(cell)):
            cells[meaning] = text
    extra = [cell for cell in row[len(meant) :] if cell.strip()]
    vendor = cells.get("vendor", "")
    attributes = {
        name.removeprefix(ATTRIBUTE): value
        for name, value in cells.items()
        if name.startswith(ATTRIBUTE)
    }
    if vendor:
        attributes.setdefault("vendor", vendor)
    values = {name: cells[name] for name in VALUES if name in cells}
    if "state" in values:
        values["state"] = STATES.get(values["state"].lower(), values["state"].lower())
    return Thing(
        ref=cells.get("ref", cells.get("name", "")), kind=cells.get("kind", kind).lower(),
        name=cells.get("name", ""), line=line, site=cells.get("site", ""), values=values,
        attributes=attributes, tags=tuple(_split(cells.get("tags", ""))),
        words=tuple(
            (word, one, vendor if word == "serial" else "")
            for word in WORDS if word in cells for one in _split(cells[word])
        ),
        links=tuple(
            (link, one)
            for link in LINKS if link in cells for one in _split(_uncounted(link, cells[link]))
        ),
        groups=tuple(_groups(cells)),
        error=f"{len(row)} cells under {len(meant)} headings." if extra else "",
    )  # fmt: skip


def _counted(kind: str, cell: str) -> list[tuple[str, re.Match[str] | None]]:
    """Return the parts of a cell between semicolons, each with its number needed if it says one."""
    parts = [part.strip() for part in cell.split(";")]
    return [(part, COUNTED.fullmatch(part) if kind in NEEDS else None) for part in parts]


def _uncounted(kind: str, cell: str) -> str:
    return ";".join(part for part, told in _counted(kind, cell) if told is None)


def _groups(cells: Mapping[str, str]) -> Iterator[Group]:
    for kind in NEEDS:
        for _, told in _counted(kind, cells.get(kind, "")):
            if told is not None:
                needed = told["needed"].lower()
                ends = tuple(End(one) for one in _split(told["of"]))
                name = (told["name"] or "").strip()
                yield Group(kind, ends, name, "all" if needed == "all" else int(needed))


def _split(text: str) -> list[str]:
    return [one.strip() for one in re.split("[,;]", text) if one.strip()]


def _spelled(heading: str) -> str:
    return " ".join(re.sub(r"[_\-./]+", " ", heading).lower().split())


def _unquoted(cell: str) -> str:
    """Return a cell without the quote that keeps a spreadsheet from running it as a formula."""
    text = cell.strip()
    return text[1:] if text[:1] == "'" and text[1:2] in ("=", "+", "-", "@") else text
