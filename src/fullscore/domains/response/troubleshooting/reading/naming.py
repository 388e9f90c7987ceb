"""Items in stored sentences are called “item 12”; who may know of them reads their names."""

import re
from collections.abc import Iterable, Sequence

from fullscore.domains.response.troubleshooting import queries
from fullscore.domains.response.troubleshooting.reading.changed import Row
from fullscore.kit.access import Actor
from fullscore.kit.tables import RESTRICTED

ITEM = re.compile(r"\bitem (\d{1,18})\b")


def with_names(texts: Sequence[str], by: Actor) -> list[str]:
    """Return sentences with the names of items the reader may see, “(restricted)” for others."""
    wanted = {int(number) for text in texts for number in ITEM.findall(text)}
    names = queries.names_for(wanted, by) if wanted else {}
    return [ITEM.sub(lambda one: names.get(int(one[1]), RESTRICTED), text) for text in texts]


def renamed(rows: Iterable[Row], by: Actor) -> list[tuple[Row, str]]:
    """Return rows, each with what happened in the reader's words."""
    told = list(rows)
    return list(zip(told, with_names([row.happening.text for row in told], by), strict=True))
