"""What can be done with accounts, roles, tokens and ways in."""

import hmac
import ipaddress
import secrets
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction

from fullscore.domains.foundation.access import queries, roles, tokens
from fullscore.domains.foundation.access.models import ApiToken, RoleGrant, SignInLink
from fullscore.domains.foundation.directory.models import Team
from fullscore.domains.foundation.estate.models import Item
from fullscore.kit import access, time
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict, Invalid, NotAllowed
from fullscore.kit.models import User
from fullscore.kit.models.user import system

MOST_TOKENS = 20
LONGEST_DAYS = 365
USE_NOTED_EVERY = timedelta(minutes=1)
LINK_PATH = "/sign-in/link/"
FIRST_EMAIL = "admin@localhost"
FIRST_MINUTES = 60


# ── roles ──────────────────────────────────────────────────────────────────────────────────────────


def grant(
    user: User,
    *,
    by: User,
    role: str,
    team: Team | None = None,
    site: Item | None = None,
    ends_on: date | None = None,
) -> RoleGrant:
    """Give an account a role: everywhere, for a team's things, or at a site. Nobody to themselves."""
    _check_grant(user, by=by, role=role, team=team, site=site)
    today = time.now().date()
    same = RoleGrant.objects.on(today).filter(user=user, role=role, team=team, site=site)
    if same.exists():
        raise Conflict(f"{user} holds this role there already.")
    if ends_on is not None and ends_on <= today:
        raise Invalid("The end lies in the past.", {"ends_on": ["Choose a day after today."]})
    made = RoleGrant(
        user=user, role=role, team=team, site=site, starts_on=today, ends_on=ends_on, granted_by=by
    )
    with recorded(made, "grant", by=by):
        pass
    _changed(user)
    return made


def end(grant: RoleGrant, *, by: User, note: str = "") -> RoleGrant:
    """Take a role back from today on; the account's sessions end, so that nothing lingers."""
    today = time.now().date()
    if grant.ends_on is not None and grant.ends_on <= today:
        raise Conflict(f"This role ended on {grant.ends_on}.")
    if not queries.may_grant(by, grant.role, team=grant.team, site=grant.site):
        raise NotAllowed("You can only take back what you could grant yourself.")
    _keep_an_administrator(grant)
    with recorded(grant, "end", by=by, note=note):
        grant.ends_on = today
    _changed(grant.user)
    return grant


def _check_grant(user: User, *, by: User, role: str, team: Team | None, site: Item | None) -> None:
    if role not in roles.BY_NAME:
        raise Invalid(f"There is no role “{role}”.", {"role": ["Choose one of the roles."]})
    if user.pk == by.pk:
        raise NotAllowed("Nobody grants a role to themselves; ask another administrator.")
    if user.kind == User.Kind.SYSTEM:
        raise Conflict("The system's own account needs no roles.")
    if site is not None and site.kind != "site":
        raise Invalid(f"{site} is a {site.kind}, not a site.", {"site": ["Choose a site."]})
    if not queries.may_grant(by, role, team=team, site=site):
        raise NotAllowed(
            f"You can only grant what you hold yourself there; “{role}” goes beyond it."
        )


def _keep_an_administrator(grant: RoleGrant) -> None:
    """Refuse to take the last administrator's role: nobody could give it back."""
    if grant.role != "administrator" or grant.team_id or grant.site_id:
        return
    others = RoleGrant.objects.on(time.now().date()).filter(
        role="administrator", team=None, site=None, user__is_active=True, user__kind="person"
    )
    if not others.exclude(user=grant.user).exists():
        raise Conflict(f"{grant.user} is the last administrator: make another one first.")


def _changed(user: User) -> None:
    queries.forget(user)
    end_sessions(user)


# ── accounts and sessions ──────────────────────────────────────────────────────────────────────────


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
            end(held, by=by, note="account closed")
        for token in user.api_tokens.live(time.now()):
            revoke(token, by=by)
        _cancel_links(user, by=by)
        with recorded(user, "deactivate", by=by, note=note):
            user.is_active = False
    _changed(user)
    return user


def end_sessions(user: User, *, keep: str = "") -> int:
    """Sign an account out everywhere but in the session with the key `keep`; return how many ended."""
    ended = list(UserSession.objects.filter(user_id=user.pk).exclude(session_key=keep))
    for session in ended:
        session.end()
    return len(ended)


# ── tokens ─────────────────────────────────────────────────────────────────────────────────────────


def issue_token(
    user: User,
    *,
    by: User,
    name: str,
    scopes: Sequence[str],
    days: int = 90,
    address_range: str = "",
) -> tuple[ApiToken, str]:
    """Make a token; return it and its text, which is shown this once and never stored."""
    _check_owner(user, by=by)
    if not 1 <= days <= LONGEST_DAYS:
        raise Invalid(
            f"A token lives 1 to {LONGEST_DAYS} days.", {"days": [f"1 to {LONGEST_DAYS}."]}
        )
    text, now = tokens.new(), time.now()
    token = ApiToken(
        user=user, name=name, prefix=text[: tokens.SHOWN], digest=tokens.digest(text),
        scopes=list(scopes), address_range=_network(address_range),
        expires_at=now + timedelta(days=days),
    )  # fmt: skip
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # two at once would both see 19
        if user.api_tokens.live(now).count() >= MOST_TOKENS:
            raise Conflict(f"{user} has {MOST_TOKENS} live tokens: revoke one first.")
        with recorded(token, "issue", by=by):
            pass
    return token, text


def revoke(token: ApiToken, *, by: User) -> ApiToken:
    """Make a token open nothing from now on: one's own, or any with the right to change tokens."""
    if token.revoked_at is not None:
        raise Conflict("This token is revoked already.")
    if token.user_id != by.pk and not access.reach(by, "access.change_apitoken").everywhere:
        raise NotAllowed("This token is somebody else's.")
    with recorded(token, "revoke", by=by):
        token.revoked_at = time.now()
    return token


