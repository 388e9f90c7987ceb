"""The queue stores no copy of the work: only what somebody does not want to see for a while."""

from django.conf import settings
from django.db import models
from django.db.models import QuerySet

from fullscore.kit.access import Actor


class SnoozeQuerySet(models.QuerySet["Snooze"]):
    """One's own snoozes; nobody else's queue is anybody's business."""

    def visible_to(self, user: Actor) -> QuerySet["Snooze"]:
        """Return the person's own."""
        return self.filter(user=user.pk)


class Snooze(models.Model):
    """That a row stays out of one person's queue until a moment, and why."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=80)
    until = models.DateTimeField()
    cost_per_hour = models.FloatField()
    reason = models.CharField(max_length=300)
    times = models.PositiveSmallIntegerField(default=1)

    objects = SnoozeQuerySet.as_manager()

    class Meta:
        ordering = ["until"]
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="snooze_once_per_row")]

    def __str__(self) -> str:
        return f"{self.key} until {self.until:%F %H:%M}"
