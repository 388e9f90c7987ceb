"""Founding the sample company, letting it live through what was found, and keeping it alive."""

from fullscore.domains.overview.demo.services.founding import fill
from fullscore.domains.overview.demo.services.living import go_on, live_through

__all__ = ["fill", "go_on", "live_through"]
