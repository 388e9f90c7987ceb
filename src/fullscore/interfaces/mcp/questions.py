"""What an assistant may ask of every noun. Each question is for one caller and writes nothing."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q
from django.http import QueryDict

from fullscore.interfaces import wire
from fullscore.interfaces.callers import Caller
from fullscore.interfaces.mcp.sizes import cut, fitted
from fullscore.interfaces.web import moments
from fullscore.kit import history, past, tables, time
from fullscore.kit import search as index
from fullscore.kit.errors import Invalid, NotFound
from fullscore.kit.perform import require
from fullscore.kit.resource import Resource


class Questions:
    """The questions over a list of nouns."""

    def __init__(self, resources: Sequence[Resource], base_url: str = "") -> None:
        self.resources = {r.name: r for r in resources}
        self.base_url = base_url.rstrip("/")

    def search(self, caller: Caller, q: str) -> str:
        """Find records of all nouns by words in them; misspelt words are forgiven."""
        open_ones = {r.noun: r for r in self.resources.values() if caller.allows(r.name, "view")}
        hits = index.find(q, by=caller.user, nouns=list(open_ones), limit=50)
        found = [
            {"noun": open_ones[h.noun].name, "id": h.record_id, "title": h.title,
             "url": self._url(open_ones[h.noun], h.record_id)}
            for h in hits
        ]  # fmt: skip
        return fitted(lambda size: {"items": found[:size]}, size=50)

    def list(
        self, caller: Caller, noun: str, filters: Mapping[str, str] | None = None, at: str = "",
        after: str = "",
    ) -> str:  # fmt: skip
        """List records of a noun, filtered as `explain` says (also `sort`, `columns`).

        `at` asks for a past moment; `after` is the `next` of the page before.
        """
        seen = self._seen(caller, noun)
        query = QueryDict(mutable=True)
        query.update({**(filters or {}), **({"after": after} if after else {})})
        moment = self._moment(caller, at)
        wire.check_words(seen, query.get("sort", ""), query.get("columns", ""), moment)

        def page(size: int) -> dict[str, Any]:
            found = tables.page(seen, rows, query.dict(), by=caller.user, size=size)  # type: ignore[arg-type]
            told = {"count": count, "count_is_exact": is_exact, "next": found.next}
            return {"items": self._items(seen, found), **told}

        with past.shown(moment):
            rows = tables.filtered(seen, caller.user, query, strict=True)
            count, is_exact = tables.counted(rows)
            return fitted(page)

    def get(self, caller: Caller, noun: str, id: int, at: str = "") -> str:
        """Return one record: all its fields, its newest changes, what can be done with it."""
        seen = self._seen(caller, noun)
        told = wire.record(seen, id, by=caller.user, at=self._moment(caller, at))
        verbs = [{"name": v.name, "about": v.about, "needs": v.permission} for v in seen.verbs]
        changes = wire.entries(seen, id, by=caller.user, size=10)
        return cut(
            {"id": id, "url": self._url(seen, id), **told, "verbs": verbs, "changes": changes}
        )

    def explain(self, caller: Caller, noun: str = "") -> str:
        """Say what a noun has: columns, filters, sorts, verbs. Without a noun: every noun."""
        if not noun:
            told = [
                {"noun": r.name, "about": _about(r)}
                for r in self.resources.values()
                if caller.allows(r.name, "view")
            ]
            return fitted(lambda size: {"nouns": told[:size]}, size=max(1, len(told)))
        seen = self._seen(caller, noun)
        filters = {
            name: str(one.label or seen.label_of(name.split("__")[0]))
            for name, one in seen.filter_class().base_filters.items()
        }
        verbs = [
            {"name": v.name, "about": v.about, "arguments": [*v.input().model_fields]}
            for v in seen.verbs
        ]
        return cut({
            "noun": seen.name, "about": _about(seen), "columns": [*seen.columns],
            "more_columns": [*seen.facts], "filters": filters, "sorts": [*seen.sorts],
            "keeps_its_past": seen.keeps_history, "verbs": verbs, "url": self._url(seen),
        })  # fmt: skip

    def what_changed(self, caller: Caller, noun: str, since: str, after: int = 0) -> str:
        """Say which records of a noun differ from how they were at a moment, field by field."""
        seen = self._seen(caller, noun)
        wire.check_history(seen)
        earlier = self._moment(caller, since)
        if earlier is None:
            raise Invalid("Give a past moment as `since`, such as 2026-11-17T02:13.")
        found = self._differences(caller, seen, earlier, after)

        def page(size: int) -> dict[str, Any]:
            mark = found[size - 1]["id"] if len(found) > size else 0
            return {"items": found[:size], "next": mark, "count": len(found)}

        return fitted(page)

    def _differences(
        self, caller: Caller, seen: Resource, earlier: datetime, after: int
    ) -> Sequence[dict[str, Any]]:
        visible = set(seen.visible_to(caller.user).values_list("pk", flat=True))
        shown = set(wire.every_column(seen))
        told = []
        for one in _diff(seen.model, earlier, time.now()):
            if one.record_id not in visible or one.record_id <= after:
                continue
            fields = [
                {"field": name.removesuffix("_id"), "before": before, "now": now}
                for name, before, now in one.fields
                if name in shown or name.removesuffix("_id") in shown
            ]
            if fields:
                told.append({
                    "id": one.record_id, "url": self._url(seen, one.record_id),
                    "is_new": one.before is None, "changed": fields,
                })  # fmt: skip
        return told

    def _items(self, seen: Resource, page: tables.Page) -> Sequence[dict[str, Any]]:
        return [
            {"id": row.pk, "url": self._url(seen, row.pk), **wire.told(page.columns, row)}
            for row in page.rows
        ]

    def _seen(self, caller: Caller, noun: str) -> Resource:
        """Return a noun as the caller sees it. Raises NotFound, NotAllowed."""
        resource = self.resources.get(noun)
        if resource is None:
            raise NotFound(f"There is no noun “{noun[:40]}”: {', '.join(self.resources)}.")
        caller.check(noun, "view")
        require(resource.permission("view"), by=caller.user)
        return caller.seen(resource)

    def _moment(self, caller: Caller, text: str) -> datetime | None:
        moment = moments.read(text, zone=caller.user.time_zone) if text else None
        return moment.astimezone(UTC) if moment else None

    def _url(self, resource: Resource, pk: Any = "") -> str:
        return f"{self.base_url}{resource.url(pk)}"


def _diff(model: Any, earlier: datetime, later: datetime) -> list[history.Difference]:
    """Return what differs between two moments: reads what began or ended between, no more."""
    touched = history.versions_of(model).filter(
        Q(starts_at__gt=earlier, starts_at__lte=later) | Q(ends_at__gt=earlier, ends_at__lte=later)
    )
    ids = set(touched.values_list("record_id", flat=True))
    was, now = (
        dict(
            history.as_of(model, moment).filter(record_id__in=ids).values_list("record_id", "state")
        )
        for moment in (earlier, later)
    )
    found = (history.Difference(pk, was.get(pk), now.get(pk)) for pk in sorted(ids))
    return [one for one in found if one.before != one.after]


def _about(resource: Resource) -> str:
    return (resource.model.__doc__ or "").strip().split("\n")[0]
