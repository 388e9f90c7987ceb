"""The one road to a verb. Page, API, command line and assistant all go through `perform`.

It asks for the permission, finds the record among the rows the person may see, locks it, and runs
the service in one transaction. The service refuses what the state forbids and records what it does.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, get_args, get_origin, get_type_hints

from django.db import connection, models, transaction
from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from fullscore.kit import access, time
from fullscore.kit.audit import origin
from fullscore.kit.errors import Invalid, NotAllowed, NotFound
from fullscore.kit.models import User
from fullscore.kit.words import past, titled


class Unmet(str):
    """What a verb says when it was done, but what was hoped for did not become true."""


@dataclass(frozen=True)
class Verb:
    """Something a person may do to one record: a button, an API route, a command and an MCP tool.

    `service` is a verb of the domain, called as `service(record, *, by, …)`; its keyword arguments
    become the input of all four interfaces. `when` says, from the record alone, why it cannot be
    done now (an empty text: it can), so that buttons explain themselves; the service decides.
    `done` says what became true: a sentence in which `{}` is the record, or one made from what the
    service returned; without it, `past` does. `undo(record)`, asked before, names the verb and the
    values that take it back. `hints` say what an argument may be; `secrets` names those that no
    screen, list of processes or history of a shell may show; `reaches` those that name records
    which the service alters too, so that the permission must hold for them as well; `also_gone`
    those for which who is gone is offered, too.
    """

    service: Callable[..., Any]
    permission: str
    icon: str = "check"
    tone: str = ""  # "primary" once per noun, "danger" asks before it acts
    when: Callable[[Any], str] | None = None
    name: str = ""
    in_bulk: bool = True
    needs_fresh: bool = False  # only where somebody has just signed in: never by a token
    choices: Mapping[str, Sequence[tuple[str, str]]] | None = None
    past: str = ""
    done: str | Callable[[Any], str] | None = None
    undo: Callable[[Any], tuple[str, Mapping[str, Any]] | None] | None = None
    hints: Mapping[str, str] = field(default_factory=dict)
    secrets: frozenset[str] = frozenset()
    reaches: frozenset[str] = frozenset()
    also_gone: frozenset[str] = frozenset()
    turn: Callable[[Any], None] | None = None  # turn(pk): what is locked before the record is

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", self.service.__name__)
        object.__setattr__(self, "past", self.past or past(self.name))

    @property
    def label(self) -> str:
        """Return the words on the button."""
        return titled(self.name)

    def said(self, what: str, result: Any = None) -> str:
        """Return what became true of a record, or of “3 findings”, as every interface says it."""
        if callable(self.done) and result is not None:
            return self.done(result)
        return (self.done if isinstance(self.done, str) else f"{{}} {self.past}.").format(what)

    @property
    def about(self) -> str:
        """Return the first line of the service's docstring."""
        return (inspect.getdoc(self.service) or "").split("\n")[0]

    def input(self) -> type[BaseModel]:
        """Return the schema of what the verb asks for.

        The service's keyword arguments without `by`.
        """
        hints = get_type_hints(self.service)
        wanted = {
            p.name: (_wire_type(hints.get(p.name, str)), ... if p.default is p.empty else p.default)
            for p in inspect.signature(self.service).parameters.values()
            if p.kind is p.KEYWORD_ONLY and p.name not in ("by", "now")
        }
        name = f"{self.service.__module__.split('.')[-2]}_{self.name}_input"
        made: type[BaseModel] = create_model(
            "".join(part.title() for part in name.split("_")),
            __config__=ConfigDict(extra="forbid"),
            **wanted,  # type: ignore[call-overload]
        )
        return made

    def records(self) -> dict[str, type[models.Model]]:
        """Return the arguments that are records, by name: outside they are ids."""
        hints = get_type_hints(self.service)
        return {
            name: model
            for name, hint in hints.items()
            if name not in ("by", "return") and (model := _model_in(hint))
            and inspect.signature(self.service).parameters[name].kind
            is inspect.Parameter.KEYWORD_ONLY
        }  # fmt: skip


