"""Items and links as GraphML, which drawing programs read (http://graphml.graphdrawing.org)."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
)
NOT_XML = {n: None for n in range(32) if n not in (9, 10, 13)}


def lines(
    nodes: Iterable[tuple[int, Mapping[str, Any]]],
    edges: Iterable[tuple[int, int, str]],
    fields: Iterable[str],
) -> Iterator[str]:
    """Yield a document: nodes with their fields, directed edges with their kind."""
    named = list(fields)
    yield HEAD
    for name in named:
        field = _attribute(name)
        yield f'<key id={field} for="node" attr.name={field} attr.type="string"/>\n'
    yield '<key id="link" for="edge" attr.name="kind" attr.type="string"/>\n'
    yield '<graph id="estate" edgedefault="directed">\n'
    for key, values in nodes:
        told = "".join(
            f"<data key={_attribute(name)}>{_text(values[name])}</data>"
            for name in named
            if values.get(name) not in (None, "")
        )
        yield f'<node id="n{key}">{told}</node>\n'
    for source, target, kind in edges:
        yield (
            f'<edge source="n{source}" target="n{target}">'
            f'<data key="link">{_text(kind)}</data></edge>\n'
        )
    yield "</graph>\n</graphml>\n"


def _text(value: Any) -> str:
    return escape(str(value).translate(NOT_XML))


def _attribute(value: Any) -> str:
    return quoteattr(str(value).translate(NOT_XML))
