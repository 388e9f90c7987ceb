"""What an account has, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing of an account. `joins` are ids of others: volumes, targets, members."""

    kind: str
    id: str
    name: str = ""
    region: str = ""
    zone: str = ""
    state: str = ""
    arn: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    joins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gap:
    """What could not be read: which kind, where, and why; `action` is what the policy lacks."""

    kind: str
    region: str
    why: str
    action: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """All that was read of an account; a kind with a gap is unknown there, not gone."""

    account: str
    things: tuple[Thing, ...]
    gaps: tuple[Gap, ...] = ()
