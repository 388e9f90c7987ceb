"""What the public is told, by a person always; and who asked to be told."""

import fcntl
import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import URLValidator, validate_email
from django.db import transaction

from fullscore.connectors.base import Refused
from fullscore.connectors.chat import client as chat
from fullscore.connectors.chat.message import Message, Target
from fullscore.connectors.guard import Guard
from fullscore.domains.response.incidents import queries, statuspage
from fullscore.domains.response.incidents.announcements import StatusPublished, SubscriptionAsked
from fullscore.domains.response.incidents.models import (
    Incident,
    StatusComponent,
    StatusDelivery,
    StatusNotice,
    StatusSubscriber,
    StatusUpdate,
)
from fullscore.domains.response.incidents.queries import weighing
from fullscore.domains.response.incidents.services.entries import tell
from fullscore.kit import limits, time
from fullscore.kit.announcements import announce
from fullscore.kit.audit import recorded, removed
from fullscore.kit.errors import Conflict, Invalid, NotFound
from fullscore.kit.models import User
from fullscore.kit.models.user import system

Kind, Phase = StatusNotice.Kind, StatusUpdate.Phase
CONFIRM, LEAVE = "incidents.status.confirm", "incidents.status.leave"
CONFIRM_WITHIN = timedelta(hours=24)
LONGEST = 4000


def add_component(*, by: User, services: Iterable[Any] = (), **values: Any) -> StatusComponent:
    """Add what the public knows by a name, and the services behind it."""
    component = StatusComponent(**values)
    with recorded(component, "add", by=by):
        pass
    component.services.set(services)
    announce(StatusPublished(None))
    return component


def change_component(component: StatusComponent, *, by: User, **values: Any) -> StatusComponent:
    """Alter a component; the page is written anew."""
    services = values.pop("services", None)
    with recorded(component, "change", by=by):
        for name, value in values.items():
            setattr(component, name, value)
    if services is not None:
        component.services.set(services)
    announce(StatusPublished(None))
    return component


def write_notice(
    *, by: User, components: Iterable[StatusComponent] = (), **values: Any
) -> StatusNotice:
    """Write a notice; nobody outside sees it before a person publishes an update of it."""
    notice = StatusNotice(created_at=time.now(), **values)
    _check_times(notice)
    with recorded(notice, "add", by=by):
        pass
    notice.components.set(components)
    return notice


def _check_times(notice: StatusNotice) -> None:
    """Raise Invalid where maintenance has no time: empty fields escape the database's sentence."""
    starts, ends = notice.starts_at, notice.ends_at
    if notice.kind == Kind.MAINTENANCE and (starts is None or ends is None or ends <= starts):
        words = "Say from when until when the maintenance is."
        raise Invalid(words, {"starts_at": [words]})


def change_notice(notice: StatusNotice, *, by: User, **values: Any) -> StatusNotice:
    """Alter a notice nobody outside has seen; after that, updates say what is new."""
    if notice.published_at is not None:
        raise Conflict("This notice is published: publish an update that says what is new.")
    components = values.pop("components", None)
    with recorded(notice, "change", by=by):
        for name, value in values.items():
            setattr(notice, name, value)
        _check_times(notice)
    if components is not None:
        notice.components.set(components)
    return notice


def begin_notice(incident: Incident, *, by: User, title: str, impact: str) -> StatusNotice:
    """Write a notice about an incident, with the components whose services suffer from it."""
    told = weighing.affected(incident)
    felt = {pk for pk, how in told.items() if how != "alone"}  # a spare lost is felt by nobody
    felt |= set(queries.items_in(incident).values_list("pk", flat=True))
    touched = StatusComponent.objects.filter(services__in=felt).distinct()
    notice = StatusNotice(
        created_at=time.now(), title=title.strip(), impact=impact, incident=incident
    )
    with recorded(notice, "add", by=by):
        pass
    notice.components.set(touched)
    tell(incident, "status", f"Notice {notice.pk} of the status page is written.", by=by,
         link=f"/status-notices/{notice.pk}")  # fmt: skip
    return notice


