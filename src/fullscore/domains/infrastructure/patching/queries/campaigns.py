"""Where campaigns stand: what waits for whom, and what each server waits for."""

from collections.abc import Callable
from datetime import datetime

from django.utils.timezone import localtime

from fullscore.domains.foundation.estate import queries as estate
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.infrastructure.patching.facts import Standing
from fullscore.domains.infrastructure.patching.models import Campaign, ServerRun
from fullscore.engines.attention import Concern
from fullscore.kit import access
from fullscore.kit.models import User

SOURCE = "patch campaign"
LOOK_HOURS = 0.5  # our judgement: to read a plan, or to see why a campaign stands
STAKE = 0.05  # of an hour's downtime: the chance that an unpatched server costs one


def waits() -> Callable[[Standing], str]:
    """Return what says for a server with updates what it waits for; two statements."""
    rows = ServerRun.objects.filter(campaign__state__in=[*Campaign.PLANNABLE, *Campaign.UNDER_WAY])
    told: dict[int, str] = {}
    for run in rows.select_related("campaign", "wave").order_by("pk"):
        told[run.server_id] = _told(run)
    return lambda one: told.get(one.server, "It waits for a campaign.")


def _told(run: ServerRun) -> str:
    where = f"“{run.campaign}”"
    if run.wave is None:
        return f"In no wave of {where}: {run.why}"
    if run.state in (ServerRun.State.FAILED, ServerRun.State.UNKNOWN, ServerRun.State.SKIPPED):
        return f"{run.get_state_display().capitalize()} in {where}: {run.why}"
    stands = {"draft": "not proposed yet", "proposed": "not approved yet", "paused": "paused"}
    told = stands.get(run.campaign.state, "")
    when = f"{where}, wave {run.wave.number}, {localtime(run.wave.starts_at):%-d %b %H:%M %Z}"
    return f"{when} ({told})." if told else f"{when}."


def concerns(user: User, now: datetime) -> tuple[list[Concern], dict[str, Campaign]]:
    """Return the campaigns that wait for somebody: for a yes, a start, or a look."""
    seen = Campaign.objects.visible_to(user).select_related("baseline", "drafted_by")
    found: dict[str, Campaign] = {}
    if access.may(user, "patching.approve_campaign"):
        for one in seen.filter(state=Campaign.State.PROPOSED).exclude(drafted_by=user.pk):
            found[f"{SOURCE}:{one.pk}:approve"] = one
    if access.may(user, "patching.execute_campaign"):
        for one in seen.filter(state=Campaign.State.PAUSED):
            found[f"{SOURCE}:{one.pk}:look"] = one
        for one in seen.filter(state=Campaign.State.APPROVED):
            found[f"{SOURCE}:{one.pk}:start"] = one
    return [_concern(key, one) for key, one in found.items()], found


def _concern(key: str, campaign: Campaign) -> Concern:
    items = Item.objects.filter(server__patch_runs__campaign=campaign).distinct()[:500]
    dearest = max((p.per_hour for p in estate.downtime_per_hour(items).values()), default=0.0)
    first = campaign.waves.order_by("number").values_list("starts_at", flat=True).first()
    return Concern(
        key=key, source=SOURCE, stake=STAKE * dearest, due_at=first, work_hours=LOOK_HOURS
    )
