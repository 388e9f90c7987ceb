"""What somebody should know."""

from django.conf import settings
from django.db import models
from django.db.models import QuerySet

from fullscore.kit.access import Actor


class NotificationQuerySet(models.QuerySet["Notification"]):
    """One's own, and nobody else's."""

    def visible_to(self, user: Actor) -> QuerySet["Notification"]:
        """Return the person's own notifications."""
        return self.filter(user=user.pk)

    def unread(self) -> "NotificationQuerySet":
        """Return those not read yet."""
        return self.filter(read_at=None)


class Notification(models.Model):
    """A sentence for one person, with the page where more stands; mailed unless read first."""

    class Severity(models.IntegerChoices):
        NOTE = 1
        MINOR = 2
        NORMAL = 3
        IMPORTANT = 4
        URGENT = 5  # mailed at once, the others together

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    title = models.CharField(max_length=200)
    body = models.TextField(blank=True)
    url = models.CharField(
        "address", max_length=500, blank=True
    )  # a path of ours, as in /changes/42
    severity = models.PositiveSmallIntegerField(choices=Severity, default=Severity.NORMAL)
    read_at = models.DateTimeField(null=True, editable=False)
    mailed_at = models.DateTimeField(null=True, editable=False)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        ordering = ["-at"]
        indexes = [
            models.Index(fields=["user", "-at"]),
            models.Index(
                fields=["user"],
                name="notification_to_mail",
                condition=models.Q(mailed_at=None, read_at=None),
            ),
        ]

    def __str__(self) -> str:
        return self.title
