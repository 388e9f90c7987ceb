"""How long samples are kept."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from fullscore.kit.models.querysets import VisibleQuerySet

MOST_DAYS = 3650
DAYS = (MinValueValidator(1), MaxValueValidator(MOST_DAYS))


class StorageRule(models.Model):
    """For how many days each resolution is kept; without a rule 30, 180 and 1,825 days."""

    selector = models.CharField(
        max_length=300,
        blank=True,
        unique=True,
        help_text="Which items, such as kind=host&environment=production. Empty: everything.",
        error_messages={"unique": "There is a rule for these already: change that one."},
    )
    raw_days = models.PositiveIntegerField(
        "raw",
        default=30,
        validators=DAYS,
        help_text="Days for which samples are kept as they came.",
    )
    five_minute_days = models.PositiveIntegerField(
        "five minutes",
        default=180,
        validators=DAYS,
        help_text="Days for which there are figures for each five minutes.",
    )
    hourly_days = models.PositiveIntegerField(
        "hourly",
        default=1825,
        validators=DAYS,
        help_text="Days for which there are hourly figures; then nothing is left.",
    )

    objects = VisibleQuerySet.as_manager()
    keeps_history = True

    class Meta:
        ordering = ["selector"]
        verbose_name = "storage rule"
        constraints = [
            models.CheckConstraint(
                name="storage_days_in_order",
                condition=Q(raw_days__gte=1)
                & Q(five_minute_days__gte=F("raw_days"))
                & Q(hourly_days__gte=F("five_minute_days"))
                & Q(hourly_days__lte=MOST_DAYS),
                violation_error_message=(
                    "Coarser figures are kept at least as long as finer ones, for 1 to 3,650 days."
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.selector or "Everything"
