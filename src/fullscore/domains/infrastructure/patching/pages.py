"""Patching at a glance: how far behind, and why not yet; and what is out of support."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import path
from django.views.decorators.http import require_POST

from fullscore.domains.infrastructure.patching import services
from fullscore.domains.infrastructure.patching.models import Baseline
from fullscore.domains.infrastructure.patching.queries import campaigns, compliance, ending
from fullscore.interfaces.web import shell
from fullscore.interfaces.web.shell import SignedIn
from fullscore.kit import access, time
from fullscore.kit.errors import Problem
from fullscore.kit.perform import require

SHOWN = 200


def patching(request: SignedIn) -> HttpResponse:
    """Show how services, rings and servers stand against their baselines."""
    require("patching.view_baseline", by=request.user)
    now = time.now()
    told = compliance.compliance(request.user, now=now, waits=campaigns.waits())
    return shell.page(
        request,
        "patching/compliance.html",
        title="Patching",
        told=told,
        lines=told.lines[:SHOWN],
        now=now,
        today=now.date(),
        has_baseline=Baseline.objects.exists(),
        waiting=compliance.security_waiting(request.user),
    )


def end_of_life(request: SignedIn) -> HttpResponse:
    """Show which releases are out of support or soon will be, and what hangs on each."""
    require("servers.view_server", by=request.user)
    today = time.now().date()
    found = ending.releases(request.user)
    near = [one for one in found if one.until <= today + ending.SOON]
    over = [one for one in near if one.until < today]
    return shell.page(
        request, "patching/end_of_life.html", title="End of life", near=near, over=len(over),
        servers=len({item for one in over for item in one.items}), today=today,
        later=[one for one in found if one not in near],
        may_draft=access.may(request.user, "patching.add_campaign"),
    )  # fmt: skip


@require_POST
def draft_upgrade(request: SignedIn) -> HttpResponse:
    """Draft the campaign that brings the servers of a release to the next one."""
    require("patching.add_campaign", by=request.user)
    try:
        campaign = services.draft_upgrade(
            request.POST.get("os", ""), request.POST.get("release", ""), by=request.user
        )
    except Problem as problem:
        messages.error(request, str(problem))
        return HttpResponseRedirect("/end-of-life")
    messages.success(request, "It is a draft: read it, then have it planned in waves.")
    return HttpResponseRedirect(f"/patch-campaigns/{campaign.pk}")


PATTERNS = [
    path("patching", login_required(patching), name="patching"),
    path("end-of-life", login_required(end_of_life), name="end-of-life"),
    path("end-of-life/upgrade", login_required(draft_upgrade), name="draft-upgrade"),
]
