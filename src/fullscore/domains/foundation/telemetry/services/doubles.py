"""One host, told of by several sources: which of them charts and checks listen to."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models.fields.json import KT

from fullscore.domains.foundation.telemetry.models import Series

LIVING = timedelta(hours=1)  # a source that is away for longer leaves its place to the next
OF_HOSTS = "node_"  # what is called so describes a host as a whole, whoever says it
AT_ONCE = 900


class Source(NamedTuple):
    """Who tells: the host's own word first, then a target that is read, then whoever sends."""

    rank: int
    job: str
    instance: str
    key: int


def mark_doubles(*, now: datetime) -> int:
    """Mark what is told of a host by a second source too; return how many marks were altered.

    A host whose own probe runs and whose exporter is scraped as well has each processor twice, and
    sums of both are no figure at all. For each metric of an item the first living source counts.
    """
    rows = Series.objects.filter(
        metric__name__startswith=OF_HOSTS, item__isnull=False, last_at__gte=now - LIVING
    ).annotate(job=KT("labels__job"), instance=KT("labels__instance"))
    told = rows.order_by().values_list("item", "bound_by", "job", "instance", "key").distinct()
    sources: dict[int, set[Source]] = defaultdict(set)
    for item, *words in told:
        sources[item].add(_source(*words))
    several = [item for item, some in sources.items() if len(some) > 1]
    doubles = set(_doubles(rows, several))
    marked = set(Series.objects.filter(is_double=True).values_list("pk", flat=True))
    _mark(doubles - marked, is_double=True)
    _mark(marked - doubles, is_double=False)
    return len(doubles ^ marked)


def _doubles(rows: "Iterable[Series]", items: list[int]) -> Iterator[int]:
    for start in range(0, len(items), AT_ONCE):
        some = rows.filter(item__in=items[start : start + AT_ONCE])  # type: ignore[attr-defined]
        found = list(some.values_list("pk", "item", "metric", "bound_by", "job", "instance", "key"))
        first: dict[tuple[int, int], Source] = {}
        for _, item, metric, *words in found:
            source = _source(*words)
            first[item, metric] = min(first.get((item, metric), source), source)
        for pk, item, metric, *words in found:
            if _source(*words) != first[item, metric]:
                yield pk


def _source(bound_by: str, job: str | None, instance: str | None, key: int | None) -> Source:
    own, read = Series.BoundBy.SENDER, Series.BoundBy.TARGET
    rank = 0 if bound_by == own and not instance else 1 if bound_by == read else 2
    return Source(rank, job or "", instance or "", key or 0)


def _mark(pks: set[int], *, is_double: bool) -> None:
    told = sorted(pks)
    for start in range(0, len(told), AT_ONCE):
        some = Series.objects.filter(pk__in=told[start : start + AT_ONCE])
        some.update(is_double=is_double)