def authenticate(text: str, *, address: str) -> tuple[User, ApiToken]:
    """Return the account and the token behind a text sent from an address.

    Raises NotAllowed: no token at all, unknown, revoked, expired, from elsewhere, account closed.
    """
    if not tokens.is_well_formed(text):
        raise NotAllowed("This is not a token of this product: it starts with fs_; copy all of it.")
    token = _token_of(text)
    if token is None:
        raise NotAllowed("This token is not known here: make one under Settings, API tokens.")
    now = time.now()
    if token.revoked_at is not None:
        raise NotAllowed("This token was revoked: make a new one.")
    if token.expires_at <= now:
        raise NotAllowed(f"This token expired on {token.expires_at:%F}: make a new one.")
    if token.address_range and not _is_inside(address, token.address_range):
        raise NotAllowed("This token may not be used from this address.")
    if not token.user.is_active or token.user.kind == User.Kind.SYSTEM:
        raise NotAllowed("The account of this token is closed.")
    _note_use(token, now)
    return token.user, token


def token_allows(token: ApiToken, noun: str, action: str) -> bool:
    """Say whether the scopes cover an action (`view`, else a verb) on a noun, as the API names it.

    Acting includes no reading: a token that only acknowledges cannot list.
    """
    word = "read" if action == "view" else "act"
    wide = {word, f"{word}:{noun}"}
    exact = {f"act:{noun}.{action}"} if word == "act" else set()
    return not (wide | exact).isdisjoint(token.scopes)


def _check_owner(user: User, *, by: User) -> None:
    """Refuse tokens that would let one person act as another."""
    if not user.is_active:
        raise Conflict(f"{user} is closed: its tokens would open nothing.")
    if user.kind == User.Kind.SYSTEM:
        raise NotAllowed("The system's own account has no tokens.")
    if user.pk == by.pk:
        return
    if user.kind == User.Kind.PERSON:
        raise NotAllowed("People make their own tokens; for a program, use a service account.")
    if not access.reach(by, "access.add_apitoken").everywhere:
        raise NotAllowed("Tokens of service accounts are made by whoever manages access.")


def _token_of(text: str) -> ApiToken | None:
    """Return the token with this text. Found by its open part, compared in constant time."""
    wanted, found = tokens.digest(text), None
    candidates = ApiToken.objects.filter(prefix=text[: tokens.SHOWN]).select_related("user")
    for token in candidates:
        if hmac.compare_digest(token.digest, wanted):
            found = token
    return found


def _note_use(token: ApiToken, now: datetime) -> None:
    if token.last_used_at is None or now - token.last_used_at >= USE_NOTED_EVERY:
        token.last_used_at = now
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)


def _network(text: str) -> str:
    """Return an address range in its canonical form; empty stays empty."""
    if not text.strip():
        return ""
    try:
        return str(ipaddress.ip_network(text.strip(), strict=False))
    except ValueError as error:
        raise Invalid(
            f"“{text}” is no address range: write 192.0.2.0/24 or 2001:db8::/32.",
            {"address_range": ["Write a range such as 192.0.2.0/24."]},
        ) from error


def _is_inside(address: str, network: str) -> bool:
    try:
        sender = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(sender, "ipv4_mapped", None)  # ::ffff:192.0.2.1 is 192.0.2.1
    return (mapped or sender) in ipaddress.ip_network(network)


# ── ways in ────────────────────────────────────────────────────────────────────────────────────────


def issue_link(user: User, *, by: User, minutes: int = 30, is_from_machine: bool = False) -> str:
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
        _cancel_links(user, by=by)
        with recorded(link, "issue", by=by):
            pass
    return LINK_PATH + text


def send_link(user: User, *, by: User) -> User:
    """Mail an account a link that signs it in once, within 30 minutes."""
    path = issue_link(user, by=by)
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
    """Spend a link; return the account it opens. The same sentence for unknown, used and expired."""
    with transaction.atomic():
        link = _open_link(text, lock=True)
        _check_can_sign_in(link.user)
        with recorded(link, "redeem", by=link.user):
            link.used_at = time.now()
    return link.user, link


def peek(text: str) -> User:
    """Return the account a link would open, without spending it."""
    return _open_link(text).user


def link_from_machine(email: str) -> str:
    """Return the path of a link for an account, for whoever sits at the machine itself."""
    user = User.objects.filter(email__iexact=email.strip()).first()
    if user is None:
        raise Invalid(f"There is no account “{email}”.")
    return issue_link(user, by=system(), is_from_machine=True)


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
        has_way_in = first.has_usable_password() or queries.has_second_factor(first)
        if has_way_in or not first.is_active:
            return None
        return issue_link(first, by=system(), minutes=FIRST_MINUTES, is_from_machine=True)


def _first_administrator() -> User:
    first = User(email=FIRST_EMAIL, name="Administrator", kind=User.Kind.PERSON)
    first.set_unusable_password()
    with recorded(first, "add", by=system(), note="first administrator"):
        pass
    grant(first, by=system(), role="administrator")
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
        raise NotAllowed(
            "This link was used already, has expired or was replaced: ask for a new one, or run "
            "`fullscore access link` on the machine."
        )
    return link


def _cancel_links(user: User, *, by: User) -> None:
    """Let no older link of an account open anything."""
    unused: Iterable[SignInLink] = user.sign_in_links.filter(
        used_at__isnull=True, expires_at__gt=time.now()
    )
    for link in unused:
        with recorded(link, "cancel", by=by):
            link.expires_at = time.now()
