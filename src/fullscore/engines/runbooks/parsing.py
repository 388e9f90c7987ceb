"""Reading a runbook: ordinary Markdown in which each `##` begins a step.

A step's prose is for whoever reads; one fenced block says what the step does:

    ## Restart the service
    Only one node at a time.

    ```command
    systemctl restart {unit}
    alters: yes
    within: 60 s
    ```

A step without a block is read. A block named `parameters` before the first step says which values
are given at the start, and `# Way back` begins the steps that undo. Whatever cannot be read is told
with its line and with what to write instead; nothing is guessed.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from fullscore.engines.runbooks.book import (
    BACK,
    END,
    KINDS,
    NEXT,
    Book,
    Parameter,
    Step,
    Trouble,
)
from fullscore.engines.runbooks.filling import NAME, unsafe, wrong

MOST_STEPS = 60
MOST_CHARACTERS = 64 * 1024
MOST_COMMAND = 2000
LONGEST_COMMAND_SECONDS = 600
LONGEST_WAIT_SECONDS = 24 * 3600
LONGEST_OVER_SECONDS = 7 * 24 * 3600
TYPES = ("name", "number", "path", "text", "choice")
ITEM = Parameter("item", "name")  # always there: the name of the item it is run for
WORDS = {"mean": "avg", "average": "avg", "avg": "avg", "least": "min", "min": "min", "most": "max",
         "max": "max", "last": "last", "newest": "last", "sum": "sum", "rate": "rate",
         "increase": "increase"}  # fmt: skip
UNITS = {"s": 1, "sec": 1, "second": 1, "seconds": 1, "min": 60, "m": 60, "minute": 60,
         "minutes": 60, "h": 3600, "hour": 3600, "hours": 3600}  # fmt: skip
YES, NO = ("yes", "true"), ("no", "false")
HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*\s*")
FENCE = re.compile(r"(`{3,}|~{3,})\s*([^`]*?)\s*")
PARAMETER = re.compile(r"([a-z][a-z0-9_]*)\s*:\s*(\w+)\s*(?:\(([^)]*)\))?\s*(?:=\s*(.*?))?\s*")
DURATION = re.compile(r"([0-9]{1,6})\s*([a-z]+)")
CONDITION = re.compile(r"(<=|>=|<|>|=)\s*(-?[0-9]+(?:\.[0-9]+)?)")
CHECK = re.compile(r"[a-z_]+\.[a-z0-9_]+")
METRIC = re.compile(r"[A-Za-z_:][A-Za-z0-9_:.]*")
LABEL = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=([^,]*)")
EXAMPLES = {
    "check": "servers.disk_filling",
    "query": "metric: node_load1 and is: < 4",
    "command": "systemctl restart {unit}",
    "decision": "ask: Does it answer now? and an answer a line, such as yes: end",
    "wait": "2 min",
}


@dataclass
class Block:
    """A fenced block as it stands: its first word, and its lines with their numbers."""

    name: str
    line: int
    rows: list[tuple[int, str]] = field(default_factory=list)


@dataclass
class Part:
    """What stands under one heading."""

    title: str
    line: int
    is_back: bool = False
    prose: list[str] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)


@lru_cache(maxsize=128)
def read(text: str) -> Book:
    """Return a runbook's steps, and all that is wrong with it. Never raises."""
    troubles: list[Trouble] = []
    if len(text) > MOST_CHARACTERS:
        told = f"it has more than {MOST_CHARACTERS:,} characters: make two runbooks of it."
        return Book("", (), (), (), (Trouble(1, told),))
    top, parts = _parts(text, troubles)
    parameters = tuple(_parameters(top, troubles))
    kinds = {parameter.name: parameter.kind for parameter in (ITEM, *parameters)}
    ways = [
        tuple(_steps([part for part in parts if part.is_back == is_back], kinds, troubles))
        for is_back in (False, True)
    ]
    if not ways[0]:
        troubles.append(Trouble(1, "there is no step: begin one with “## ” and its title."))
    for way in ways:
        troubles += _crossings(way, has_back=bool(ways[1]) and way is ways[0])
    troubles.sort(key=lambda one: one.line)
    intro = "\n".join(top.prose).strip()
    return Book(intro, parameters, ways[0], ways[1], tuple(troubles))


# ── the outline ────────────────────────────────────────────────────────────────────────────────


