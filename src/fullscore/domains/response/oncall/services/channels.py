"""How people say by which ways they are reached, and prove that they are."""

import hashlib
import hmac
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from fullscore.connectors.base import Refused
from fullscore.connectors.sms import client as sms
from fullscore.domains.foundation.directory import services as directory
from fullscore.domains.foundation.directory.models import Person
from fullscore.domains.response.oncall.models import Attempt, ContactChannel, ContactRule
from fullscore.kit import limits, secrets, time
from fullscore.kit.audit import recorded, removed
from fullscore.kit.errors import Conflict, Invalid, NotAllowed
from fullscore.kit.models import User
from fullscore.kit.perform import Unmet

CODE_HOLDS = timedelta(minutes=30)
Kind = ContactChannel.Kind
BY_SECRET = {Kind.SLACK, Kind.TEAMS, Kind.SMS}  # the whole address is the secret
NEEDS_SECRET = {Kind.WEBHOOK, Kind.TELEGRAM}
BY_URL = {Kind.WEBHOOK, Kind.NTFY}


def add_channel(*, by: User, kind: str, address: str = "", secret: str = "") -> ContactChannel:
    """Add a way to be reached, and send a code there that proves it is one's own."""
    person = directory.person_for(by, by=by)
    address = _checked(kind, address.strip(), secret.strip())
    with transaction.atomic():
        channel = ContactChannel(person=person, kind=kind, address=address)
        with recorded(channel, "add", by=by):
            if secret.strip():
                name = f"contact channel {uuid4().hex[:12]}"
                channel.secret = secrets.keep(name, secret.strip(), by=by, kind="token")
        for urgency in ("important", "normal"):
            rule = ContactRule(person=person, urgency=urgency, channel=channel)
            with recorded(rule, "add", by=by):
                pass
        _queue(channel, Attempt.Kind.CODE)
    return channel


def refuse_to_add(*, by: User, **values: Any) -> ContactChannel:
    """Say where channels are added: what some of them need is a secret."""
    raise Conflict("Add a way to be reached on the page “My shifts”.")


def send_code(channel: ContactChannel, *, by: User) -> Attempt:
    """Send another code to the channel; the ones before no longer count."""
    _check_own(channel, by)
    if channel.confirmed_at is not None:
        raise Conflict("This channel is confirmed already.")
    limits.limit(f"oncall.code:{channel.pk}", per=timedelta(hours=1), count=5)
    return _queue(channel, Attempt.Kind.CODE)


def confirm(channel: ContactChannel, *, by: User, code: str) -> ContactChannel | Unmet:
    """Prove with the code that came that the channel is one's own. A wrong one burns the code."""
    _check_own(channel, by)
    if channel.confirmed_at is not None:
        raise Conflict("This channel is confirmed already.")
    sent = channel.attempts.filter(kind=Attempt.Kind.CODE).order_by("-pk").first()
    if sent is None or sent.link_used_at or time.now() - sent.due_at > CODE_HOLDS:
        return Unmet("That code no longer counts: let another one be sent.")
    Attempt.objects.filter(pk=sent.pk).update(link_used_at=time.now())
    if not hmac.compare_digest(code_of(sent), code.strip()):
        return Unmet("That is not the code that was sent: let another one be sent.")
    with recorded(channel, "confirm", by=by):
        channel.confirmed_at = time.now()
    return channel


def test(channel: ContactChannel, *, by: User) -> Attempt:
    """Send a test message by the channel; its delivery is listed below."""
    _check_own(channel, by)
    limits.limit(f"oncall.test:{channel.pk}", per=timedelta(hours=1), count=10)
    return _queue(channel, Attempt.Kind.TEST)


def forget(channel: ContactChannel, *, by: User) -> None:
    """No longer be reached by this channel."""
    _check_own(channel, by)
    secret = channel.secret
    with transaction.atomic():
        with removed(channel, by=by):
            pass
        if secret is not None:
            with removed(secret, by=by):
                pass


def add_rule(*, by: User, **values: Any) -> ContactRule:
    """Say when one of one's own channels is used."""
    channel = values["channel"]
    _check_own(channel, by)
    rule = ContactRule(**values | {"person": channel.person})
    with recorded(rule, "add", by=by):
        pass
    return rule


def change_rule(rule: ContactRule, *, by: User, **values: Any) -> ContactRule:
    """Use a channel earlier or later."""
    _check_own(rule.channel, by)
    _check_own(values.get("channel", rule.channel), by)
    with recorded(rule, "change", by=by):
        for name, value in values.items():
            setattr(rule, name, value)
    return rule


def drop(rule: ContactRule, *, by: User) -> None:
    """No longer use the channel for that urgency."""
    _check_own(rule.channel, by)
    with removed(rule, by=by):
        pass


def known_by_mail(person: Person, *, by: User) -> ContactChannel | None:
    """Return a channel to the address the directory knows, made now where there is none."""
    address = person.email or (person.user.email if person.user else "")
    if not address:
        return None
    same = {"person": person, "kind": Kind.EMAIL, "address": address}
    if known := ContactChannel.objects.filter(**same).first():
        return known
    channel = ContactChannel(**same)
    with recorded(channel, "add", by=by, note="from the directory"):
        pass
    return channel


def code_of(attempt: Attempt) -> str:
    """Return the six digits that an attempt carries; they are kept nowhere."""
    told = f"oncall.code:{attempt.channel_id}:{attempt.key}".encode()
    digest = hmac.new(settings.SECRET_KEY.encode(), told, hashlib.sha256).digest()
    return f"{int.from_bytes(digest[:8]) % 1_000_000:06d}"


def _queue(channel: ContactChannel, kind: str) -> Attempt:
    return Attempt.objects.create(
        channel=channel, kind=kind, way=channel.kind, key=uuid4().hex, due_at=time.now()
    )


def _check_own(channel: ContactChannel, by: User) -> None:
    if channel.person.user_id != by.pk:
        raise NotAllowed("How somebody is reached is their own to say.")


def _checked(kind: str, address: str, secret: str) -> str:
    """Return what is shown of the address; raises Invalid for what cannot be one."""
    if kind not in Kind.values:
        raise Invalid("There is no such kind of channel.", {"kind": ["Choose one of the list."]})
    if kind in BY_SECRET | NEEDS_SECRET and not secret:
        raise Invalid("The secret is missing.", {"secret": [SECRETS[kind]]})
    if kind == Kind.EMAIL:
        try:
            validate_email(address)
        except ValidationError as error:
            raise Invalid("That is no e-mail address.", {"address": error.messages}) from error
    elif kind in BY_URL or kind in (Kind.SLACK, Kind.TEAMS):
        return _checked_url(kind, address if kind in BY_URL else secret, address)
    elif kind == Kind.SMS:
        try:
            return address or sms.gateway(secret)
        except Refused as error:
            raise Invalid(str(error), {"secret": [str(error)]}) from error
    elif not address:
        raise Invalid("The address is missing.", {"address": ["The chat's number."]})
    return address


SECRETS: dict[str, str] = {
    Kind.SLACK: "The address of the incoming webhook.",
    Kind.TEAMS: "The address of the workflow.",
    Kind.SMS: "The gateway, as Apprise writes it: clicksend://user:key@+4915…",
    Kind.WEBHOOK: "The key that signs what is sent.",
    Kind.TELEGRAM: "The bot's token.",
}


def _checked_url(kind: str, url: str, shown: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        field = "address" if kind in BY_URL else "secret"
        raise Invalid("That is not a web address.", {field: ["Begin with https://."]})
    return url if kind in BY_URL else shown or parts.hostname
