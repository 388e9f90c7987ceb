"""Who may send alerts."""

import hashlib
from collections.abc import Sequence
from secrets import token_hex
from typing import Any

from django.db import transaction

from fullscore.connectors.sentry import parse as sentry
from fullscore.domains.foundation.directory.models import Team
from fullscore.domains.response.incidents.models import Alert, AlertSource
from fullscore.kit import secrets, time
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict, Invalid, NotAllowed
from fullscore.kit.models import User
from fullscore.kit.models.secret import Secret
from fullscore.kit.models.user import system
from fullscore.kit.perform import require

Kind = AlertSource.Kind
OWN_NAME = "own-findings"
# 32 letters, because PagerDuty's routing keys have as many: 128 bits.
TOKEN_BYTES = 16
# How it begins; whoever minds the source may say otherwise. Few logs say that something is over.
BEGINS: dict[str, dict[str, Any]] = {
    Kind.SYSLOG: {"resolve_after_seconds": 3600},
    Kind.EMAIL: {
        "resolve_words": [
            "PROBLEM = RECOVERY", "CRITICAL = OK", "WARNING = OK", "UNKNOWN = OK", "DOWN = UP",
            "FIRING = RESOLVED", "RECOVERED",
        ]
    },
}  # fmt: skip
CREDENTIALS: dict[str, Secret.Kind] = {
    Kind.SENTRY: Secret.Kind.TOKEN,
    Kind.EMAIL: Secret.Kind.PASSWORD,
}


def issue_source(
    *, by: User, name: str, kind: str, owner: Team | None = None,
    expects_every_seconds: int | None = None,
) -> tuple[AlertSource, str]:  # fmt: skip
    """Let a sender in; the text of its token is shown once."""
    if kind == Kind.OWN:
        raise Invalid("Our own findings are a source already.", {"kind": ["Choose another."]})
    if kind == Kind.HEARTBEAT and not expects_every_seconds:
        wanted = "Say how often a heartbeat has to be heard."
        raise Invalid(wanted, {"expects_every_seconds": [wanted]})
    text = token_hex(TOKEN_BYTES)
    source = AlertSource(
        name=name, kind=kind, owner=owner, prefix=text[:4], digest=_digest(text),
        expects_every_seconds=expects_every_seconds, created_at=time.now(),
        **BEGINS.get(kind, {}),
    )  # fmt: skip
    with transaction.atomic():
        with recorded(source, "issue_source", by=by):
            pass
        require("incidents.add_alertsource", source, by=by)  # for whose it is, once it stands
    return source, text


def configure(source: AlertSource, *, by: User, **values: object) -> AlertSource:
    """Say how what a source sends is read; a password is not taken along to another mailbox."""
    mailbox = values.get("mailbox", source.mailbox)
    if mailbox and source.kind != Kind.EMAIL:
        raise Invalid("Only e-mail has a mailbox.", {"mailbox": ["Leave this empty."]})
    with recorded(source, "configure", by=by):
        if mailbox != source.mailbox:
            source.credential, source.problem = None, ""
        for name, value in values.items():
            setattr(source, name, value)
    return source


def refuse_to_add(**values: object) -> AlertSource:
    """Raise Conflict: a token is shown once, and only its page can show it."""
    raise Conflict("Make alert sources on their page: it alone shows the token.")


def revoke(source: AlertSource, *, by: User, note: str = "") -> AlertSource:
    """Let a source send no longer; what it sent stays."""
    if source.revoked_at is not None:
        raise Conflict("This source is revoked already.")
    if source.kind == Kind.OWN:
        raise Conflict("Our own findings are always heard.")
    with recorded(source, "revoke", by=by, note=note):
        source.revoked_at = time.now()
    return source


def source_of(text: str) -> AlertSource:
    """Return the source that shows this token. Raises NotAllowed."""
    source = AlertSource.objects.filter(digest=_digest(text)).first()
    if source is None:
        raise NotAllowed("This token is not known here: make one under Alert sources.")
    if source.revoked_at is not None:
        raise NotAllowed(f"This token was revoked on {source.revoked_at:%F}: make a new source.")
    return source


def give_credential(source: AlertSource, *, by: User, value: str) -> AlertSource:
    """Store what Sentry signs with, its client secret, or the password of an e-mail's mailbox."""
    secret_kind = CREDENTIALS.get(source.kind)
    if secret_kind is None:
        raise Conflict("Only Sentry signs with a secret of its own, and only e-mail has a mailbox.")
    if source.kind == Kind.EMAIL and not source.mailbox:
        raise Conflict("Say first which mailbox it is for: change the source.")
    with recorded(source, "give_credential", by=by):
        if source.credential is None:
            name = f"alert source {source.pk}"
            source.credential = secrets.keep(
                name, value, by=by, kind=secret_kind, scope=source.name
            )
        else:
            secrets.replace(source.credential, value, by=by)
    return source


def signing(name: str, body: bytes, *, signature: str) -> AlertSource:
    """Return the source of this name if the body is signed with its secret. Raises NotAllowed."""
    source = AlertSource.objects.filter(name=name, kind=Kind.SENTRY, revoked_at=None).first()
    if source is None or source.credential is None:
        raise NotAllowed("No source of this name has a client secret here.")
    with source.credential.open() as secret:
        if not sentry.is_signed(body, signature=signature, secret=secret):
            raise NotAllowed(f"The {sentry.SIGNED} is not that of this source's client secret.")
    return source


def own() -> AlertSource:
    """Return the source of our own findings, made when it is first asked for."""
    known = AlertSource.objects.filter(kind=Kind.OWN).first()
    if known is not None:
        return known
    source = AlertSource(
        name=OWN_NAME, kind=Kind.OWN, digest=_digest(token_hex(TOKEN_BYTES)),
        created_at=time.now(),
    )  # fmt: skip
    with recorded(source, "issue_source", by=system()):
        pass
    return source


def take_turn(sources: Sequence[int]) -> None:
    """Let one worker at a time alter the alerts of these sources."""
    rows = AlertSource.objects.select_for_update(no_key=True).filter(pk__in=sources)
    rows = rows.order_by("pk")
    list(rows.values_list("pk"))


def take_turn_of_alert(pk: Any) -> None:
    """Let one worker at a time alter the alerts of an alert's source; taken before the alert is."""
    take_turn(list(Alert.objects.filter(pk=pk).values_list("source", flat=True)))


def take_turn_of_incidents(pk: Any = None) -> None:
    """Let one worker at a time alter incidents; taken before any of them is."""
    take_turn([own().pk])


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