def _parts(text: str, troubles: list[Trouble]) -> tuple[Part, list[Part]]:
    """Return what stands before the first step, and the steps."""
    top = part = Part("", 1)
    parts: list[Part] = []
    is_back, block, mark = False, None, ""
    for number, line in enumerate(text.splitlines(), 1):
        if block is not None:
            if line.strip().startswith(mark) and not line.strip().strip(mark[0]):
                block = None
            else:
                block.rows.append((number, line.strip()))
                part.prose += [line] if block.name not in _OURS else []
            if block is None and part.blocks and part.blocks[-1].name not in _OURS:
                part.prose.append(line)
            continue
        if fence := FENCE.fullmatch(line.strip()):
            mark, block = fence[1], Block(fence[2].lower(), number)
            part.blocks.append(block)
            part.prose += [line] if block.name not in _OURS else []
            continue
        heading = HEADING.fullmatch(line)
        if heading and len(heading[1]) == 1 and heading[2].lower() == BACK:
            is_back = True
        elif heading and len(heading[1]) == 2:
            part = Part(heading[2][:160], number, is_back)
            parts.append(part)
        elif heading and len(heading[1]) == 1 and (parts or is_back):
            told = "one “#” begins the way back, as “# Way back”: a step begins with “## ”."
            troubles.append(Trouble(number, told))
        else:
            part.prose.append(line)
    if block is not None:
        troubles.append(Trouble(block.line, f"this block is not closed: end it with “{mark}”."))
    return top, parts


_OURS = {*KINDS, "parameters"}


def _own(part: Part, troubles: list[Trouble]) -> list[Block]:
    """Return the blocks that mean something; another name near one of ours is a slip."""
    told = []
    for block in part.blocks:
        if block.name in _OURS:
            told.append(block)
        elif near := get_close_matches(block.name, sorted(_OURS), 1, 0.7):
            troubles.append(
                Trouble(block.line, f"“{block.name}” is no kind of step: write “{near[0]}”.")
            )
    return told


def _parameters(top: Part, troubles: list[Trouble]) -> Iterator[Parameter]:
    seen = {ITEM.name}
    for block in _own(top, troubles):
        if block.name != "parameters":
            told = f"a {block.name} block belongs to a step: write “## ” and its title above it."
            troubles.append(Trouble(block.line, told))
            continue
        for number, row in block.rows:
            if not row:
                continue
            made = _parameter(row, number)
            if isinstance(made, Trouble):
                troubles.append(made)
            elif made.name in seen:
                troubles.append(Trouble(number, f"“{made.name}” is there already: rename it."))
            else:
                seen.add(made.name)
                yield made


def _parameter(row: str, number: int) -> Parameter | Trouble:
    found = PARAMETER.fullmatch(row)
    if found is None or found[2] not in TYPES:
        return Trouble(
            number,
            f"“{row[:60]}” is no parameter: write its name, a colon and one of {', '.join(TYPES)},"
            " such as “unit: name = nginx” or “speed: choice (slow, fast) = slow”.",
        )
    choices = tuple(one.strip() for one in (found[3] or "").split(",") if one.strip())
    made = Parameter(found[1], found[2], found[4] or "", choices, number)
    if (made.kind == "choice") != bool(choices):
        return Trouble(number, "a choice names what can be chosen: “speed: choice (slow, fast)”.")
    if bad := next((one for one in choices if not NAME.fullmatch(one)), ""):
        return Trouble(number, f"“{bad}” cannot be chosen: letters, digits and . _ @ : + - only.")
    if made.default and (why := wrong(made, made.default)):
        return Trouble(number, why)
    return made


# ── the steps ──────────────────────────────────────────────────────────────────────────────────


def _steps(parts: Sequence[Part], kinds: dict[str, str], troubles: list[Trouble]) -> Iterator[Step]:
    if len(parts) > MOST_STEPS:
        told = f"at most {MOST_STEPS} steps: make two runbooks of it."
        troubles.append(Trouble(parts[MOST_STEPS].line, told))
    titles: set[str] = set()
    for place, part in enumerate(parts[:MOST_STEPS], 1):
        if not part.title or part.title.lower() in (END, NEXT, BACK):
            told = f"“{part.title}” is no title of a step: say in a few words what is done."
            troubles.append(Trouble(part.line, told))
        if part.title.lower() in titles:
            told = f"“{part.title}” is there already: decisions name steps by their titles."
            troubles.append(Trouble(part.line, told))
        titles.add(part.title.lower())
        step = Step(place, part.title, "read", "\n".join(part.prose).strip(), part.line)
        yield _with_block(step, _own(part, troubles), kinds, troubles)


