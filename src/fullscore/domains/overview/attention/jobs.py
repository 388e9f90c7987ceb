"""What the clock does to the queue."""

from fullscore.domains.overview.attention import services
from fullscore.kit.jobs import every
from fullscore.kit.models.user import system


@every(minutes=5)
def let_pass() -> None:
    """Let proposals pass whose work is done or taken."""
    services.let_pass(by=system())
