"""API tokens: made, shown once, checked on each use, revoked."""

import hmac
import ipaddress
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from fullscore.domains.foundation.access import tokens
from fullscore.domains.foundation.access.models import ApiToken
from fullscore.kit import access, time
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict, Invalid, NotAllowed
from fullscore.kit.models import User

MOST_TOKENS = 20
LONGEST_DAYS = 365
USE_NOTED_EVERY = timedelta(minutes=1)


def issue(
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
    if action == "private":  # people's private fields: only a token made for them
        return not {"private", f"private:{noun}"}.isdisjoint(token.scopes)
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
