"""Patching at a glance: how far behind, and why not yet."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import path

from fullscore.domains.infrastructure.patching.models import Baseline
from fullscore.domains.infrastructure.patching.queries import campaigns, compliance
from fullscore.interfaces.web import shell
from fullscore.interfaces.web.shell import SignedIn
from fullscore.kit import time
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


PATTERNS = [path("patching", login_required(patching), name="patching")]
