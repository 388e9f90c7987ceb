"""Links that sign in once."""

import secrets
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction

from fullscore.domains.foundation.access import queries, tokens
from fullscore.domains.foundation.access.models import SignInLink
from fullscore.domains.foundation.access.services import grants
from fullscore.domains.foundation.directory import services as directory
from fullscore.kit import time
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Invalid, NotAllowed
from fullscore.kit.models import User
from fullscore.kit.models.user import system

LINK_PATH = "/sign-in/link/"
FIRST_EMAIL = "admin@localhost"
FIRST_MINUTES = 60


class LinkIsSpent(NotAllowed):
    """The link opens nothing, or nothing any more."""

    title = "This link no longer signs in"


def issue(user: User, *, by: User, minutes: int = 30, is_from_machine: bool = False) -> str:
    """Make a link that signs an account in once, in place of all earlier ones; return its path.

    Whoever reads the path is that account: show it to nobody but its owner.
    """
    _check_can_sign_in(user)
    text = secrets.token_urlsafe(32)  # 256 bits
    link = SignInLink(
        user=user, digest=tokens.digest(text), is_from_machine=is_from_machine,
        expires_at=time.now() + timedelta(minutes=minutes),
    )  # fmt: skip
    with transaction.atomic():
        cancel(user, by=by)
        with recorded(link, "issue", by=by):
            pass
    return LINK_PATH + text


def send(user: User, *, by: User) -> User:
    """Mail an account a link that signs it in once, within 30 minutes."""
    if not queries.reach(by, "access.add_signinlink").everywhere:
        raise NotAllowed("Links are sent by whoever is administrator everywhere.")
    path = issue(user, by=by)
    message = EmailMessage(
        subject="[Fullscore] Your way in",
        body=f"{by} sends you a link that signs you in once, within 30 minutes:\n\n"
        f"{settings.OPTIONS.address}{path}\n\nIf you did not expect it, do not open it.",
        to=[user.email],
        headers={"Auto-Submitted": "auto-generated"},
    )
    transaction.on_commit(message.send)
    return user


def redeem(text: str) -> tuple[User, SignInLink]:
    """Spend a link; return the account it opens. Unknown, used and expired sound the same."""
    with transaction.atomic():
        link = _open_link(text, lock=True)
        _check_can_sign_in(link.user)
        with recorded(link, "redeem", by=link.user):
            link.used_at = time.now()
    return link.user, link


def peek(text: str) -> User:
    """Return the account a link would open, without spending it."""
    return _open_link(text).user


def from_machine(email: str) -> str:
    """Return the path of a link for an account, for whoever sits at the machine itself."""
    user = User.objects.filter(email__iexact=email.strip()).first()
    if user is None:
        raise Invalid(f"There is no account “{email}”.")
    return issue(user, by=system(), is_from_machine=True)


def open_installation() -> str | None:
    """Return the path of a link for the first administrator, made if there is nobody yet.

    None once there is another way in: a password or a passkey of that account, or other people's
    accounts on an installation that has no such administrator.
    """
    with transaction.atomic():
        first = User.objects.filter(email=FIRST_EMAIL).first()
        if first is None:
            if User.objects.filter(kind=User.Kind.PERSON).exists():
                return None
            first = _first_administrator()
        has_way_in = first.has_usable_password() or queries.has_passkey(first)
        if has_way_in or not first.is_active:
            return None
        return issue(first, by=system(), minutes=FIRST_MINUTES, is_from_machine=True)


def _first_administrator() -> User:
    first = User(email=FIRST_EMAIL, name="Administrator", kind=User.Kind.PERSON)
    first.set_unusable_password()
    with recorded(first, "add", by=system(), note="first administrator"):
        pass
    directory.person_for(first, by=system())
    # An administrator sees no incident; who installs this runs it too, until others come.
    for role in ("administrator", "operator"):
        grants.grant(first, by=system(), role=role)
    return first


def _check_can_sign_in(user: User) -> None:
    if user.kind != User.Kind.PERSON:
        raise NotAllowed("Only people sign in; programs use tokens.")
    if not user.is_active:
        raise NotAllowed("This account is closed; ask an administrator.")


def _open_link(text: str, *, lock: bool = False) -> SignInLink:
    links = SignInLink.objects.select_related("user")
    if lock:
        links = links.select_for_update(of=("self",))
    link = links.filter(digest=tokens.digest(text)).first()
    if link is None or link.used_at is not None or link.expires_at <= time.now():
        raise LinkIsSpent(
            "It was used already, has expired or was replaced by a newer one. Ask for a new link, "
            "or run `fullscore access link` on the machine."
        )
    return link


def cancel(user: User, *, by: User) -> None:
    """Let no older link of an account open anything."""
    unused = user.sign_in_links.filter(used_at__isnull=True, expires_at__gt=time.now())
    for link in unused:
        with recorded(link, "cancel", by=by):
            link.expires_at = time.now()
