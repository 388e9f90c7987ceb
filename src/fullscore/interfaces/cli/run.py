"""The command `fullscore`: nouns and verbs as words, everything else as commands of their own."""

import os
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fullscore.kit.errors import Problem

if TYPE_CHECKING:  # what is below loads the database's models: only when a noun is named
    from fullscore.kit.models import User
    from fullscore.kit.resource import Resource

DONE, REFUSED, MISUSED, INTERRUPTED = 0, 1, 2, 130


@dataclass(frozen=True, slots=True)
class Command:
    """A command that is no noun: `run` gets the words after its name and returns the exit code."""

    name: str
    help: str
    run: Callable[[Sequence[str]], int]


def run(
    argv: Sequence[str],
    resources: Callable[[], "Sequence[Resource]"],
    commands: Sequence[Command],
    who: "Callable[[str | None], User]",
) -> int:
    """Do what the words say and return the exit code: 0 done, 1 refused, 2 not understood.

    `resources()` is asked for only when a noun is named, so that help and commands start at once.
    `who(email)` returns the account to act as; with None, the installation's own choice.
    """
    try:
        return _run(list(argv), resources, commands, who)
    except Problem as problem:
        return _tell(str(problem), REFUSED)
    except KeyboardInterrupt:
        return _tell("Stopped.", INTERRUPTED)
    except BrokenPipeError:  # the reader of our output, such as `head`, has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except SystemExit as left:  # how argparse ends after help and after misuse
        return left.code if isinstance(left.code, int) else MISUSED
    except Exception as error:
        return _broken(error)


def _run(
    argv: list[str],
    resources: "Callable[[], Sequence[Resource]]",
    commands: Sequence[Command],
    who: "Callable[[str | None], User]",
) -> int:
    if not argv or argv[0] in ("-h", "--help", "help"):
        print(_help(commands))
        return DONE
    named = next((c for c in commands if c.name == argv[0]), None)
    if named:
        return named.run(argv[1:])
    email, words = _account(argv)
    if not words:
        return _tell("Say what to do: `fullscore --help`.", MISUSED)
    if words[0] == "explain":
        known = resources()  # loads what the next line needs
        from fullscore.interfaces.cli import explain

        return explain.run(words[1:], known)
    return _noun(words, email, resources(), who)


def _noun(
    words: list[str],
    email: str | None,
    resources: "Sequence[Resource]",
    who: "Callable[[str | None], User]",
) -> int:
    from fullscore.interfaces.cli.acts import act
    from fullscore.interfaces.cli.parsers import parser_of

    resource = next((r for r in resources if r.name == words[0]), None)
    if resource is None:
        return _tell(_unknown(words[0], [r.name for r in resources]), MISUSED)
    given = parser_of(resource).parse_args(_joined(words[1:]))
    return act(resource, given, by=who(email))


def _joined(words: list[str]) -> list[str]:
    """Tie `--sort -name` together: argparse would take the falling sort for an option."""
    if "--sort" not in words[:-1]:
        return words
    place = words.index("--sort")
    return [*words[:place], f"--sort={words[place + 1]}", *words[place + 2 :]]


def _account(argv: list[str]) -> tuple[str | None, list[str]]:
    """Take `--as EMAIL` out of the words, wherever it stands."""
    parser = ArgumentParser(prog="fullscore", add_help=False, allow_abbrev=False)
    parser.add_argument("--as", dest="email", metavar="EMAIL")
    known, words = parser.parse_known_args(argv)
    return known.email or os.environ.get("FULLSCORE_USER") or None, words


def _help(commands: Sequence[Command]) -> str:
    width = max([len("<noun> <verb> RECORD"), *(len(c.name) for c in commands)])
    nouns = [
        ("<noun> list", "its records, filtered and sorted"),
        ("<noun> show RECORD", "one record, by id or name"),
        ("<noun> add | change", "one option for each field"),
        ("<noun> history RECORD", "who did what to it"),
        ("<noun> <verb> RECORD", "what can be done with it"),
        ("explain", "every noun; `explain <noun>`: all that can be said of it"),
    ]
    own = [(c.name, c.help) for c in commands]
    lines = [f"  {words.ljust(width)}  {about}" for words, about in [*nouns, *own]]
    usage = "usage: fullscore [--as EMAIL] <noun or command> …\n"
    return "\n".join([usage, *lines, "", "Help on each: `fullscore <noun> --help`."])


def _unknown(word: str, names: Sequence[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(word, names, n=3)
    hint = f" Did you mean {' or '.join(close)}?" if close else ""
    return f"There is no noun or command “{word}”.{hint} `fullscore explain` lists the nouns."


def _tell(sentence: str, code: int) -> int:
    print(f"fullscore: {sentence}", file=sys.stderr)
    return code


def _broken(error: Exception) -> int:
    """Say in one line what broke on our side; developers get the traceback."""
    from django.conf import settings

    if settings.configured and settings.DEBUG:
        raise error
    told = " ".join(str(error).split())[:300]
    hint = "Set FULLSCORE_IS_DEBUG=true to see where."
    return _tell(f"This broke on our side: {type(error).__name__}: {told}. {hint}", REFUSED)
