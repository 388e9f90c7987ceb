"""`fullscore explain`: what was derived from a noun's few words, in every interface."""

import sys
from collections.abc import Sequence
from textwrap import wrap

from fullscore.interfaces.cli.parsers import option_of, option_of_argument, word_of
from fullscore.kit.perform import Verb
from fullscore.kit.resource import Resource, panels_on

LABEL = 12  # characters before what is told
WIDTH = 80


def run(words: Sequence[str], resources: Sequence[Resource]) -> int:
    """Print every noun, or all that can be said of one."""
    if not words:
        print(nouns(resources))
        return 0
    resource = next((r for r in resources if r.name == words[0]), None)
    if resource is None:
        print(f"fullscore: There is no noun “{words[0]}”: `fullscore explain`.", file=sys.stderr)
        return 2
    print(explained(resource, resources))
    return 0


def nouns(resources: Sequence[Resource]) -> str:
    """Return every noun with the first line that its model says of itself."""
    width = max((len(r.name) for r in resources), default=0)
    return "\n".join(f"{r.name.ljust(width)}  {about(r)}" for r in resources)


def about(resource: Resource) -> str:
    """Return the first line of what the model says of itself."""
    return (resource.model.__doc__ or "").strip().split("\n")[0]


def explained(resource: Resource, resources: Sequence[Resource]) -> str:
    """Return all that was derived from one noun."""
    filters = [f"{n} ({option_of(n)})" for n in resource.filter_class().base_filters]
    sections = [
        ("Pages", [resource.url(), resource.url("42")]),
        ("API", _addresses(resource)),
        ("Columns", _fields(resource, resource.columns)),
        ("Facts", _fields(resource, resource.facts)),
        ("Fields", _fields(resource, resource.fields)),
        ("Filters", filters),
        ("Sorts", [*resource.sorts]),
        ("Search", [*resource.search]),
        ("Panels", [panel.title for _, panel in panels_on(resource.model, resources)]),
        ("Past", ["kept: versions, as-of"] if resource.keeps_history else ["not kept"]),
        ("Privacy", [f"{name}: {privacy}" for name, privacy in resource.people.items()]),
        ("Rights", [resource.permission(action) for action in _actions(resource)]),
    ]
    lines = [f"{resource.name}: {about(resource)}"]
    lines += [line for title, told in sections if told for line in _section(title, told)]
    for verb in resource.verbs:
        lines += _verb(resource, verb)
    return "\n".join(lines)


def _section(title: str, told: Sequence[str]) -> list[str]:
    text = wrap(", ".join(told), WIDTH - LABEL, break_long_words=False, break_on_hyphens=False)
    return [f"{(title if not n else '').ljust(LABEL)}{line}" for n, line in enumerate(text)]


def _fields(resource: Resource, names: Sequence[str]) -> list[str]:
    return [f"{name} ({_kind(resource, name)})" for name in names]


def _kind(resource: Resource, name: str) -> str:
    """Return what a column holds, in one word."""
    field = resource.field_of(name)
    if field is None:
        return "computed"
    if field.is_relation and field.related_model:
        return str(field.related_model._meta.verbose_name)
    if field.choices:
        return "|".join(str(value) for value, _ in field.flatchoices)
    return field.get_internal_type().removesuffix("Field").lower()


def _actions(resource: Resource) -> list[str]:
    writing = ["add", "change"] if resource.fields else []
    return ["view", *writing, *(["delete"] if resource.can_delete else [])]


def _addresses(resource: Resource) -> list[str]:
    base = f"/api{resource.url()}"
    one = "GET PATCH" if resource.fields else "GET"
    one += " DELETE" if resource.can_delete else ""
    many = "GET POST" if resource.fields else "GET"
    return [f"{many} {base}", f"{one} {base}/42", f"GET {base}/42/history"]


def _verb(resource: Resource, verb: Verb) -> list[str]:
    """Return a verb with its arguments, right and addresses."""
    arguments = [
        f"{option_of_argument(verb, name)}{'' if info.is_required() else '?'}"
        for name, info in verb.input().model_fields.items()
    ]
    told = [f"fullscore {resource.name} {word_of(verb)} 42 {' '.join(arguments)}".rstrip()]
    told.append(f"POST /api{resource.url('42', verb.name)}")
    told.append(f"needs {verb.permission}")
    head = f"{'Verb'.ljust(LABEL)}{verb.name}: {verb.about}"
    return [head, *(" " * LABEL + line for line in told)]
