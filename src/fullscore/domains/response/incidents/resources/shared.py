"""What the pages of alerts and of incidents share."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from fullscore.interfaces.web.templatetags.ui import severity
from fullscore.kit.perform import Verb
from fullscore.kit.tables import stored

TONES = {5: "crit", 4: "high", 3: "warn", 2: "info", 1: "info"}
CELLS = {"severity": lambda value: severity(stored(value))}


def in_turn(turn: Callable[[Any], None], verbs: Iterable[Verb]) -> list[Verb]:
    """Return verbs that wait for their turn before they lock their record, as every worker does.

    In the other order a person and a worker would wait for each other for ever.
    """
    return [verb if verb.turn else replace(verb, turn=turn) for verb in verbs]


def over(record: Any) -> str:
    """Return why nothing can be done with what is resolved."""
    return f"It is {record.state}." if record.state == "resolved" else ""
