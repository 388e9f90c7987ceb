"""Opening, changing and closing accounts."""

from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction

from fullscore.domains.foundation.access import queries
from fullscore.domains.foundation.access.models import RoleGrant
from fullscore.domains.foundation.access.services import grants, keys, links, sessions
from fullscore.domains.foundation.directory import services as directory
from fullscore.kit import time
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict, Invalid, NotAllowed
from fullscore.kit.models import User


def add(*, by: User, email: str, name: str = "", kind: str = User.Kind.PERSON) -> User:
    """Open an account, without a password: send its owner a link. It may nothing until granted."""
    _check_manages(by)
    if kind == User.Kind.SYSTEM:
        raise Invalid("There is one system account.", {"kind": ["Choose person or service."]})
    user = User(
        email=User.objects.normalize_email(email), name=name, kind=kind,
        time_zone=settings.OPTIONS.time_zone,
    )  # fmt: skip
    user.set_unusable_password()
    with recorded(user, "add", by=by):
        pass
    if kind == User.Kind.PERSON:
        directory.person_for(user, by=by)  # whom work can be assigned to
    return user


def change(user: User, *, by: User, **values: Any) -> User:
    """Give an account another name or address; a new address is told to the old one."""
    _check_manages(by)
    if user.kind == User.Kind.SYSTEM or values.get("kind", user.kind) != user.kind:
        raise Conflict("What kind of account it is stays: open another one.")
    before = User.objects.get(pk=user.pk).email
    with recorded(user, "change", by=by):
        for name, value in values.items():
            setattr(user, name, value)
    if user.email != before:
        _tell_old_address(user, before, by=by)
        sessions.end_all(user)
    return user


def _check_manages(by: User) -> None:
    """Refuse who manages access for a team or site only: an account belongs to no team."""
    if not queries.reach(by, "kit.change_user").everywhere:
        raise NotAllowed("Accounts are managed by whoever is administrator everywhere.")


def _tell_old_address(user: User, address: str, *, by: User) -> None:
    message = EmailMessage(
        subject="[Fullscore] The address of your account was changed",
        body=f"{by} changed it to {user.email}. If that is wrong, tell an administrator now.",
        to=[address],
        headers={"Auto-Submitted": "auto-generated"},
    )
    transaction.on_commit(message.send)


def deactivate(user: User, *, by: User, note: str = "") -> User:
    """Close an account: no sign-in, no tokens, no links. What it did stays on record."""
    _check_manages(by)
    if not user.is_active:
        raise Conflict(f"{user} is closed already.")
    if user.pk == by.pk:
        raise NotAllowed("Nobody closes their own account; ask another administrator.")
    if user.kind == User.Kind.SYSTEM:
        raise Conflict("The system's own account cannot be closed.")
    with transaction.atomic():
        clear(user, by=by, note="account closed")
        with recorded(user, "deactivate", by=by, note=note):
            user.is_active = False
    return user


@transaction.atomic
def clear(user: User, *, by: User, note: str) -> None:
    """End what an account holds: grants, tokens, links, sessions."""
    for held in RoleGrant.objects.on(time.now().date()).filter(user=user):
        grants.end(held, by=by, note=note)
    for token in user.api_tokens.live(time.now()):
        keys.revoke(token, by=by)
    links.cancel(user, by=by)
    sessions.end_all(user)
