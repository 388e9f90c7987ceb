"""The words one noun's commands take, derived from its filters, fields and verbs."""

import sys
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any, get_origin

from django import forms

from fullscore.kit.perform import Verb
from fullscore.kit.resource import Resource

OWN = ("sort", "columns", "limit", "json", "csv", "at", "count", "help", "as")
ROWS = 100  # of a list on the screen; files get all
ENTRIES = 50
FROM = "a file that holds it and nothing else; “-”: standard input"
AT = "as it was at this moment, such as 2026-11-17T02:13, in your time zone"


def parser_of(resource: Resource) -> ArgumentParser:
    """Return what understands the words after a noun."""
    parser = ArgumentParser(
        prog=f"fullscore {resource.name}",
        description=(resource.model.__doc__ or "").strip().split("\n")[0],
        allow_abbrev=False,
    )
    subparsers = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    _list(subparsers, resource)
    _show(subparsers, resource)
    if resource.fields:
        _writing(subparsers, resource)
    if resource.can_delete:
        _record(_act(subparsers, "delete", f"remove one {resource.title} for good"), resource)
    history = _act(subparsers, "history", "who did what to one record")
    _record(history, resource)
    history.add_argument("--limit", type=int, default=ENTRIES, metavar="N", help="how many entries")
    history.add_argument("--json", action="store_true", help="as JSON")
    for verb in resource.verbs:
        _verb(subparsers, resource, verb)
    return parser


def option_of(name: str) -> str:
    """Return the option for a filter, field or argument; our own words keep their meaning."""
    words = name.replace("__", "-").replace("_", "-").strip("-")
    return f"--{words}-is" if words in OWN else f"--{words}"


def option_of_argument(verb: Verb, name: str) -> str:
    """Return the option for an argument of a verb: a secret comes out of a file."""
    return f"{option_of(name)}-from" if name in verb.secrets else option_of(name)


def word_of(verb: Verb) -> str:
    """Return a verb as one types it."""
    return verb.name.replace("_", "-")


def _act(subparsers: Any, name: str, about: str) -> ArgumentParser:
    made: ArgumentParser = subparsers.add_parser(
        name, help=about, description=about[:1].upper() + about[1:], allow_abbrev=False
    )
    return made


def _record(parser: ArgumentParser, resource: Resource) -> None:
    parser.add_argument("record", metavar="RECORD", help=f"id or name of the {resource.title}")


def _list(subparsers: Any, resource: Resource) -> None:
    parser = _act(subparsers, "list", f"the {resource.title_plural} you may see")
    for name, one in resource.filter_class().base_filters.items():
        choices = [str(v) for v, _ in one.extra.get("choices", ()) or ()]
        about = str(one.label or resource.label_of(name.split("__")[0]))
        told = f"{about}: {', '.join(choices)}" if choices else about
        parser.add_argument(
            option_of(name), dest=f"filter_{name}", metavar="VALUE", help=_safe(told)
        )
    sorts = ", ".join(s.removeprefix("-") for s in resource.sorts)
    known = ", ".join([*resource.columns, *resource.facts])
    parser.add_argument("--sort", metavar="COLUMN", help=f"{sorts}; “-” before it: falling")
    parser.add_argument("--columns", metavar="A,B", help=f"some of {known}")
    parser.add_argument("--limit", type=_whole, metavar="N", help=f"rows; {ROWS} on a screen")
    if resource.keeps_history:
        parser.add_argument("--at", metavar="MOMENT", help=AT)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="as JSON")
    form.add_argument("--csv", action="store_true", help="as CSV")
    form.add_argument("--count", action="store_true", help="only how many there are")


def _show(subparsers: Any, resource: Resource) -> None:
    parser = _act(subparsers, "show", f"one {resource.title}")
    _record(parser, resource)
    parser.add_argument("--json", action="store_true", help="as JSON")
    if resource.keeps_history:
        parser.add_argument("--at", metavar="MOMENT", help=AT)


def _writing(subparsers: Any, resource: Resource) -> None:
    add = _act(subparsers, "add", f"add one {resource.title}")
    change = _act(subparsers, "change", f"change one {resource.title}; what is not given stays")
    _record(change, resource)
    for parser in (add, change):
        for name, field in resource.form_class()().fields.items():
            needs = parser is add and field.required and field.initial is None
            is_many = isinstance(field, forms.MultipleChoiceField | forms.ModelMultipleChoiceField)
            parser.add_argument(
                option_of(name), dest=f"value_{name}", metavar=_metavar(field), required=needs,
                action="append" if is_many else "store", help=_safe(_about(resource, name, field)),
            )  # fmt: skip
        parser.add_argument("--json", action="store_true", help="print the record as JSON")


def _verb(subparsers: Any, resource: Resource, verb: Verb) -> None:
    about = verb.about or verb.label
    parser = _act(subparsers, word_of(verb), _safe(about[:1].lower() + about[1:]))
    _record(parser, resource)
    records = verb.records()
    for name, info in verb.input().model_fields.items():
        related = records.get(name)
        choices = ", ".join(value for value, _ in (verb.choices or {}).get(name, ()))
        told = f"id or name of the {related._meta.verbose_name}" if related else choices
        told = " ".join(filter(None, [told, verb.hints.get(name)]))
        is_secret = name in verb.secrets
        parser.add_argument(
            option_of_argument(verb, name), dest=f"value_{name}", required=info.is_required(),
            metavar="FILE" if is_secret else "RECORD" if related else "VALUE",
            help=_safe(FROM if is_secret else told), type=_content if is_secret else None,
            action="append" if get_origin(info.annotation) is list else "store",
        )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print the record as JSON")


def _about(resource: Resource, name: str, field: forms.Field) -> str:
    label = str(field.label or resource.label_of(name))
    choices = getattr(field, "choices", ())
    if isinstance(field, forms.ModelChoiceField) or not choices:
        return f"{label}. {field.help_text}".removesuffix(". ")
    return f"{label}: {', '.join(str(v) for v, _ in choices if v)}"


def _metavar(field: forms.Field) -> str:
    kinds = (
        (forms.ModelChoiceField, "RECORD"), (forms.BooleanField, "yes|no"),
        (forms.DateTimeField, "MOMENT"), (forms.DateField, "DAY"), (forms.JSONField, "JSON"),
        (forms.IntegerField, "N"),
    )  # fmt: skip
    return next((word for kind, word in kinds if isinstance(field, kind)), "TEXT")


def _content(path: str) -> str:
    """Return a secret out of a file: as a word, the list of processes would show it."""
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise ArgumentTypeError(f"{path} cannot be read: {error}") from error
    if not text.strip():
        raise ArgumentTypeError(f"{path} is empty")
    return text.rstrip("\r\n")


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise ValueError(text)
    return int(text)


def _safe(text: str) -> str:
    """Return help that argparse prints as it is."""
    return text.replace("%", "%%")
