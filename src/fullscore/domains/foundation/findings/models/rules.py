"""By when, and by whom."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Coalesce

from fullscore.domains.foundation.directory.models import Team
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.findings.models.checking import Check
from fullscore.kit.models.querysets import VisibleQuerySet


class DueRule(models.Model):
    """How many days a severity leaves, for some criticality or environment."""

    severity = models.PositiveSmallIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    criticality = models.PositiveSmallIntegerField(
        null=True, blank=True, choices=Item.Criticality, help_text="Empty: any."
    )
    environment = models.CharField(max_length=11, choices=Item.Environment, blank=True)
    days = models.PositiveIntegerField()

    objects = VisibleQuerySet.as_manager()
    keeps_history = True

    class Meta:
        ordering = ["-severity"]
        verbose_name = "due rule"
        constraints = [
            models.UniqueConstraint(
                "severity",
                Coalesce("criticality", 0),
                "environment",
                name="due_rule_once",
                violation_error_message="There is a rule for the same findings already.",
            )
        ]

    def __str__(self) -> str:
        return f"severity {self.severity}: {self.days} days"


class OwnerRule(models.Model):
    """Which team answers for what a check finds, on the items a selector names."""

    check_of = models.ForeignKey(
        Check, on_delete=models.CASCADE, null=True, blank=True, verbose_name="check"
    )
    selector = models.CharField(max_length=300, blank=True)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")

    objects = VisibleQuerySet.as_manager()
    keeps_history = True

    class Meta:
        ordering = ["pk"]
        verbose_name = "owner rule"

    def __str__(self) -> str:
        return f"{self.check_of or 'everything'} on {self.selector or 'every item'}: {self.team}"
