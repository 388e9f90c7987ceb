"""Plans are drawn up in the background, and people told what stands."""

from fullscore.domains.infrastructure.patching.models import Campaign
from fullscore.domains.infrastructure.patching.services import planning
from fullscore.kit import notify, time
from fullscore.kit.jobs import job
from fullscore.kit.models.user import system


@job(queue="slow")
def draw_up(campaign: int) -> None:
    """Draw up the plan of a campaign that asked for one."""
    for one in Campaign.objects.filter(pk=campaign, is_planning=True).select_related("baseline"):
        planning.draw_up(one, by=system(), now=time.now())


@job()
def notify_paused(campaign: int) -> None:
    """Tell who drafted, approved and carries out a campaign that it stands."""
    rows = Campaign.objects.filter(pk=campaign, state=Campaign.State.PAUSED)
    for one in rows.select_related("drafted_by", "approved_by", "change__executor"):
        executor = one.change.executor if one.change else None
        for user in {u for u in (one.drafted_by, one.approved_by, executor) if u}:
            notify.notify(
                user,
                f"“{one}” is paused"[:200],
                body=one.why,
                url=f"/patch-campaigns/{one.pk}",
                severity=4,
            )