def perform(
    verb: Verb, model: type[models.Model], pk: Any, *, by: User, values: Mapping[str, Any]
) -> Any:
    """Do `verb` to one record for `by`; returns what the service returns.

    Raises NotFound (not there, or not to be seen), NotAllowed, Invalid, and whatever the service
    refuses.
    """
    if verb.needs_fresh:
        refuse_programs()
    given = _checked(verb, values, by.time_zone)
    with transaction.atomic():
        if verb.turn is not None:
            verb.turn(pk)
        record = find(model, pk, by=by, lock=True)
        require(verb.permission, record, by=by)
        for name, related in verb.records().items():
            if given.get(name) is not None:
                given[name] = find(related, given[name], by=by)
                if name in verb.reaches:
                    require(verb.permission, given[name], by=by)
        return verb.service(record, by=by, **given)


def refuse_programs() -> None:
    """Raise NotAllowed where nobody can be asked to sign in anew: by the API, by an assistant."""
    if origin.get().via in ("api", "mcp"):
        raise NotAllowed("This needs somebody who has just signed in: do it on its page.")


def find(model: type[models.Model], pk: Any, *, by: User, lock: bool = False) -> Any:
    """Return the record if `by` may see it; unseen and absent look the same."""
    rows = model._default_manager.visible_to(by)  # type: ignore[attr-defined]
    if lock and connection.vendor == "postgresql":
        rows = model._default_manager.filter(
            pk__in=rows.filter(pk=pk).values("pk")
        ).select_for_update(of=("self",), no_key=True)  # rows that point to it are not held up
    try:
        record = rows.filter(pk=pk).first()
    except (ValueError, TypeError, OverflowError):
        record = None
    if record is None:
        raise NotFound(f"There is no {model._meta.verbose_name} {pk}, or you may not see it.")
    return record


def require(permission: str, record: models.Model | None = None, *, by: User) -> None:
    """Raise NotAllowed unless `by` holds the permission, and holds it for this record's row."""
    reach = access.reach(by, permission)
    if not reach.is_anything:
        act = permission.partition(".")[2].replace("_", " ")
        raise NotAllowed(f"You may not {act}: ask whoever grants access for “{permission}”.")
    if record is None or reach.everywhere:
        return
    inside = getattr(type(record)._default_manager.all(), "in_reach", None)
    # A noun that says nothing of teams and sites belongs to the whole: a part of it is not enough.
    if inside is None or not inside(reach).filter(pk=record.pk).exists():
        raise NotAllowed(f"You hold “{permission}”, but not for this {record._meta.verbose_name}.")


def _checked(verb: Verb, values: Mapping[str, Any], zone: str) -> dict[str, Any]:
    try:
        checked = verb.input()(**values)
    except ValidationError as error:
        fields: dict[str, list[str]] = {}
        for problem in error.errors():
            name = str(problem["loc"][0]) if problem["loc"] else ""
            fields.setdefault(name, []).append(_wanted(problem))
        told = " ".join(f"{titled(name)}: {' '.join(texts)}" for name, texts in fields.items())
        raise Invalid(told, fields) from error
    given = {name: getattr(checked, name) for name in type(checked).model_fields}
    return {name: _aware(value, zone) for name, value in given.items()}


KINDS = {
    "int": "a whole number", "float": "a number", "decimal": "a number", "bool": "yes or no",
    "string": "a text", "date": "a day, such as 2026-11-17", "dict": "names and values",
    "datetime": "a moment, such as 2026-11-17T02:13", "list": "a list",
}  # fmt: skip


def _wanted(problem: Any) -> str:
    """Say what an argument must be, whatever the library found wrong with it."""
    if problem["type"] == "missing":
        return "It is missing."
    if problem["type"] == "extra_forbidden":
        return "There is no such argument."
    kind = KINDS.get(problem["type"].split("_")[0]) or problem.get("ctx", {}).get("expected")
    return f"Give {kind}." if kind else f"{problem['msg']}."


def _aware(value: Any, zone: str) -> Any:
    """Return an instant with its zone: one without is the actor's local time."""
    is_naive = isinstance(value, datetime) and value.tzinfo is None
    return value.replace(tzinfo=time.zone(zone)) if is_naive else value


def _model_in(hint: Any) -> type[models.Model] | None:
    for one in (hint, *get_args(hint)):
        if isinstance(one, type) and issubclass(one, models.Model):
            return one
    return None


def _wire_type(hint: Any) -> Any:
    """Return the type a value has outside: a record is its id."""
    if _model_in(hint) is None:
        return hint
    return int if get_origin(hint) is None and not get_args(hint) else int | None
