"""Templates of changes that somebody has approved once for all."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from fullscore.domains.foundation.changes.models.words import Rollback, Verification
from fullscore.kit.models.querysets import VisibleQuerySet


class StandardChange(models.Model):
    """A change that is done the same way each time, and approved beforehand."""

    title = models.CharField(max_length=160, unique=True)
    description = models.TextField(blank=True)
    selector = models.CharField(
        "allowed items",
        max_length=300,
        blank=True,
        help_text="Which items it may touch, such as kind=host. Empty: every item.",
    )
    plan = models.TextField(help_text="One step a line.")
    rollback = models.CharField(
        "way back", max_length=9, choices=Rollback, default=Rollback.WRITTEN
    )
    rollback_plan = models.TextField("steps back", blank=True, help_text="One step a line.")
    verification = models.CharField(
        max_length=9, choices=Verification, default=Verification.AUTOMATED
    )
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        editable=False,
    )
    approved_at = models.DateTimeField(null=True, editable=False)

    objects = VisibleQuerySet.as_manager()
    keeps_history = True

    class Meta:
        ordering = ["title"]
        verbose_name = "standard change"
        permissions = [("approve_standardchange", "Can approve standard changes beforehand")]
        constraints = [
            models.CheckConstraint(
                name="standard_change_approved_by_another",
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=models.F("written_by")),
                violation_error_message="Nobody approves their own standard change.",
            ),
            models.CheckConstraint(
                name="standard_change_has_a_way_back",
                condition=~Q(rollback=Rollback.NONE) | Q(approved_by__isnull=True),
                violation_error_message="What has no way back is not approved beforehand.",
            ),
        ]

    def __str__(self) -> str:
        return self.title
