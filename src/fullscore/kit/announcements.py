"""Announce that something happened. Who reacts is listed in `config/reactions.py`, nowhere else."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from fullscore.kit.jobs.declare import Job

Reactions = Mapping[type, Sequence[Job]]

_reactions: dict[type, Sequence[Job]] = {}


def react_with(reactions: Reactions) -> None:
    """Let these jobs follow these facts from now on; called once, by `config`."""
    _reactions.clear()
    _reactions.update(reactions)


def announce(fact: Any) -> None:
    """Queue every reaction to `fact` in the present transaction: both are stored, or neither.

    A fact is a frozen dataclass of JSON values; its fields become the job's keyword arguments.
    """
    for job in _reactions.get(type(fact), ()):
        job.enqueue(**{field.name: getattr(fact, field.name) for field in fields(fact)})
