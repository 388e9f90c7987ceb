"""Whose logins are, as people come and go and say so."""

from fullscore.domains.infrastructure.servers import services
from fullscore.kit.jobs import every


@every(minutes=5)
def match_logins() -> None:
    """Write to every login of every server whose it is by now."""
    services.match_logins()