@transaction.atomic
def publish(
    notice: StatusNotice, *, by: User, phase: str, text: str, impact: str = ""
) -> StatusUpdate:
    """Tell the public how it stands. Only a person publishes, with words of their own."""
    _check_publishing(notice, by, phase, text.strip())
    now = time.now()
    with recorded(notice, "publish", by=by, note=phase):
        notice.published_at = notice.published_at or now
        notice.impact = impact or notice.impact
        if phase in StatusUpdate.LAST:
            notice.closed_at = now
    update = StatusUpdate(notice=notice, phase=phase, text=text.strip(), at=now, by=by)
    with recorded(update, "publish", by=by):
        pass
    if notice.incident is not None:
        tell(notice.incident, "status", f"Published ({update.get_phase_display()}): {update.text}",
             by=by, link=f"/status-notices/{notice.pk}")  # fmt: skip
    announce(StatusPublished(update.pk))
    return update


def _check_publishing(notice: StatusNotice, by: User, phase: str, text: str) -> None:
    if by.kind != User.Kind.PERSON:
        raise Conflict("A person publishes, always: let somebody sign in and do it.")
    if notice.closed_at is not None:
        raise Conflict("This notice is closed: write a new one.")
    is_planned = notice.kind == Kind.MAINTENANCE
    about = "maintenance" if is_planned else "an incident"
    known = StatusUpdate.OF_MAINTENANCE if is_planned else StatusUpdate.OF_INCIDENT
    if phase not in known:
        words = f"Choose one of {', '.join(known)}: this notice is of {about}."
        raise Invalid(words, {"phase": [words]})
    if not text or len(text) > LONGEST:
        words = f"Write what the public is told, up to {LONGEST:,} letters."
        raise Invalid(words, {"text": [words]})


def subscribe(*, kind: str, address: str) -> StatusSubscriber:
    """Ask an address whether it is to be told; nothing more goes there before it says so.

    Whether the address was known is not told, so that nobody can find out who subscribed.
    """
    address = _checked(kind, address.strip())
    key = hashlib.sha256(f"{kind}:{address}".encode()).hexdigest()
    limits.limit(f"status.ask:{key}", per=timedelta(hours=1), count=3)
    known = StatusSubscriber.objects.filter(kind=kind, address=address).first()
    subscriber = known or StatusSubscriber(kind=kind, address=address, created_at=time.now())
    with transaction.atomic():
        if known is None:
            with recorded(subscriber, "ask", by=system()):
                pass
        if subscriber.confirmed_at is None:
            announce(SubscriptionAsked(subscriber.pk))
    return subscriber


def _checked(kind: str, address: str) -> str:
    try:
        if kind == StatusSubscriber.Kind.EMAIL:
            validate_email(address)
            return address.lower()
        if kind == StatusSubscriber.Kind.WEBHOOK:
            URLValidator(schemes=["https"])(address)
            return address
    except ValidationError as error:
        words = "Give an e-mail address, or an address that begins with https://."
        raise Invalid(words, {"address": [words]}) from error
    raise Invalid("Choose e-mail or webhook.", {"kind": ["E-mail or webhook."]})


def confirm_link(subscriber: StatusSubscriber) -> str:
    """Return the address that proves an address; it holds for a day."""
    return f"/status/confirm/{signing.TimestampSigner(salt=CONFIRM).sign(str(subscriber.pk))}"


def leave_link(subscriber: StatusSubscriber) -> str:
    """Return the address under which one click ends it, for ever."""
    return f"/status/leave/{signing.Signer(salt=LEAVE).sign(str(subscriber.pk))}"


def confirm(token: str) -> StatusSubscriber:
    """Take it that whoever holds the token wants to be told."""
    try:
        pk = signing.TimestampSigner(salt=CONFIRM).unsign(token, max_age=CONFIRM_WITHIN)
    except signing.BadSignature as error:
        raise NotFound("This link does not hold any more: subscribe again.") from error
    subscriber = StatusSubscriber.objects.filter(pk=pk).first()
    if subscriber is None:
        raise NotFound("This subscription has ended: subscribe again.")
    if subscriber.confirmed_at is None:
        with recorded(subscriber, "confirm", by=system()):
            subscriber.confirmed_at = time.now()
    return subscriber


