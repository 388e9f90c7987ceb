"""What each address does. Every function here returns a view over one noun."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db.models import Model
from django.http import HttpResponse
from pydantic import BaseModel

from fullscore.interfaces import wire
from fullscore.interfaces.api.answers import answer, refusal
from fullscore.interfaces.api.callers import Asked, address_of
from fullscore.interfaces.api.once import once
from fullscore.interfaces.api.schemas import MOST_ITEMS
from fullscore.interfaces.web import moments
from fullscore.kit import past, tables
from fullscore.kit.audit import coming
from fullscore.kit.errors import Invalid, NotFound, Problem
from fullscore.kit.perform import Verb, find, perform, require
from fullscore.kit.resource import Resource

View = Callable[..., HttpResponse]
ENTRIES = 50


def list_of(resource: Resource) -> View:
    """Return a page of the records the caller may see."""

    @answering(resource, "view")
    def view(request: Asked) -> HttpResponse:
        seen = request.auth.seen(resource)
        require(seen.permission("view"), by=request.auth.user)
        at = moments.read(text) if (text := request.GET.get("at", "")) else None
        wire.check_words(seen, request.GET.get("sort", ""), request.GET.get("columns", ""), at)
        size, by = _number(request, "size", 1, MOST_ITEMS, tables.PAGE), request.auth.user
        with past.shown(at):
            rows = tables.filtered(seen, by, request.GET, strict=True)
            page = tables.page(seen, rows, request.GET.dict(), by=by, size=size)
            count, is_exact = tables.counted(rows)
        items = [
            {"id": row.pk, "url": url_of(seen, row.pk)} | wire.told(page.columns, row)
            for row in page.rows
        ]
        told = {"items": items, "next": page.next, "count": count, "count_is_exact": is_exact}
        return answer(told)

    return view


def show_of(resource: Resource) -> View:
    """Return one record, as it is or as it was."""

    @answering(resource, "view")
    def view(request: Asked, pk: int) -> HttpResponse:
        require(resource.permission("view"), by=request.auth.user)
        at = moments.read(text) if (text := request.GET.get("at", "")) else None
        return answer(_item(resource, request, pk, at=at))

    return view


def add_of(resource: Resource, schema: type[BaseModel]) -> View:
    """Add a record."""

    @answering(resource, "add")
    def view(request: Asked, values: schema) -> HttpResponse:  # type: ignore[valid-type]
        seen, by = request.auth.seen(resource), request.auth.user
        require(resource.permission("add"), by=by)
        made = seen.create(wire.checked(seen, _given(values), by=by), by=by)
        return answer(_item(resource, request, made.pk), 201)

    return view


def change_of(resource: Resource, schema: type[BaseModel]) -> View:
    """Change the given fields of a record; the others stay as they are."""

    @answering(resource, "change")
    def view(request: Asked, pk: int, values: schema) -> HttpResponse:  # type: ignore[valid-type]
        seen, by = request.auth.seen(resource), request.auth.user
        require(resource.permission("change"), find(resource.model, pk, by=by), by=by)
        wire.change(seen, pk, _given(values), by=by)
        return answer(_item(resource, request, pk))

    return view


def delete_of(resource: Resource) -> View:
    """Remove a record for good."""

    @answering(resource, "delete")
    def view(request: Asked, pk: int) -> HttpResponse:
        resource.delete(find(resource.model, pk, by=request.auth.user), by=request.auth.user)
        return answer(None, 204)

    return view


def verb_of(resource: Resource, verb: Verb, schema: type[BaseModel]) -> View:
    """Do a verb to a record."""
    default = None if not any(f.is_required() for f in schema.model_fields.values()) else ...

    @answering(resource, verb.name)
    def view(request: Asked, pk: int, values: schema = default) -> HttpResponse:  # type: ignore[valid-type]
        by = request.auth.user
        result = perform(verb, resource.model, pk, by=by, values=_given(values))
        may_see = request.auth.allows(resource.name, "view")
        is_seen = may_see and resource.visible_to(by).filter(pk=pk).exists()
        record = _item(resource, request, pk) if is_seen else None
        return answer({"record": record, "result": _result(result)})

    return view


def history_of(resource: Resource) -> View:
    """Return who did what to a record, newest first."""

    @answering(resource, "view")
    def view(request: Asked, pk: int) -> HttpResponse:
        require(resource.permission("view"), by=request.auth.user)
        size = _number(request, "size", 1, MOST_ITEMS, ENTRIES)
        before = _number(request, "after", 1, 2**63 - 1, 0) or None
        seen = request.auth.seen(resource)
        found = wire.entries(seen, pk, by=request.auth.user, before=before, size=size + 1)
        mark = str(found[size - 1]["n"]) if len(found) > size else ""
        return answer({"items": found[:size], "next": mark})

    return view


def answering(resource: Resource, action: str) -> Callable[[View], View]:
    """Mark what a view writes as come in by the API, answer its problems, let it act once."""

    def decorate(view: View) -> View:
        @wraps(view)
        def answered(request: Asked, **given: Any) -> HttpResponse:
            def act() -> HttpResponse:
                try:
                    return view(request, **given)
                except Problem as problem:
                    return refusal(problem)

            caller = request.auth
            caller.check(resource.name, action)
            with coming("api", token=caller.token_name, address=address_of(request)):
                return once(request, act)

        return answered

    return decorate


def url_of(resource: Resource, pk: Any) -> str:
    """Return the address of a record for programs."""
    return f"/api{resource.url(pk)}"


def _number(request: Asked, name: str, least: int, most: int, default: int) -> int:
    text = request.GET.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and least <= int(text[:20]) <= most):
        raise Invalid(f"“{name}” is a whole number from {least} to {most}.")
    return int(text)


def _item(resource: Resource, request: Asked, pk: int, *, at: Any = None) -> dict[str, Any]:
    told = wire.record(request.auth.seen(resource), pk, by=request.auth.user, at=at)
    return {"id": pk, "url": url_of(resource, pk)} | told


def _given(values: BaseModel | None) -> dict[str, Any]:
    """Return what was sent, not what was left to its default."""
    return values.model_dump(exclude_unset=True) if values is not None else {}


def _result(result: Any) -> Any:
    """Return what a verb gave back: another record by name, plain values as they are."""
    if isinstance(result, Model):
        return {"noun": result._meta.label_lower, "id": result.pk, "name": str(result)}
    is_plain = result is None or isinstance(result, str | int | float | bool | dict | list)
    return result if is_plain else str(result)


def nothing_here(request: Asked, rest: str) -> HttpResponse:
    """Answer any other address in the shape of all refusals."""
    return refusal(NotFound("There is no such address: /api/openapi.json lists them."))
