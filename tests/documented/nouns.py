"""The page of nouns: how each is seen, found and written, and what can be done with it."""

from collections.abc import Iterable
from itertools import groupby

from fullscore.config.resources import RESOURCES
from fullscore.interfaces.cli.explain import about
from fullscore.interfaces.cli.parsers import option_of_argument, word_of
from fullscore.kit.perform import Verb
from fullscore.kit.resource import Resource, panels_on
from tests.documentation import code, table


def nouns() -> Iterable[str]:
    """Return every noun with its verbs."""
    yield from [
        "# Nouns and verbs", "",
        "What each noun has is the same on its pages, in the API, on the command line and for",
        "assistants. `fullscore explain` lists them, `fullscore explain finding` says all of one.",
        "What a verb asks for in brackets may be left out.", "",
    ]  # fmt: skip
    for group, members in groupby(RESOURCES, key=lambda r: r.group or "Seen through others' pages"):
        yield from [f"## {group}", ""]
        for resource in members:
            yield from _noun(resource)


def _noun(resource: Resource) -> Iterable[str]:
    yield from [f"### {resource.name}", "", about(resource), ""]
    panels = [panel.title for _, panel in panels_on(resource.model, RESOURCES)]
    told = [
        ("Page", f"`/{resource.path}`; API `/api/{resource.path}`; `fullscore {resource.name}`"),
        ("Columns", _words([*resource.columns, *resource.facts])),
        ("Filters", _words(resource.filter_class().base_filters)),
        ("Sorts", _words(resource.sorts)),
        ("May be written", _words(resource.fields)),
        ("Panels", ", ".join(panels)),
        ("Past", "any moment" if resource.keeps_history else ""),
        ("Needs", _words(_permissions(resource))),
    ]  # fmt: skip
    yield from (f"- {name}: {text}" for name, text in told if text)
    yield ""
    if resource.verbs:
        rows = [_verb(resource, verb) for verb in resource.verbs]
        yield from table(["verb", "what it does", "asks for", "needs"], rows)


def _permissions(resource: Resource) -> list[str]:
    writing = ["add", "change"] if resource.fields else []
    deleting = ["delete"] if resource.can_delete else []
    return [resource.permission(action) for action in ["view", *writing, *deleting]]


def _verb(resource: Resource, verb: Verb) -> list[str]:
    """Return one row: verb, first line, arguments (those with a default in brackets), right."""
    options = {n: code(option_of_argument(verb, n)) for n in verb.input().model_fields}
    asked = [
        options[name] if info.is_required() else f"({options[name]})"
        for name, info in verb.input().model_fields.items()
    ]
    return [code(word_of(verb)), verb.about, " ".join(asked), code(verb.permission)]


def _words(names: Iterable[str]) -> str:
    return ", ".join(map(code, names))
