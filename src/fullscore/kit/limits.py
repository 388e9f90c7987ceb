"""So much and no more: fixed windows, counted in the database, so many workers count together.

A table of its own and not Django's database cache: that one's `incr` reads and then writes, so two
workers lose counts, and it counts and culls the whole table at each write.
"""

import math
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Case, F, Value, When

from fullscore.kit.errors import TooMany
from fullscore.kit.jobs.declare import every
from fullscore.kit.models.limits import LimitCount
from fullscore.kit.time import in_words, now


def limit(key: str, *, per: timedelta, count: int) -> None:
    """Count one more of `key`; raise TooMany when that is over `count` in a window of `per`.

    The window starts with its first count. `key` names what and who: "search:42". Call it outside
    the transaction of the work, or a rollback takes the count back. Being refused writes nothing.
    """
    present = now()
    running = LimitCount.objects.filter(key=key, ends_at__gt=present)
    known = running.filter(count__gte=count).first()
    if known is None and running.filter(count__lt=count).update(count=F("count") + 1):
        return  # the usual case, in two statements
    window = known or _counted(key, ends_at=present + per)
    if known or window.count > count:
        seconds = max(1, math.ceil((window.ends_at - present).total_seconds()))
        raise TooMany(
            f"That was too often: try again in {in_words(seconds)}.", retry_after_seconds=seconds
        )


def room(key: str, *, per: timedelta, count: int, wanted: int) -> int:
    """Count up to `wanted` more of `key` and return how many of them fit below `count`."""
    with transaction.atomic():
        window = _counted(key, ends_at=now() + per, more=0)
        got = max(0, min(wanted, count - window.count))
        LimitCount.objects.filter(key=key).update(count=F("count") + got)
    return got


def _counted(key: str, *, ends_at: datetime, more: int = 1) -> LimitCount:
    """Return the window with so many more in it; a window that is over begins again."""
    is_over = When(ends_at__lte=now(), then=Value(more))
    with transaction.atomic():
        LimitCount.objects.bulk_create(
            [LimitCount(key=key, count=0, ends_at=ends_at)], ignore_conflicts=True
        )
        # One statement adds; its row stays locked until the end of the transaction.
        LimitCount.objects.filter(key=key).update(
            count=Case(is_over, default=F("count") + more),
            ends_at=Case(When(ends_at__lte=now(), then=Value(ends_at)), default=F("ends_at")),
        )
        return LimitCount.objects.get(key=key)


@every(hours=1)
def prune() -> None:
    """Forget windows that are over."""
    LimitCount.objects.filter(ends_at__lte=now()).delete()