def leave(token: str) -> None:
    """End a subscription and forget its address; to end what has ended is no fault."""
    try:
        pk = signing.Signer(salt=LEAVE).unsign(token)
    except signing.BadSignature as error:
        raise NotFound("This link was altered: use the one in the message.") from error
    subscriber = StatusSubscriber.objects.filter(pk=pk).first()
    if subscriber is not None:
        with removed(subscriber, by=system(), note="left"):
            pass


def remove(subscriber: StatusSubscriber, *, by: User) -> None:
    """Take a subscriber off the list."""
    with removed(subscriber, by=by):
        pass


def forget_unconfirmed(*, now: datetime) -> int:
    """Forget who never proved their address, after two days."""
    old = StatusSubscriber.objects.filter(
        confirmed_at__isnull=True, created_at__lt=now - 2 * CONFIRM_WITHIN
    )
    count = 0
    for subscriber in old:
        with removed(subscriber, by=system(), note="never confirmed"):
            count += 1
    return count


def write_page() -> None:
    """Write the files of the public page as things stand, one writer at a time.

    Whoever waited reads anew: what was published last is what stays.
    """
    chosen = settings.OPTIONS
    chosen.status_files.mkdir(parents=True, exist_ok=True, mode=0o755)
    with (chosen.status_files / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        told = statuspage.written(address=chosen.address, title=chosen.status_title, now=time.now())
        statuspage.write(chosen.status_files, told)


def ask(subscriber: StatusSubscriber) -> None:
    """Send the question whether the address wants to be told."""
    where = settings.OPTIONS.address + confirm_link(subscriber)
    text = (
        "Somebody, hopefully you, asked that this address be told of incidents and maintenance."
        f" If you want that, open this within a day:\n\n{where}\n\nIf not, do nothing."
    )
    _send(subscriber, "Do you want to be told?", text, where, f"ask-{subscriber.pk}")


def lay_out_deliveries(update: StatusUpdate) -> list[int]:
    """Make one delivery for each subscriber who confirmed; never two. Return what is to be sent."""
    rows = StatusSubscriber.objects.filter(confirmed_at__isnull=False)
    StatusDelivery.objects.bulk_create(
        [StatusDelivery(update=update, subscriber=one) for one in rows], ignore_conflicts=True
    )
    return list(update.deliveries.filter(sent_at__isnull=True).values_list("pk", flat=True))


def deliver(delivery: StatusDelivery) -> None:
    """Send, then mark: killed in between, it comes twice rather than never."""
    if delivery.sent_at is not None:
        return
    update = delivery.update
    title = f"{update.notice.title}: {update.get_phase_display()}"
    where = settings.OPTIONS.address + "/status/"
    _send(delivery.subscriber, title, update.text, where, f"update-{delivery.pk}", is_told=True)
    StatusDelivery.objects.filter(pk=delivery.pk).update(sent_at=time.now())


def _send(
    to: StatusSubscriber, title: str, text: str, where: str, key: str, *, is_told: bool = False
) -> None:
    if to.kind == StatusSubscriber.Kind.WEBHOOK:
        told = Message(key, title, text, where, 3, int(time.now().timestamp()))
        try:
            chat.send(Target("webhook", to.address, webhook_key(to)), told, guard=Guard())
        except Refused as error:
            raise Conflict(f"A subscriber's webhook takes nothing: {error}") from error
        return
    headers = {"Auto-Submitted": "auto-generated"}
    out = settings.OPTIONS.address + leave_link(to)
    if is_told:
        headers |= {"List-Unsubscribe": f"<{out}>",
                    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}  # fmt: skip
        text = f"{text}\n\n{where}\n\nNo more of these: {out}"
    line = " ".join(title.split())[:200]
    EmailMessage(subject=line, body=text, to=[to.address], headers=headers).send()


def webhook_key(subscriber: StatusSubscriber) -> str:
    """Return the key with which what a webhook gets is signed; shown once it confirmed."""
    told = f"incidents.status.webhook:{subscriber.pk}".encode()
    return hmac.new(settings.SECRET_KEY.encode(), told, "sha256").hexdigest()
