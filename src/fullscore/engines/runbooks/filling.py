"""Values in commands: checked by their kind, quoted once, never where the shell reads them twice.

Method: a value takes the place of `{name}` as `shlex.quote` writes it, which POSIX shells read back
as the very same word. That holds only outside quotes, so the reader refuses a place inside them.
Source: IEEE Std 1003.1-2017, Shell Command Language, 2.2 Quoting.
"""

import re
import shlex
from collections.abc import Iterator, Mapping

from fullscore.engines.runbooks.book import Parameter

PLACE = re.compile(r"(?<!\$)\{([a-z][a-z0-9_]*)\}")
LONGEST = 200
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@:+-]*")
PATH = re.compile(r"/[A-Za-z0-9_./@:+-]*")
NUMBER = re.compile(r"[0-9]{1,18}")
# What reads an argument as a program: a quoted text would be read a second time there.
TWICE = re.compile(
    r"(?:^|[\s;&|(])(?:eval|let|ssh|xargs|awk|sed|perl|python3?|ruby|su|env|watch|find|trap)\b"
    r"|\s-\w*[cev]\b|\(\(|\[\["
)
# Where a word names what is run: a value there would choose the program.
FIRST = re.compile(
    r"(?:^|[;&|(]|\b(?:sudo|exec|nohup|nice|time|command|then|do|else|env|xargs|!)\s)"
    r"\s*(?:-\S+\s+)*\{([a-z][a-z0-9_]*)\}"
)
MEANT = {
    "name": "a name of letters, digits and . _ @ : + -, such as nginx.service",
    "number": "a whole number, such as 5",
    "path": "a path from the root without “..”, such as /var/log",
    "text": f"one line of at most {LONGEST} characters that does not begin with -",
}


def wrong(parameter: Parameter, value: str) -> str:
    """Say why a value will not do for a parameter, and what will; empty: it does."""
    if parameter.kind == "choice":
        told = ", ".join(parameter.choices)
        return "" if value in parameter.choices else f"“{parameter.name}” is one of {told}."
    fits = {
        "name": lambda: NAME.fullmatch(value) is not None,
        "number": lambda: NUMBER.fullmatch(value) is not None,
        "path": lambda: PATH.fullmatch(value) is not None and ".." not in value.split("/"),
        "text": lambda: bool(value) and not value.startswith("-") and value.isprintable(),
    }[parameter.kind]
    if len(value) <= LONGEST and fits():
        return ""
    return f"“{parameter.name}” is {MEANT[parameter.kind]}."


def given(
    parameters: tuple[Parameter, ...], values: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return every parameter's value, its default where none is given, and what is wrong."""
    told, problems = {}, {}
    known = {parameter.name for parameter in parameters}
    for name in values:
        if name not in known:
            problems[name] = f"There is no parameter “{name}”."
    for parameter in parameters:
        value = values.get(parameter.name, "").strip() or parameter.default
        if why := wrong(parameter, value):
            problems[parameter.name] = f"Give it: {why}" if not value else why
        told[parameter.name] = value
    return told, problems


def filled(command: str, values: Mapping[str, str]) -> str:
    """Return a command with each value in its place, as one quoted word."""
    return PLACE.sub(lambda found: shlex.quote(values[found[1]]), command)


def places(command: str) -> list[str]:
    """Return the parameters that a command names, in order."""
    return [found[1] for found in PLACE.finditer(command)]


def unsafe(command: str, kinds: Mapping[str, str]) -> str:
    """Say why values could not stand in a command as they are; empty: they can."""
    names = places(command)
    if not names:
        return ""
    for name in names:
        if name not in kinds:
            known = ", ".join(sorted(kinds))
            return (
                f"there is no parameter “{name}” (known: {known}): declare it in a parameters"
                " block, or write { " + name + "} with a space if it is none."
            )
    if "`" in command or "<<" in command:
        return "a value cannot stand in a command with backquotes or <<: write $(…), or a script."
    if found := FIRST.search(command):
        return f"{{{found[1]}}} would choose what is run: write the program itself there."
    for quote, name in _quoted(command):
        return f"leave the {quote} around {{{name}}} away: each value is quoted for you."
    if TWICE.search(command) and (texts := [name for name in names if kinds[name] == "text"]):
        return (
            f"{{{texts[0]}}} is a free text, and this command would read it as a program: make it"
            " a name, number, path or choice."
        )
    return ""


def _quoted(command: str) -> Iterator[tuple[str, str]]:
    """Yield the places that lie inside quotes, with the quote."""
    inside = _inside(command)
    for found in PLACE.finditer(command):
        if quote := inside[found.start()]:
            yield quote, found[1]


def _inside(command: str) -> list[str]:
    """Return for each character the quote it stands in; a backslash before a place counts too."""
    told, quote, is_escaped = [], "", False
    for letter in command:
        told.append("\\" if is_escaped else quote)
        if is_escaped:
            is_escaped = False
        elif letter == "\\" and quote != "'":
            is_escaped = True
        elif quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
    return told
