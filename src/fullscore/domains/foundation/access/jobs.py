"""What follows from what happens to people."""

from fullscore.domains.foundation.access.services import accounts
from fullscore.kit.jobs import job
from fullscore.kit.models import User
from fullscore.kit.models.user import system


@job()
def clear_account(person: int) -> None:
    """End the grants, tokens, links and sessions of somebody who has left."""
    for user in User.objects.filter(person=person):
        accounts.clear(user, by=system(), note="left")
