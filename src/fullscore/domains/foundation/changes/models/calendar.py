"""When nothing may be started, and the private address of a calendar."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from fullscore.kit.models.querysets import VisibleQuerySet


class Freeze(models.Model):
    """A time in which no change starts on the items a selector names."""

    name = models.CharField(max_length=120)
    reason = models.TextField()
    selector = models.CharField(
        "items",
        max_length=300,
        blank=True,
        help_text="Which items, such as tag=shop or environment=production. Empty: every item.",
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    objects = VisibleQuerySet.as_manager()
    keeps_history = True

    class Meta:
        ordering = ["-starts_at"]
        constraints = [
            models.CheckConstraint(
                name="freeze_ends_after_it_starts",
                condition=Q(ends_at__gt=F("starts_at")),
                violation_error_message="A freeze must end after it starts.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class CalendarAddress(models.Model):
    """The secret in the address under which somebody's calendar program reads the changes."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="change_calendar"
    )
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()

    audit_hides = ("digest",)

    class Meta:
        ordering = ["user"]

    def __str__(self) -> str:
        return f"calendar address of {self.user}"
