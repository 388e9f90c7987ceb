"""What others may react to; each carries ids only."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlanAsked:
    """A campaign is to be planned."""

    campaign: int


@dataclass(frozen=True, slots=True)
class CampaignPaused:
    """A campaign stands still until somebody looks."""

    campaign: int
