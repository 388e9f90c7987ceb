"""Campaigns that bring servers to the next release: drafted here, carried out by hand."""

from collections import Counter
from datetime import timedelta

from fullscore.domains.foundation.estate import support
from fullscore.domains.infrastructure.patching.models import Baseline, Campaign
from fullscore.domains.infrastructure.patching.queries import ending, standing
from fullscore.domains.infrastructure.patching.services.campaigns import draft
from fullscore.domains.infrastructure.servers.models import Server
from fullscore.kit import time
from fullscore.kit.errors import Conflict
from fullscore.kit.models import User

RUN_MINUTES = 120  # a server takes: download, two runs of apt, two restarts; our judgement
NOTICE = timedelta(days=7)


def draft_upgrade(
    os_id: str, release: str, *, by: User, baseline: Baseline | None = None
) -> Campaign:
    """Draft the campaign that brings the servers of a release to the next one; plan it next.

    Without a baseline it is that of most of them: its rings and windows say who comes when.
    """
    baseline = baseline or _of_most(os_id, release)
    told = f"{os_id} {release}"
    follows = support.next_release(os_id, release) or ""
    now = time.now()
    return draft(
        by=by, title=f"Upgrade {told} to {follows}"[:120], baseline=baseline, release_from=told,
        cut_off_at=now, begins_at=now + NOTICE, run_minutes=RUN_MINUTES,
        way_back=Campaign.WayBack.NONE,
    )  # fmt: skip


def _of_most(os_id: str, release: str) -> Baseline:
    servers = ending.on_release(os_id, release)
    if not servers:
        raise Conflict(f"No server runs {os_id} {release}.")
    rows = Server.objects.filter(pk__in=servers).values_list("item_id", flat=True)
    baseline_of = standing.by_baseline()
    counts = Counter(baseline_of[item] for item in rows if item in baseline_of)
    if not counts:
        raise Conflict("No baseline fits its servers: add one, with a ring and a window, first.")
    return Baseline.objects.get(pk=counts.most_common(1)[0][0])
