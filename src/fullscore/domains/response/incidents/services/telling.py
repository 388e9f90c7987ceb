"""What this program itself has to say, as alerts of its own source."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from fullscore.connectors.alerts import Signal
from fullscore.domains.response.incidents.services import applying
from fullscore.domains.response.incidents.services.sources import own, take_turn
from fullscore.kit.models import User


@transaction.atomic
def tell(signals: Sequence[Signal], *, items: Mapping[str, int], now: datetime, by: User) -> None:
    """Let signals be alerts of the built-in source; `items` says whose each key is.

    The next round of grouping, within ten seconds, puts them into incidents.
    """
    source = own()
    take_turn([source.pk])
    applying.apply(source, signals, received_at=now, by=by, items=dict(items))
