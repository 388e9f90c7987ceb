"""Findings and what surrounds them."""

from fullscore.domains.foundation.findings.models.checking import (
    Blind,
    Check,
    CheckRun,
    CheckSetting,
)
from fullscore.domains.foundation.findings.models.found import (
    Comment,
    Event,
    Finding,
    FindingVersion,
    Proof,
)
from fullscore.domains.foundation.findings.models.rules import DueRule, OwnerRule
from fullscore.domains.foundation.findings.models.waivers import Waiver

__all__ = [
    "Blind",
    "Check",
    "CheckRun",
    "CheckSetting",
    "Comment",
    "DueRule",
    "Event",
    "Finding",
    "FindingVersion",
    "OwnerRule",
    "Proof",
    "Waiver",
]
