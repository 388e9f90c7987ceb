"""What one signal does to one alert, and which labels a silence is for."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import re2

Action = Literal["trigger", "acknowledge", "resolve", "note"]
Step = Literal["open", "repeat", "raise", "lower", "acknowledge", "resolve", "note", "ignore"]


@dataclass(frozen=True, slots=True)
class Known:
    """The open alert of a key."""

    is_acknowledged: bool
    severity: int  # 1–5, 5 worst
    changed_at: float  # Unix seconds of its last change of state


@dataclass(frozen=True, slots=True)
class Said:
    """What a sender says of the key now."""

    action: Action
    at: float  # Unix seconds of the moment it speaks of
    severity: int = 3


def step(known: Known | None, said: Said, *, ended_at: float | None = None) -> Step:
    """Return what has to happen to the alert; `ended_at` is when the key was last resolved.

    Nothing older than the alert's last change of state moves it, and a resolution wins over a
    trigger with an older time stamp. Whoever acknowledges or resolves what is not open is not
    refused: it changes nothing. A severity that rises asks anew, whoever had acknowledged it. A
    note moves nothing, and so is never too late.
    """
    if said.action == "note":
        return "note" if known else "ignore"
    if known is None:
        is_late = ended_at is not None and said.at < ended_at
        return "open" if said.action == "trigger" and not is_late else "ignore"
    if said.at < known.changed_at:
        return "ignore"
    if said.action == "resolve":
        return "resolve"
    if said.action == "acknowledge":
        return "ignore" if known.is_acknowledged else "acknowledge"
    if said.severity == known.severity:
        return "repeat"
    return "raise" if said.severity > known.severity else "lower"


@dataclass(frozen=True, slots=True)
class Matcher:
    """That a label has a value or fits a pattern, or has not and does not."""

    name: str
    value: str
    is_equal: bool = True
    is_pattern: bool = False  # in RE2's syntax, for the whole value

    def fits(self, labels: Mapping[str, str]) -> bool:
        """Say whether labels are as this says; a missing label is an empty one."""
        known = labels.get(self.name, "")
        if self.is_pattern:
            return (pattern(self.value).fullmatch(known) is not None) is self.is_equal
        return (known == self.value) is self.is_equal

    def __str__(self) -> str:
        value = self.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'{self.name}{_SIGNS[self.is_pattern, self.is_equal]}"{value}"'


_SIGNS = {(False, True): "=", (False, False): "!=", (True, True): "=~", (True, False): "!~"}
_TOLD = {"n": "\n", '"': '"', "\\": "\\"}  # any other letter after a backslash keeps it


@lru_cache(maxsize=1000)
def pattern(text: str) -> Any:
    """Return a pattern ready to be matched. ValueError, with a sentence, for what is none.

    Method: RE2, which Alertmanager uses: no pattern takes more than linear time, or more than 8 MB.
    """
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(text, options)
    except re2.error as error:
        why = error.args[0].decode(errors="replace") if error.args else "it is too long"
        raise ValueError(f"“{text[:60]}” is no pattern: {why}.") from error


_MATCHER = re.compile(
    r'\s*([a-zA-Z_][\w.:/-]*)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*"|[^,"]*)\s*(?:,|$)'
)


def matchers(text: str) -> tuple[Matcher, ...]:
    """Read `alertname="DiskFull", severity!~"info|debug"`, braces allowed around it.

    ValueError, with a sentence, for anything else.
    """
    text = text.strip().removeprefix("{").removesuffix("}").strip()
    found, at = [], 0
    while at < len(text):
        one = _MATCHER.match(text, at)
        if one is None:
            raise ValueError(f"“{text[at:][:40]}” is not of the form name=value, name!=value,"
                             " name=~pattern, name!~pattern.")  # fmt: skip
        name, sign, value = one.groups()
        if value.startswith('"'):
            value = re.sub(r"\\(.)", lambda m: _TOLD.get(m[1], m[0]), value[1:-1])
        made = Matcher(name, value.strip(), sign in ("=", "=~"), "~" in sign)
        if made.is_pattern:
            pattern(made.value)
        found.append(made)
        at = one.end()
    return tuple(found)


def fits(wanted: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    """Say whether labels are as every matcher says."""
    return all(matcher.fits(labels) for matcher in wanted)
