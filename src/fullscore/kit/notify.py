"""Tell a person something: on the page at once, by mail soon. (Paging is `oncall`'s.)"""

import re
from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import QuerySet

from fullscore.kit import live
from fullscore.kit.jobs.declare import every, job
from fullscore.kit.models.notify import Notification
from fullscore.kit.models.user import User
from fullscore.kit.time import now

TOPIC = "notification"
URGENT = Notification.Severity.URGENT
IN_ONE_MAIL = 100
KEPT = timedelta(days=90)
# What could end a line of a header, and its kin.
CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")


def notify(
    user: User, title: str, *, body: str = "", url: str = "", severity: int = 3
) -> Notification:
    """Tell `user`; the urgent is mailed at once, the rest within 15 minutes unless read before."""
    with transaction.atomic():
        notification = Notification.objects.create(
            user=user, at=now(), title=_one_line(title, 200), body=body, url=url, severity=severity
        )
        if severity >= URGENT:
            mail_urgent.enqueue(notification_id=notification.pk)
        live.publish(TOPIC, notification.pk)
    return notification


def read(notifications: QuerySet[Notification]) -> int:
    """Mark as read; return how many were not."""
    with transaction.atomic():
        unread = list(notifications.filter(read_at=None).values_list("pk", flat=True))
        Notification.objects.filter(pk__in=unread).update(read_at=now())
        for pk in unread:
            live.publish(TOPIC, pk)
    return len(unread)


@job()
def mail_urgent(notification_id: int) -> None:
    """Mail one urgent notification now."""
    notification = _to_mail().filter(pk=notification_id).first()
    if notification is not None:
        _mail(notification.user, notification.title, [notification])


@every(minutes=15)
def queue_digests() -> None:
    """Queue a mail for each person who has something unread; one that fails holds up no other."""
    waiting = _to_mail().filter(severity__lt=URGENT).order_by("user")
    for user_id in waiting.values_list("user", flat=True).distinct():
        mail_digest.enqueue(user_id=user_id)


@job()
def mail_digest(user_id: int) -> None:
    """Mail a person what is unread and was not mailed, in one message."""
    waiting = _to_mail().filter(user=user_id, severity__lt=URGENT)
    notifications = list(waiting.order_by("-severity", "at")[:IN_ONE_MAIL])
    if notifications:
        first, more = notifications[0], len(notifications) - 1
        _mail(
            first.user, f"{first.title} (and {more} more)" if more else first.title, notifications
        )


@every(days=1, at="02:20")
def prune() -> None:
    """Forget notifications after 90 days."""
    Notification.objects.filter(at__lt=now() - KEPT).delete()


def _to_mail() -> QuerySet[Notification]:
    people = {"user__kind": User.Kind.PERSON, "user__is_active": True}
    unmailed = Notification.objects.filter(mailed_at=None, read_at=None, **people)
    return unmailed.select_related("user")


def _mail(user: User, subject: str, notifications: Sequence[Notification]) -> None:
    """Send, then note it: killed in between, the mail comes twice rather than never."""
    EmailMessage(
        subject=f"[Fullscore] {_one_line(subject, 200)}",
        body="\n\n".join(_paragraph(notification) for notification in notifications),
        to=[user.email],
        headers={"Auto-Submitted": "auto-generated"},  # no out-of-office answers (RFC 3834)
    ).send()
    pks = [notification.pk for notification in notifications]
    Notification.objects.filter(pk__in=pks).update(mailed_at=now())


def _paragraph(notification: Notification) -> str:
    address = settings.OPTIONS.address + notification.url if notification.url else ""
    return "\n".join(filter(None, [notification.title, notification.body, address]))


def _one_line(text: str, longest: int) -> str:
    """Return text that cannot start another header line."""
    line = CONTROL.sub(" ", text).strip()
    return line if len(line) <= longest else line[: longest - 1] + "…"
