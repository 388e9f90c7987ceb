"""What keeps a server from being touched, and what speaks against one that was."""

from datetime import datetime, timedelta

from fullscore.domains.foundation.changes.models import Trouble
from fullscore.domains.foundation.changes.queries.blast import blast
from fullscore.domains.foundation.findings.models import Finding
from fullscore.domains.foundation.telemetry.models import Breach
from fullscore.domains.infrastructure.patching.models import RunStep, ServerRun

TROUBLED = 3  # criticality up to which a trouble keeps a server from being touched
HIGH = 4  # severity
FRESH = timedelta(days=1)  # an older one is known, and no sign that something happens now
BACKUP_CHECK = "backups.too_old"
# A host that does not stand well by itself would hide what an update does to it.
UNWELL_CHECKS = (
    "servers.host_silent", "servers.ssh_failing", "servers.unit_failed",
    "servers.unit_not_running", "servers.unit_restarting",
)  # fmt: skip


def obstacle(run: ServerRun, now: datetime) -> str:
    """Say what keeps a server from being touched now; “” where nothing does.

    Trouble around it, no fresh backup, or a host that has begun to fail within a day.
    """
    item = run.server.item_id
    trouble = Trouble.objects.open().filter(item__in=[item, *_services(item)]).first()
    if trouble is not None:
        return f"{trouble.reference} is open: {trouble.title}"
    findings = Finding.objects.live().filter(item=item)
    if late := findings.filter(check_of__ident=BACKUP_CHECK).first():
        return f"It has no fresh backup: {late.title}"
    unwell = findings.filter(
        check_of__ident__in=UNWELL_CHECKS, severity__gte=HIGH, opened_at__gte=now - FRESH
    ).first()
    return f"It does not stand well: {unwell.title}" if unwell else ""


def wrong_since_update(run: ServerRun) -> str:
    """Say what is wrong with a server or its services that was not before its update began.

    Open troubles, findings from high on, and breaches of thresholds: of its services each, such as
    of error rate and latency, of the server itself from high on. “” where nothing is.
    """
    update = run.steps.filter(name__in=RunStep.ALTERING).order_by("place").first()
    if update is None:
        return ""
    item, since = run.server.item_id, update.started_at
    services = _services(item)
    trouble = Trouble.objects.open().filter(item__in=[item, *services], since__gte=since).first()
    if trouble is not None:
        return f"{trouble.reference} began since: {trouble.title}"
    found = Finding.objects.pressing().filter(
        item__in=[item, *services], severity__gte=HIGH, opened_at__gte=since
    )
    if finding := found.order_by("-severity", "pk").first():
        return f"New since: {finding.title}"
    breaches = Breach.objects.open().filter(since__gte=since).select_related("series__metric")
    own = breaches.filter(series__item=item, severity__gte=HIGH)
    breach = breaches.filter(series__item__in=services).first() or own.first()
    if breach is None:
        return ""
    return f"{breach.series} of {breach.series.item} is beyond its threshold since."


def _services(item: int) -> list[int]:
    """Return what would feel the loss of an item, and matters."""
    return [one.item for one in blast([item]).touched if one.criticality <= TROUBLED]
