"""One YAML file that describes a site, or several: what is there, where, and what needs what.

    site: Ljubljana
    items:
      - name: web1
        kind: host
        criticality: 2
        serial: {vendor: Dell, value: CZ1234}
        needs: [db1]
      - name: db1
        kind: database

A file of several sites has a list `sites` of such mappings. `links` of an item is a list of
one-word mappings (`- part_of: rack1`); `needs`, `runs_on`, `located_in` … may stand by themselves.
A need that has spares, a name, or links of which more is known is a mapping:

    needs:
      - {name: database, needed: 1, of: [db1, db2]}
      - {to: cache1, needed: 0, confidence: 0.8, attributes: {protocol: redis}}

`needed` is a number, `all`, or 0 for what is welcome and not needed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

import yaml

from fullscore.connectors.base import Garbled
from fullscore.connectors.inventory.shapes import (
    LINKS,
    MOST,
    NEEDS,
    VALUES,
    WORDS,
    End,
    Group,
    Thing,
)

OWN = ("name", "kind", "site", "tags", "attributes", "links", "ref", *VALUES, *WORDS, *LINKS)
MOST_BYTES = 64 * 1024 * 1024
LINE = "__line__"
OF_GROUP, OF_END = ("name", "needed", "of"), ("to", "confidence", "attributes")


class _Loader(yaml.SafeLoader):
    """The safe loader, which also says on which line a mapping begins."""


class _Aliased(Exception):
    """The file uses aliases, with which a few lines unfold to gigabytes."""


class _Wrong(Exception):
    """Why a link of an item cannot be understood."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    told = yaml.SafeLoader.construct_mapping(loader, node, deep=True)
    told[LINE] = node.start_mark.line + 1
    return told


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read(content: bytes) -> list[Thing]:
    """Return the things of a file; what is wrong with one stands in it.

    Raises Garbled when the file as a whole cannot be read.
    """
    told = _document(content)
    if not isinstance(told, dict):
        raise Garbled("The file has to be a mapping: `site:` and `items:`, or `sites:`.")
    sites = told.get("sites", [told])
    if not isinstance(sites, list):
        raise Garbled("`sites` has to be a list of sites.")
    things = [thing for site in sites for thing in _site(site)]
    if len(things) > MOST:
        raise Garbled(f"The file has {len(things):,} items; at most {MOST:,} are taken.")
    return things


def _document(content: bytes) -> Any:
    if len(content) > MOST_BYTES:
        raise Garbled(f"The file has more than {MOST_BYTES // 2**20} MiB.")
    try:
        text = content.decode("utf-8-sig")
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text)):
            raise _Aliased
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader that counts lines
    except _Aliased as error:
        raise Garbled("The file uses aliases (`*name`): write each item out.") from error
    except UnicodeDecodeError as error:
        raise Garbled("The file is not UTF-8.") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        where = getattr(error, "problem_mark", None)
        line = f" on line {where.line + 1}" if where else ""
        why = getattr(error, "problem", "") or "it is nested too deep, or a value is impossible"
        raise Garbled(f"The YAML cannot be read{line}: {why}.") from error


def _site(told: Any) -> Iterator[Thing]:
    if not isinstance(told, dict):
        raise Garbled("A site has to be a mapping with `site:` and `items:`.")
    site, line = _text(told.get("site")), int(told.get(LINE, 1))
    if site:
        own = {k: v for k, v in told.items() if k not in ("site", "items", "sites", LINE)}
        yield _thing({**own, "name": site, "kind": "site", LINE: line}, "")
    items = told.get("items") or []
    if not isinstance(items, list):
        raise Garbled("`items` has to be a list.")
    for number, one in enumerate(items, 1):
        if isinstance(one, dict):
            yield _thing(one, site)
        else:
            error = "An item has to be a mapping with `name:` and `kind:`."
            yield Thing(f"item {number}", "", _text(one)[:60], line, site, error=error)


def _thing(told: Mapping[str, Any], site: str) -> Thing:
    unknown = [str(key) for key in told if key not in OWN and key != LINE]
    name, kind = _text(told.get("name")), _text(told.get("kind"))
    error = f"There is no field “{unknown[0]}”: put it under `attributes`." if unknown else ""
    tags, attributes = told.get("tags") or [], told.get("attributes") or {}
    if not isinstance(tags, list) or not isinstance(attributes, dict):
        error, tags, attributes = "`tags` is a list, `attributes` a mapping.", [], {}
    try:
        groups = tuple(_groups(told))
    except _Wrong as wrong:
        error, groups = error or str(wrong), ()
    return Thing(
        ref=_text(told.get("ref")) or name, kind=kind, name=name, line=int(told.get(LINE, 1)),
        site=_text(told.get("site")) or site,
        values={n: told[n] for n in VALUES if told.get(n) is not None},
        attributes={str(k): v for k, v in attributes.items() if k != LINE},
        tags=tuple(map(_text, tags)), words=tuple(_words(told)), links=tuple(_links(told)),
        groups=groups, error=error,
    )  # fmt: skip


