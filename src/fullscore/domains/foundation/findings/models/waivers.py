"""Exceptions: to live with a finding for a time, knowingly."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from fullscore.domains.foundation.findings.models.found import Finding
from fullscore.kit import access


class WaiverQuerySet(models.QuerySet["Waiver"]):
    """Exceptions, seen with their finding."""

    def in_reach(self, reach: access.Reach) -> "WaiverQuerySet":
        """Return the exceptions to findings a grant covers."""
        return self.filter(finding__in=Finding.objects.in_reach(reach))

    def visible_to(self, user: access.Actor) -> "WaiverQuerySet":
        """Return the exceptions to findings the person may see."""
        return self.filter(finding__in=Finding.objects.visible_to(user))


class Waiver(models.Model):
    """An exception: why a finding may stay, who allowed it, and until when."""

    class State(models.TextChoices):
        ASKED = "asked"
        GRANTED = "granted"
        REFUSED = "refused"
        ENDED = "ended"

    finding = models.ForeignKey(Finding, on_delete=models.CASCADE, related_name="waivers")
    reason = models.TextField()
    compensating_control = models.TextField(blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    second_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    asked_at = models.DateTimeField()
    expires_on = models.DateField()
    state = models.CharField(max_length=8, choices=State, default=State.ASKED)
    is_alone = models.BooleanField(
        "granted alone", default=False, help_text="Asked and granted by the only account."
    )
    severity = models.PositiveSmallIntegerField(editable=False)
    told_days = models.PositiveSmallIntegerField(null=True, editable=False)

    objects = WaiverQuerySet.as_manager()
    keeps_history = True
    audit_leaves_out = ("told_days",)

    class Meta:
        ordering = ["expires_on"]
        verbose_name = "exception"
        permissions = [
            ("ask_waiver", "Can ask for exceptions"),
            ("grant_waiver", "Can grant and refuse exceptions"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["finding"],
                condition=Q(state__in=["asked", "granted"]),
                name="waiver_one_live_per_finding",
                violation_error_message="There is an exception, asked or granted, already.",
            ),
            models.CheckConstraint(
                name="waiver_granted_by_another",
                condition=Q(granted_by__isnull=True)
                | ~Q(granted_by=models.F("asked_by"))
                | Q(is_alone=True),
                violation_error_message="Nobody grants their own exception.",
            ),
        ]

    def __str__(self) -> str:
        return f"exception to “{self.finding}”"
