"""Questions that are no noun: what a domain answers to programs, beside lists and records."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_type_hints

from django.http.response import HttpResponseBase
from ninja import NinjaAPI

from fullscore.interfaces.api.answers import answer
from fullscore.interfaces.api.callers import Asked
from fullscore.kit.access import permission
from fullscore.kit.perform import require
from fullscore.kit.resource import Resource


@dataclass(frozen=True, slots=True)
class Question:
    """One address that only reads: `ask(by, **arguments)` returns what is sent back as JSON,
    or the answer itself where that is a file.

    Whoever asks needs the right, and a token that covers it, to see the noun it is about. The
    keyword arguments of `ask` are those of the address.
    """

    path: str  # “/telemetry/query”
    name: str  # of the operation: “telemetry_query”
    about: Resource
    ask: Callable[..., Mapping[str, Any] | HttpResponseBase]


def add(api: NinjaAPI, questions: Sequence[Question], refusals: Mapping[str, Any]) -> None:
    """Give each question its address."""
    for one in questions:
        api.default_router.add_api_operation(
            one.path, ["GET"], _view_of(one), operation_id=one.name, auth=api.auth,
            summary=inspect.getdoc(one.ask).split("\n")[0],  # type: ignore[union-attr]
            description=inspect.getdoc(one.ask), tags=[one.about.title_plural],
            openapi_extra={"responses": dict(refusals)},
        )  # fmt: skip


def _view_of(question: Question) -> Callable[..., HttpResponseBase]:
    """Return the view whose arguments are those of the question."""

    def view(request: Asked, **given: Any) -> HttpResponseBase:
        request.auth.check(question.about.name, "view")
        require(permission(question.about.model, "view"), by=request.auth.user)
        told = question.ask(request.auth.user, **given)
        return told if isinstance(told, HttpResponseBase) else answer(told)

    hints = get_type_hints(question.ask)
    asked = [
        parameter.replace(annotation=hints[name], kind=parameter.KEYWORD_ONLY)
        for name, parameter in inspect.signature(question.ask).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY
    ]
    first = inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    view.__signature__ = inspect.Signature([first, *asked])  # type: ignore[attr-defined]
    view.__annotations__ = {one.name: one.annotation for one in asked}
    return view
