"""What the clock does with the estate."""

from fullscore.domains.foundation.estate import services
from fullscore.kit import time
from fullscore.kit.jobs import every
from fullscore.kit.models.user import system


@every(days=1, at="00:10")
def ask_again() -> None:
    """Open the differences that were ignored until today."""
    services.ask_again(by=system(), now=time.now())