def _with_block(
    step: Step, blocks: Sequence[Block], kinds: dict[str, str], troubles: list[Trouble]
) -> Step:
    """Return the step with what its block says; troubles are told, and the step stays shown."""
    if not blocks:
        return step
    block = blocks[0]
    if len(blocks) > 1:
        told = "a step does one thing, and this is a second block: begin a step with “## ” (the"
        troubles.append(Trouble(blocks[1].line, f"{told} first is in line {block.line})."))
    if block.name == "parameters":
        told = "parameters stand before the first step: move this block up."
        troubles.append(Trouble(block.line, told))
        return step
    rows = [(number, row) for number, row in block.rows if row]
    if not rows and block.name != "read":
        told = f"this {block.name} block is empty: write {EXAMPLES[block.name]}."
        troubles.append(Trouble(block.line, told))
        return replace(step, kind=block.name)  # type: ignore[arg-type]
    try:
        values = _READERS[block.name](block, rows, kinds)
    except _Wrong as wrong_row:
        troubles.append(Trouble(wrong_row.line, wrong_row.told))
        values = {}
    return replace(step, kind=block.name, **values)  # type: ignore[arg-type]


class _Wrong(Exception):
    def __init__(self, line: int, told: str) -> None:
        super().__init__(told)
        self.line, self.told = line, told


def _split(
    rows: Iterable[tuple[int, str]], names: Sequence[str]
) -> tuple[dict[str, tuple[int, str]], list[tuple[int, str]]]:
    """Return the rows that say “name: value” for one of these names, and the others."""
    named, others = {}, []
    for number, row in rows:
        name, colon, value = row.partition(":")
        if colon and name.strip().lower() in names:
            named[name.strip().lower()] = (number, value.strip())
        else:
            others.append((number, row))
    return named, others


def _one(block: Block, others: Sequence[tuple[int, str]], names: Sequence[str]) -> tuple[int, str]:
    """Return the one row that is no option."""
    if not others:
        raise _Wrong(block.line, f"it says nothing to do: write {EXAMPLES[block.name]}.")
    if len(others) > 1:
        options = f"options are {', '.join(names)}" if names else "there are no options"
        raise _Wrong(
            others[1][0], f"“{others[1][1][:60]}” is a second line, and one is meant: {options}."
        )
    return others[0]


def _read(block: Block, rows: Any, kinds: Any) -> dict[str, Any]:
    if rows:
        raise _Wrong(rows[0][0], "what is read stands outside the block, as ordinary text.")
    return {}


def _check(block: Block, rows: Any, kinds: Any) -> dict[str, Any]:
    number, row = _one(block, rows, ())
    if not CHECK.fullmatch(row):
        raise _Wrong(
            number, f"“{row[:60]}” is no check: write its name, such as servers.disk_filling."
        )
    return {"check": row}


def _query(block: Block, rows: Any, kinds: Any) -> dict[str, Any]:
    named, others = _split(rows, ("metric", "is", "over", "take", "labels"))
    if others:
        told = f"“{others[0][1][:60]}” is not known here: use metric, is, over, take and labels."
        raise _Wrong(others[0][0], told)
    for name in ("metric", "is"):
        if name not in named:
            raise _Wrong(block.line, f"{name} is missing: write {EXAMPLES['query']}.")
    number, metric = named["metric"]
    if not METRIC.fullmatch(metric):
        raise _Wrong(number, f"“{metric[:60]}” is no metric: write its name, such as node_load1.")
    number, row = named["is"]
    condition = CONDITION.fullmatch(row)
    if condition is None:
        raise _Wrong(number, f"“{row[:60]}” is no condition: write such as < 4 or >= 0.5.")
    number, take = named.get("take", (0, "mean"))
    if take.lower() not in WORDS:
        raise _Wrong(number, f"“{take[:60]}” is not known: take mean, least, most, last, sum or"
                     " rate.")  # fmt: skip
    return {
        "metric": metric, "operator": condition[1], "limit": float(condition[2]),
        "function": WORDS[take.lower()],
        "over_seconds": _seconds(named.get("over", (0, "5 min")), LONGEST_OVER_SECONDS),
        "labels": _labels(named.get("labels", (0, ""))),
    }  # fmt: skip


def _labels(row: tuple[int, str]) -> dict[str, str]:
    told = {}
    for one in filter(None, (part.strip() for part in row[1].split(","))):
        found = LABEL.fullmatch(one)
        if found is None:
            raise _Wrong(row[0], f"“{one[:60]}” is no label: write such as mountpoint=/var.")
        told[found[1]] = found[2].strip()
    return told


