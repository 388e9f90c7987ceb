"""What a runbook is made of, once it is read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["read", "check", "query", "command", "decision", "wait"]
KINDS: tuple[Kind, ...] = ("read", "check", "query", "command", "decision", "wait")
ALTERS = "alters the host"

END, NEXT, BACK = "end", "next", "way back"  # where a decision may lead, beside a step


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that cannot be read: where, and what to write instead."""

    line: int
    told: str

    def __str__(self) -> str:
        return f"Line {self.line}: {self.told}"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value that is given when a runbook is run."""

    name: str
    kind: str  # name, number, path, text, choice
    default: str = ""
    choices: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One step; what its kind does not need is empty."""

    place: int  # from 1, of the way there or of the way back
    title: str
    kind: Kind
    text: str = ""  # the prose, as Markdown
    line: int = 0
    check: str = ""
    metric: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    function: str = "avg"
    over_seconds: int = 300
    operator: str = ""
    limit: float = 0.0
    command: str = ""
    alters: bool = True
    within_seconds: int = 60
    wait_seconds: int = 0
    ask: str = ""
    by: str = ""  # title of the step whose result decides
    branches: Mapping[str, str] = field(default_factory=dict)  # answer → title, end, next, way back
    lines: Mapping[str, int] = field(default_factory=dict)  # in which each answer stands

    @property
    def is_altering(self) -> bool:
        """Say whether it alters something."""
        return self.kind == "command" and self.alters


@dataclass(frozen=True, slots=True)
class Book:
    """A runbook that was read, with whatever could not be."""

    intro: str
    parameters: tuple[Parameter, ...]
    steps: tuple[Step, ...]
    back: tuple[Step, ...]
    troubles: tuple[Trouble, ...] = ()

    @property
    def has_commands(self) -> bool:
        """Say whether anything is run on a host."""
        return any(step.kind == "command" for step in (*self.steps, *self.back))

    @property
    def is_altering(self) -> bool:
        """Say whether any step alters something."""
        return any(step.is_altering for step in (*self.steps, *self.back))

    def way(self, is_back: bool) -> tuple[Step, ...]:
        """Return the steps there, or those back."""
        return self.back if is_back else self.steps
