"""What the calendar does to people."""

from fullscore.domains.foundation.directory import services
from fullscore.kit.jobs import every
from fullscore.kit.models.user import system


@every(hours=1)
def let_go() -> None:
    """Let those go whose last day is over."""
    services.let_go(by=system())