def _words(told: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for kind in WORDS:
        for one in _many(told.get(kind)):
            if isinstance(one, dict):
                yield kind, _text(one.get("value")), _text(one.get("vendor"))
            else:
                yield kind, _text(one), ""


def _links(told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for kind, one in _linked(told):
        if not isinstance(one, dict):
            yield kind, _text(one)


def _linked(told: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for kind in LINKS:
        yield from ((kind, one) for one in _many(told.get(kind)))
    for pair in _many(told.get("links")):
        if isinstance(pair, dict):
            yield from ((str(kind), one) for kind, one in pair.items() if kind != LINE)


def _groups(told: Mapping[str, Any]) -> Iterator[Group]:
    """Yield the links of which more is said than their other end."""
    for kind, one in _linked(told):
        if isinstance(one, dict):
            yield _group(kind, one)


def _group(kind: str, told: Mapping[str, Any]) -> Group:
    unknown = [str(key) for key in told if key not in (*OF_GROUP, *OF_END, LINE)]
    if unknown:
        raise _Wrong(f"{kind}: there is no field “{unknown[0][:30]}”.")
    is_one = any(name in told for name in OF_END)
    if is_one == ("of" in told):
        raise _Wrong(f"{kind}: say either `to:` one item or `of:` several.")
    own = {name: told[name] for name in OF_END if name in told}
    ends = (_end(kind, own),) if is_one else tuple(_end(kind, e) for e in _many(told["of"]))
    name = _text(told.get("name"))
    if kind not in NEEDS and (name or told.get("needed") is not None):
        raise _Wrong(f"{kind} is no need: it has neither a name nor a number needed.")
    if len(name) > 80:
        raise _Wrong(f"{kind}: the name of a need has at most 80 letters.")
    return Group(kind, ends, name, _needed(kind, told.get("needed")))


def _needed(kind: str, told: Any) -> int | Literal["all"] | None:
    if told is None:
        return None
    if told == "all":
        return "all"
    if isinstance(told, int) and not isinstance(told, bool) and 0 <= told <= MOST:
        return told
    raise _Wrong(f"{kind}: `needed` is a number, 0 for welcome, or `all`.")


def _end(kind: str, told: Any) -> End:
    if not isinstance(told, dict):
        return End(_text(told))
    unknown = [str(key) for key in told if key not in (*OF_END, LINE)]
    confidence, attributes = told.get("confidence"), told.get("attributes")
    if unknown or not _text(told.get("to")):
        raise _Wrong(f"{kind}: say `to:` which item.")
    if confidence is not None and not (
        isinstance(confidence, int | float) and 0 <= confidence <= 1
    ):
        raise _Wrong(f"{kind}: `confidence` is a number from 0 to 1.")
    if attributes is not None and not isinstance(attributes, dict):
        raise _Wrong(f"{kind}: `attributes` is a mapping.")
    kept = None if attributes is None else {str(k): v for k, v in attributes.items() if k != LINE}
    return End(_text(told["to"]), confidence, kept)


def _many(value: Any) -> Sequence[Any]:
    if value is None:
        return ()
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def write(things: Iterable[Thing]) -> str:
    """Return things as one file, which `read` reads back; the order is that of the things."""
    sites: dict[str, list[dict[str, Any]]] = {}
    heads: dict[str, dict[str, Any]] = {}
    for one in things:
        if one.kind == "site":
            heads[one.name] = {k: v for k, v in _told(one).items() if k not in ("name", "kind")}
            sites.setdefault(one.name, [])
        else:
            sites.setdefault(one.site, []).append(_told(one))
    listed = [
        ({"site": name} if name else {}) | heads.get(name, {}) | {"items": items}
        for name, items in sites.items()
    ]
    return yaml.safe_dump({"sites": listed}, sort_keys=False, allow_unicode=True, width=100)


def _told(one: Thing) -> dict[str, Any]:
    told: dict[str, Any] = {"name": one.name, "kind": one.kind, **one.values}
    if one.ref and one.ref != one.name:
        told["ref"] = one.ref
    if one.tags:
        told["tags"] = list(one.tags)
    for kind, value, vendor in one.words:
        told.setdefault(kind, []).append({"vendor": vendor, "value": value} if vendor else value)
    for kind, ref in one.links:
        told.setdefault(kind, []).append(ref)
    for group in one.groups:
        told.setdefault(group.kind, []).append(_told_group(group))
    if one.attributes:
        told["attributes"] = dict(one.attributes)
    return told


def _told_group(group: Group) -> dict[str, Any]:
    told: dict[str, Any] = {"name": group.name} if group.name else {}
    if group.needed is not None:
        told["needed"] = group.needed
    ends = [_told_end(end) for end in group.of]
    return told | (ends[0] if len(ends) == 1 else {"of": [
        end if len(end) > 1 else end["to"] for end in ends
    ]})  # fmt: skip


def _told_end(end: End) -> dict[str, Any]:
    told: dict[str, Any] = {"to": end.ref}
    if end.confidence is not None:
        told["confidence"] = end.confidence
    if end.attributes is not None:
        told["attributes"] = dict(end.attributes)
    return told
