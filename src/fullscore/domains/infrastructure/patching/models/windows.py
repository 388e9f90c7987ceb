"""When servers may be patched."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from fullscore.domains.infrastructure.patching.models.baselines import check_selector
from fullscore.domains.infrastructure.patching.rules import windows as rules
from fullscore.kit.models.querysets import VisibleQuerySet


def check_recurrence(text: str) -> None:
    """Refuse a recurrence that cannot be read, or comes more often than daily."""
    try:
        rules.check_recurrence(text)
    except ValueError as error:
        raise ValidationError(str(error)) from error


def check_zone(name: str) -> None:
    """Refuse a time zone that does not exist."""
    try:
        rules.zone_named(name)
    except ValueError as error:
        raise ValidationError(str(error)) from error


class PatchWindow(models.Model):
    """Times that come again, in which the servers of a selector may be patched."""

    name = models.CharField(max_length=80, unique=True)
    selector = models.CharField(
        "servers",
        max_length=300,
        blank=True,
        validators=[check_selector],
        help_text="Which servers, such as tag=shop or site=Amsterdam. Empty: every server.",
    )
    recurrence = models.CharField(
        max_length=300,
        default="FREQ=WEEKLY;BYDAY=TU,TH",
        validators=[check_recurrence],
        help_text="As calendars write it (RFC 5545), such as FREQ=MONTHLY;BYDAY=2TU.",
    )
    starts_on = models.DateField("first day")
    starts_time = models.TimeField("opens at", help_text="By the wall clock of its time zone.")
    zone = models.CharField(
        "time zone", max_length=64, default="UTC", validators=[check_zone],
        help_text="Such as Europe/Berlin.",
    )  # fmt: skip
    minutes = models.PositiveSmallIntegerField(
        "open for (minutes)",
        default=240,
        validators=[MinValueValidator(15), MaxValueValidator(24 * 60)],
    )
    capacity = models.PositiveSmallIntegerField(
        "servers at once", default=20, validators=[MinValueValidator(1), MaxValueValidator(1000)]
    )
    site_capacity = models.PositiveSmallIntegerField(
        "servers of a site at once",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Empty: no limit of its own. The narrowest of the windows a site's servers are in"
        " holds for that site.",
    )

    objects = VisibleQuerySet.as_manager()
    keeps_history = True

    class Meta:
        ordering = ["name"]
        verbose_name = "patch window"

    def __str__(self) -> str:
        return self.name