def _command(block: Block, rows: Any, kinds: dict[str, str]) -> dict[str, Any]:
    names = ("alters", "within")
    named, others = _split(rows, names)
    number, command = _one(block, others, names)
    if len(command) > MOST_COMMAND:
        raise _Wrong(number, f"at most {MOST_COMMAND:,} characters: make a script of it.")
    if not command.isprintable():
        raise _Wrong(number, "there is a sign in it that cannot be seen: write it anew.")
    if why := unsafe(command, kinds):
        raise _Wrong(number, why)
    at, alters = named.get("alters", (0, "yes"))
    if alters.lower() not in (*YES, *NO):
        raise _Wrong(at, f"“{alters[:20]}” is neither: write alters: yes, or alters: no.")
    within = _seconds(named.get("within", (0, "60 s")), LONGEST_COMMAND_SECONDS)
    return {"command": command, "alters": alters.lower() in YES, "within_seconds": within}


def _wait(block: Block, rows: Any, kinds: Any) -> dict[str, Any]:
    return {"wait_seconds": _seconds(_one(block, rows, ()), LONGEST_WAIT_SECONDS)}


def _decision(block: Block, rows: Any, kinds: Any) -> dict[str, Any]:
    named, others = _split(rows, ("ask", "by"))
    if ("ask" in named) == ("by" in named):
        told = (
            "say either ask: and a question, or by: and the title of a step whose result decides."
        )
        raise _Wrong(block.line, told)
    branches: dict[str, str] = {}
    lines: dict[str, int] = {}
    for number, row in others:
        answer, colon, target = (part.strip() for part in row.partition(":"))
        if not colon or not answer or not target or len(answer) > 60:
            raise _Wrong(number, f"“{row[:60]}” is no answer: write it, a colon and where it leads,"
                         " such as no: Restart it.")  # fmt: skip
        if "by" in named and answer.lower() not in ("good", "bad"):
            raise _Wrong(number, "a step's result is good or bad: write good: and bad:.")
        if answer.lower() in branches:
            raise _Wrong(number, f"“{answer}” is answered already.")
        branches[answer.lower()], lines[answer.lower()] = target, number
    if len(branches) < 2:
        raise _Wrong(block.line, "two answers at least: write such as yes: end and no: Restart it.")
    return {"ask": named.get("ask", (0, ""))[1], "by": named.get("by", (0, ""))[1],
            "branches": branches, "lines": lines}  # fmt: skip


def _seconds(row: tuple[int, str], most: int) -> int:
    found = DURATION.fullmatch(row[1].lower())
    if found is None or found[2] not in UNITS:
        raise _Wrong(row[0], f"“{row[1][:20]}” is no time: write such as 30 s, 2 min or 1 h.")
    seconds = int(found[1]) * UNITS[found[2]]
    if not 1 <= seconds <= most:
        raise _Wrong(row[0], f"between 1 s and {_said(most)}, not {row[1]}.")
    return seconds


def _said(seconds: int) -> str:
    return f"{seconds // 3600} h" if seconds >= 3600 else f"{seconds // 60} min"


_READERS: dict[str, Callable[[Block, Any, Any], dict[str, Any]]] = {
    "read": _read, "check": _check, "query": _query, "command": _command, "decision": _decision,
    "wait": _wait,
}  # fmt: skip


# ── where decisions lead ───────────────────────────────────────────────────────────────────────


def _crossings(way: Sequence[Step], *, has_back: bool) -> Iterator[Trouble]:
    """Yield what is wrong with where decisions lead, and with what decides."""
    titles = {step.title.lower(): step for step in way}
    for step in way:
        if step.by and (source := titles.get(step.by.lower())) is None:
            yield Trouble(step.line, _unknown(step.by, way))
        elif step.by and (source.place >= step.place or source.kind in ("read", "wait")):  # type: ignore[union-attr]
            told = f"“{step.by}” cannot decide: name an earlier check, query or command."
            yield Trouble(step.line, told)
        for answer, target in step.branches.items():
            line = step.lines[answer]
            if target.lower() == BACK and not has_back:
                yield Trouble(line, "there is no way back: add one below “# Way back”.")
            elif target.lower() not in (*titles, END, NEXT, BACK):
                yield Trouble(line, _unknown(target, way))


def _unknown(title: str, way: Sequence[Step]) -> str:
    near = get_close_matches(title, [step.title for step in way], 1, 0.5)
    told = f"did you mean “{near[0]}”?" if near else f"write a step's title, {NEXT} or {END}."
    return f"there is no step “{title[:60]}”: {told}"
