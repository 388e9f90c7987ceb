"""Write `docs/reference` from the code: `python -m tests.documentation`.

Everything that can be said by the code is said by it: options, nouns, verbs, checks, roles,
commands, the API and the questions for assistants. `tests/test_docs.py` fails while the written
files are not these.
"""

import inspect
import os
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, get_type_hints
from unittest.mock import patch

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference"
MADE = "<!-- Made by `python -m tests.documentation`: change the code, not this page. -->"


def main() -> None:
    """Write every page."""
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (REFERENCE / name).write_text(text)
        print(f"docs/reference/{name}: {len(text.splitlines())} lines")


def pages() -> dict[str, str]:
    """Return the text of each page by its file name. Django must be set up."""
    from tests.documented import nouns, programs

    makers: dict[str, Callable[[], Iterable[str]]] = {
        "options.md": options, "commands.md": commands, "roles.md": roles, "checks.md": checks,
        "clock.md": clock, "nouns.md": nouns.nouns, "api.md": programs.api,
        "assistants.md": programs.assistants,
    }  # fmt: skip
    return {name: "\n".join([MADE, "", *make()]).rstrip() + "\n" for name, make in makers.items()}


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Return a Markdown table."""
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    return [*lines, *(f"| {' | '.join(_cell(one) for one in row)} |" for row in rows), ""]


def _cell(value: object) -> str:
    return " ".join(str(value).split()).replace("|", "\\|") or "–"


def code(text: object) -> str:
    """Return text as code, or nothing when there is none."""
    return f"`{text}`" if str(text) else ""


def sentence(text: str) -> str:
    """Return the first line of a docstring."""
    return (text or "").strip().split("\n")[0]


def options() -> Iterable[str]:
    """Return what an operator may set."""
    from fullscore.config.options import Options

    hints = get_type_hints(Options)
    yield from [
        "# Options", "",
        "Each is a line in `fullscore.toml` in the data folder (`port = 9000`) or an environment",
        "variable. What stands further left counts more: command line, environment, file, default.",
        "A secret may also be read from a file: put its path into the variable with `_FILE` at the",
        "end.", "",
    ]  # fmt: skip
    yield from table(
        ["option", "environment", "type", "default", "what it does"],
        [
            [
                code(o.name), code(f"FULLSCORE_{o.name.upper()}"), hints[o.name].__name__,
                _default(o), o.metadata["doc"] + (" Secret." if o.metadata["secret"] else ""),
            ]
            for o in fields(Options)
        ],
    )  # fmt: skip
    yield "`home` cannot stand in the file, which lies in it: use `--data-dir` or `FULLSCORE_HOME`."


def _default(option: Any) -> str:
    if option.name == "home":
        return "`/var/lib/fullscore` for root, else `~/.local/share/fullscore`"
    value = option.default
    return code(str(value).lower() if isinstance(value, bool) else value) or "empty"


def commands() -> Iterable[str]:
    """Return every command that is no noun, with its options."""
    from fullscore.config.commands import COMMANDS

    yield from [
        "# Commands", "",
        "Nouns and their verbs are commands too; they stand under [nouns](nouns.md). These are the",
        "others. `--data-dir FOLDER` stands before or after any of them. Exit codes: 0 done,",
        "1 refused, 2 not understood, 130 stopped by Ctrl-C.", "",
    ]  # fmt: skip
    for command in COMMANDS:
        yield from [f"## fullscore {command.name}", "", command.help, ""]
        if told := _arguments(command):
            yield from table(["argument", "meaning", "default"], told)


def parser_of(command: Any) -> ArgumentParser | None:
    """Return the parser a command makes, without running it; None when it takes nothing."""
    if "ArgumentParser(" not in inspect.getsource(command.run):
        return None
    found: list[ArgumentParser] = []

    def caught(parser: ArgumentParser, *given: object) -> None:
        found.append(parser)
        raise KeyboardInterrupt

    words = {
        "check": ["run", "--all"], "server": ["enrol"], "import": ["file"], "schedule": ["bring"],
        "push-key": ["make"], "runbook": ["read"],
    }.get(command.name, [])  # fmt: skip
    with patch.object(ArgumentParser, "parse_args", caught):
        try:
            command.run(words)
        except KeyboardInterrupt:
            return found[0]
    raise AssertionError(f"{command.name} makes a parser and does not use it")


def _arguments(command: Any) -> list[list[str]]:
    parser = parser_of(command)
    actions = parser._actions if parser else []
    return [
        [
            code(" ".join(action.option_strings) or action.dest),
            action.help or "one of " + ", ".join(action.choices) if action.choices
            else action.help or action.dest.replace("_", " "),
            "" if action.default in (None, False) else code(action.default),
        ]
        for action in actions
        if "--help" not in action.option_strings
    ]  # fmt: skip


def roles() -> Iterable[str]:
    """Return the roles, and what each covers in each area."""
    from fullscore.domains.foundation.access import roles as access

    yield from [
        "# Roles", "",
        "An account holds roles everywhere, for one team's things, or at one site, with an end or",
        "without. Roles add up; nobody grants more than they hold, nor to themselves.", "",
    ]  # fmt: skip
    yield from table(
        ["role", "what it is for", "contains", "second factor"],
        [
            [code(r.name), r.about, ", ".join(map(code, r.contains)),
             "needed" if r.is_privileged else ""]
            for r in access.ROLES
        ],
    )  # fmt: skip
    areas = list(dict.fromkeys([access.WORK, *(area for area, _ in access.AREAS)]))
    yield from [
        "## What each adds", "",
        "To what the roles it contains cover. A permission is `app.action_noun`; the patterns are",
        "of its part after the point. An empty field adds nothing, and what no role names is",
        "refused. “work” is what no other area names: estate, findings, telemetry, servers.", "",
    ]  # fmt: skip
    yield from table(
        ["role", *areas],
        [[code(r.name), *(_added(r, area) for area in areas)] for r in access.ROLES],
    )
    yield from ["## Which permission lies where", ""]
    yield from table(["permissions", "area"], [[code(p), area] for area, p in access.AREAS])


def _added(role: Any, area: str) -> str:
    patterns = role.may.get(area, ())
    return "everything" if "*" in patterns else " ".join(map(code, patterns))


def checks() -> Iterable[str]:
    """Return every check: what it looks for, why, from which threshold on, and what to do."""
    from fullscore.config.checks import CHECKS

    yield from [
        "# Checks", "",
        f"{len(CHECKS)} checks. Each limit can be set otherwise, for all items or for some:",
        "see [checks and thresholds](../guides/checks-and-thresholds.md).", "",
    ]  # fmt: skip
    yield from table(
        ["check", "looks for", "every"],
        [[f"[{c.id}](#{_anchor(c.id)})", c.title, _period(c.every)] for c in CHECKS],
    )
    for check in CHECKS:
        yield from [
            f"## {check.id} {{#{_anchor(check.id)}}}",
            "",
            f"**{check.title}.** {check.why}",
            "",
        ]
        yield from [f"- Threshold: {check.source}", f"- What to do: {check.fix}"]
        limits = ", ".join(f"`{name}` = {value:g}" for name, value in check.limits.items())
        yield f"- Limits: {limits or 'none to set'}"
        if check.good_runs > 1:
            yield f"- Closes after {check.good_runs} good runs: what it reads bounces."
        if check.is_urgent:
            yield "- Urgent."
        if check.codes:
            yield f"- Answers to: {', '.join(check.codes)}"
        yield ""


def _anchor(ident: str) -> str:
    return ident.replace(".", "-").replace("_", "-")


def clock() -> Iterable[str]:
    """Return what runs by itself, and who reacts to what."""
    from fullscore.config.reactions import REACTIONS
    from fullscore.config.schedule import SCHEDULE

    yield from ["# What runs by itself", "", "## On the clock", ""]
    yield from table(
        ["job", "every", "at (UTC)", "what it does"],
        [
            [code(j.name.removeprefix("fullscore.")), _period(j.period),
             j.at.strftime("%H:%M") if j.at else "", sentence(j.func.__doc__)]
            for j in SCHEDULE
        ],
    )  # fmt: skip
    yield from ["## When something happened", ""]
    yield from table(
        ["announcement", "what it says", "what follows"],
        [
            [code(one.__name__), sentence(one.__doc__),
             " ".join(sentence(j.func.__doc__) for j in jobs)]
            for one, jobs in REACTIONS.items()
        ],
    )  # fmt: skip


def _period(period: Any) -> str:
    seconds = int(period.total_seconds())
    for name, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds % size == 0:
            count = seconds // size
            return f"{count} {name if count > 1 else name[:-1]}"
    return f"{seconds} seconds"


if __name__ == "__main__":
    import tests.home  # noqa: F401  a data folder of its own, before the settings are read

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fullscore.config.settings")
    import django

    django.setup()
    main()
