"""Closing accounts."""

from django.db import transaction

from fullscore.domains.foundation.access.models import RoleGrant
from fullscore.domains.foundation.access.services import grants, keys, links, sessions
from fullscore.kit import time
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict, NotAllowed
from fullscore.kit.models import User


def deactivate(user: User, *, by: User, note: str = "") -> User:
    """Close an account: no sign-in, no tokens, no links. What it did stays on record."""
    if not user.is_active:
        raise Conflict(f"{user} is closed already.")
    if user.pk == by.pk:
        raise NotAllowed("Nobody closes their own account; ask another administrator.")
    if user.kind == User.Kind.SYSTEM:
        raise Conflict("The system's own account cannot be closed.")
    with transaction.atomic():
        for held in RoleGrant.objects.on(time.now().date()).filter(user=user):
            grants.end(held, by=by, note="account closed")
        for token in user.api_tokens.live(time.now()):
            keys.revoke(token, by=by)
        links.cancel(user, by=by)
        with recorded(user, "deactivate", by=by, note=note):
            user.is_active = False
    sessions.end_all(user)
    return user
