"""Asking for, allowing and stopping what we send."""

from typing import Any

from django.db import transaction

from fullscore.domains.foundation.estate import permits
from fullscore.domains.foundation.estate.models import Scope
from fullscore.domains.foundation.estate.models.scopes import ONE_PERSON
from fullscore.kit import time
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import User

LONGEST_DAYS = 366
WHAT = ("targets", "exclusions", "methods", "packets_per_second", "connections_per_host",
        "hours_from", "hours_to", "expires_on")  # fmt: skip


def ask_scope(*, by: User, **values: Any) -> Scope:
    """Ask to contact something; nothing is sent before somebody allows it."""
    scope = Scope(asked_by=by, **values)
    with recorded(scope, "ask", by=by):
        _check(scope)
    return scope


def change_scope(scope: Scope, *, by: User, **values: Any) -> Scope:
    """Alter what is asked for; what was allowed counts no more when it alters what is sent."""
    altered = [name for name, value in values.items() if getattr(scope, name) != value]
    with recorded(scope, "change", by=by):
        for name, value in values.items():
            setattr(scope, name, value)
        _check(scope)
        if {*altered} & {*WHAT}:
            scope.approved_by = scope.second_by = scope.approved_at = None
            scope.asked_by = by
    return scope


def _check(scope: Scope) -> None:
    """Refuse what cannot be meant, and count what it covers."""
    networks, names = permits.read(scope.targets, field="targets")
    permits.read(scope.exclusions, field="exclusions")
    if not networks and not names:
        raise _wrong("targets", "Say whom to contact: a prefix, an address or a name.")
    known = set(Scope.Method.values)
    scope.methods = list(dict.fromkeys(word.strip().lower() for word in scope.methods))
    if not scope.methods or not set(scope.methods) <= known:
        raise _wrong("methods", f"Say how: {', '.join(sorted(known))}.")
    days = (scope.expires_on - time.now().date()).days
    if not 0 <= days <= LONGEST_DAYS:
        raise _wrong("expires_on", "Choose a day in the coming year.")
    # More than a bigint holds is an IPv6 prefix that nobody can look through anyway.
    scope.addresses = min(permits.count(networks, names), 2**62)


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, {field: [sentence]})


def allow(scope: Scope, *, by: User, note: str = "") -> Scope:
    """Let packets be sent to a scope; beyond 4,096 addresses another person has to as well."""
    if scope.approved_at is not None:
        raise Conflict(f"“{scope}” is allowed already.")
    if scope.approved_by_id == by.pk:
        raise Conflict("Another person has to allow it too: it covers more than 4,096 addresses.")
    with recorded(scope, "allow", by=by, note=note):
        if scope.approved_by is None:
            scope.approved_by = by
        else:
            scope.second_by = by
        if scope.addresses <= ONE_PERSON or scope.second_by is not None:
            scope.approved_at = time.now()
    return scope


def pause(scope: Scope, *, by: User, note: str = "") -> Scope:
    """Stop sending to a scope: within two seconds nothing leaves any more."""
    if scope.is_paused:
        raise Conflict(f"“{scope}” is paused already.")
    with recorded(scope, "pause", by=by, note=note):
        scope.is_paused = True
    return scope


def resume(scope: Scope, *, by: User, note: str = "") -> Scope:
    """Go on sending to a scope."""
    if not scope.is_paused:
        raise Conflict(f"“{scope}” is not paused.")
    with recorded(scope, "resume", by=by, note=note):
        scope.is_paused = False
    return scope


@transaction.atomic
def stop_all(*, by: User, note: str = "Stop all") -> int:
    """Stop sending to every scope; returns how many were stopped."""
    rows = list(Scope.objects.select_for_update().filter(is_paused=False))
    for scope in rows:
        pause(scope, by=by, note=note)
    return len(rows)
