"""Which item an alert is about, and what its sender still asks for."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from django.db.models.functions import Lower

from fullscore.connectors.alerts import Signal, without_port
from fullscore.domains.foundation.estate.models import Identifier, Item
from fullscore.domains.response.incidents.models import AlertSource, Receipt
from fullscore.domains.response.incidents.models.sources import CONFIRM

ITEM_LABEL = "fullscore_item"
EVERYBODYS = re.compile(r"(localhost|localhost\..*|127\.[0-9.]+|::1|0\.0\.0\.0|::)?$")
NAMED = 5000  # words in one statement: every SQLite takes as many


def names_of(signal: Signal, source: AlertSource) -> tuple[str, ...]:
    """Return the words that may name the item of an alert, the surest first."""
    labels = signal.labels
    own = [labels[name] for name in (ITEM_LABEL, *source.item_labels) if labels.get(name)]
    words = (without_port(word).lower() for word in (*own, *signal.names))
    return tuple(dict.fromkeys(word for word in words if not EVERYBODYS.match(word)))


def items_named(names: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    """Return the item of each key: that of its first word that is known, if that names just one.

    A word is an address, a host name, another name or an item's own.
    """
    wanted = sorted({word for words in names.values() for word in words})
    known: dict[str, set[int]] = {}
    for start in range(0, len(wanted), NAMED):
        some = wanted[start : start + NAMED]
        for word, pk in _known(some):
            known.setdefault(word, set()).add(pk)
    found = {key: next((known[w] for w in words if w in known), set())
             for key, words in names.items()}  # fmt: skip
    return {key: next(iter(items)) for key, items in found.items() if len(items) == 1}


def _known(words: list[str]) -> Iterator[tuple[str, int]]:
    items = Item.objects.live().annotate(word=Lower("name")).filter(word__in=words)
    yield from items.values_list("word", "pk")
    named = Identifier.objects.filter(kind__in=("fqdn", "address"), is_shared=False)
    named = named.exclude(item__state=Item.State.RETIRED).annotate(word=Lower("value"))
    yield from named.filter(word__in=words).values_list("word", "item_id")


def to_confirm(source: AlertSource, *, now: datetime) -> Receipt | None:
    """Return the last request of Amazon SNS to confirm a subscription; it is good for three days.

    Whatever was delivered since says that it is confirmed.
    """
    if source.kind != AlertSource.Kind.SNS:
        return None
    recent = source.receipts.filter(received_at__gt=now - timedelta(days=3))
    last = recent.exclude(state=Receipt.State.REJECTED).order_by("-pk").first()
    return last if last and last.delivery_id.startswith(CONFIRM) else None
