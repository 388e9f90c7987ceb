"""What may be sent now: the permits that scopes give."""

from datetime import datetime

from fullscore.connectors.base import Permit
from fullscore.domains.foundation.estate import permits
from fullscore.domains.foundation.estate.models import Scope
from fullscore.kit.errors import Conflict


def permit(scope: Scope, *, now: datetime) -> Permit:
    """Return what a scope permits now; raises Conflict with what is missing.

    It ends with the scope's last day or with its hours, whichever is first; whoever sends by it
    also asks `is_stopped`.
    """
    if scope.approved_at is None:
        raise Conflict(f"“{scope}” is not allowed yet: {scope.state}.")
    if scope.is_paused:
        raise Conflict(f"“{scope}” is paused: resume it first.")
    expires_at = permits.expiry(scope.expires_on)
    if now >= expires_at:
        raise Conflict(f"“{scope}” ended on {scope.expires_on:%-d %B %Y}: ask for it anew.")
    until = permits.open_until(now, scope.hours_from, scope.hours_to)
    if until is None:
        raise Conflict(f"“{scope}” is allowed from {scope.hours_from:%H:%M} UTC: wait until then.")
    networks, names = permits.read(scope.targets, field="targets")
    without, unnamed = permits.read(scope.exclusions, field="exclusions")
    return Permit(
        networks=networks, names=names, methods=frozenset(scope.methods),
        expires_at=min(expires_at, until), excluded_networks=without, excluded_names=unnamed,
        packets_per_second=float(scope.packets_per_second),
        connections_per_host=scope.connections_per_host,
    )  # fmt: skip


def is_stopped(scope: int) -> bool:
    """Say whether sending to a scope has to end at once: paused, voided or gone."""
    return not Scope.objects.filter(pk=scope, is_paused=False, approved_at__isnull=False).exists()
