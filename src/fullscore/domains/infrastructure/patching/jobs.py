"""What is done in the background: plans are drawn up."""

from fullscore.domains.infrastructure.patching.models import Campaign
from fullscore.domains.infrastructure.patching.services import planning
from fullscore.kit import time
from fullscore.kit.jobs import job
from fullscore.kit.models.user import system


@job(queue="slow")
def draw_up(campaign: int) -> None:
    """Draw up the plan of a campaign that asked for one."""
    for one in Campaign.objects.filter(pk=campaign, is_planning=True).select_related("baseline"):
        planning.draw_up(one, by=system(), now=time.now())
