"""Keeping the sample company alive while it runs: without news all its hosts would fall silent."""

from fullscore.domains.overview.demo import services
from fullscore.kit import time


def go_on() -> None:
    """Let every host tell once more that it is as it was."""
    services.go_on(now=time.now())
