"""What servers are to be brought to, in which order, and what presses."""

import re

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q

from fullscore.domains.foundation.estate import queries as estate
from fullscore.domains.infrastructure.patching.rules.pending import RANGE
from fullscore.kit.errors import Invalid
from fullscore.kit.models.querysets import VisibleQuerySet

PATTERN = r"[A-Za-z0-9*?][A-Za-z0-9.+:~*?_-]*"
LISTED = re.compile(rf"\A{PATTERN}\Z")
a_pattern = RegexValidator(
    rf"\A{PATTERN}\Z", "Give a package's name, such as openssl or linux-image-*."
)


MINIMUM = re.compile(r"\A[A-Za-z0-9][A-Za-z0-9.+_-]* +[A-Za-z0-9][A-Za-z0-9.+:~^_-]*\Z")


def check_candidates(text: str) -> None:
    """Refuse what is neither a pattern nor a range of versions."""
    if not LISTED.match(text) and not RANGE.fullmatch(text):
        raise ValidationError("Write a pattern such as 17.*, or a range such as < 3.0.11.")


def check_minimum(text: str) -> None:
    """Refuse a line that is no package and its least version, or names one twice."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for line in lines:
        if not MINIMUM.match(line):
            raise ValidationError(f"“{line[:40]}” is no package and version: openssl 3.0.11.")
    if len({line.split()[0] for line in lines}) < len(lines):
        raise ValidationError("A package is named twice: give each one least version.")


def check_selector(text: str) -> None:
    """Refuse a selector that cannot be read."""
    try:
        estate.selected(text)
    except Invalid as error:
        raise ValidationError(str(error)) from error


def check_listed(text: str) -> None:
    """Refuse a list in which something is no package."""
    for word in text.split():
        if not LISTED.match(word):
            raise ValidationError(f"“{word[:40]}” is no package: write one name a line.")


class Baseline(models.Model):
    """Which updates the servers of a selector get. A server follows the narrowest that fits it."""

    class Take(models.TextChoices):
        SECURITY = "security", "security updates"
        ALL = "all", "every update"
        LISTED = "listed", "listed packages"

    name = models.CharField(max_length=80, unique=True)
    selector = models.CharField(
        "servers",
        max_length=300,
        blank=True,
        validators=[check_selector],
        help_text="Which servers, such as tag=shop or environment=production. Empty: every server.",
    )
    take = models.CharField("takes", max_length=8, choices=Take, default=Take.SECURITY)
    listed = models.TextField(
        "listed packages",
        blank=True,
        validators=[check_listed],
        help_text="One name a line, such as openssl or postgresql-*.",
    )
    age_days = models.PositiveSmallIntegerField(
        "only updates known for (days)",
        default=0,
        validators=[MaxValueValidator(365)],
        help_text="A younger one waits, unless what it repairs is known to be exploited.",
    )
    minimum = models.TextField(
        "least versions",
        blank=True,
        validators=[check_minimum],
        help_text="One package and its version a line, such as openssl 3.0.11. What is older is"
        " updated whatever else the baseline takes, and found where it cannot be.",
    )
    release = models.CharField(
        "release",
        max_length=40,
        blank=True,
        help_text="The release its servers stay on, such as debian 13; it is shown, not enforced.",
    )

    objects = VisibleQuerySet.as_manager()
    keeps_history = True

    class Meta:
        ordering = ["name"]
        verbose_name = "patch baseline"
        constraints = [
            models.CheckConstraint(
                name="baseline_lists_what_it_takes",
                condition=Q(take="listed", listed__gt="") | (~Q(take="listed") & Q(listed="")),
                violation_error_message="Name packages when it takes listed ones, else none.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Hold(models.Model):
    """A package that a baseline keeps back until a day, and why."""

    baseline = models.ForeignKey(Baseline, on_delete=models.CASCADE, related_name="holds")
    package = models.CharField(max_length=120, validators=[a_pattern])
    candidates = models.CharField(
        max_length=120,
        blank=True,
        validators=[check_candidates],
        help_text="Which candidates: a pattern such as 17.*, or a range such as < 3.0.11 or"
        " >= 17, < 18; empty: any.",
    )
    reason = models.CharField(max_length=300)
    until = models.DateField(help_text="A hold ends: what is kept back for ever is forgotten.")

    objects = VisibleQuerySet.as_manager()
    keeps_history = True

    class Meta:
        ordering = ["until", "package"]
        verbose_name = "package hold"
        constraints = [
            models.UniqueConstraint(
                fields=["baseline", "package", "candidates"],
                name="hold_once_per_package",
                violation_error_message="The baseline holds this already: change its last day.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.package} {self.candidates}".strip()


class Ring(models.Model):
    """Which servers of a baseline come when: the first ring, in order, that fits a server."""

    baseline = models.ForeignKey(Baseline, on_delete=models.CASCADE, related_name="rings")
    name = models.CharField(max_length=60)
    place = models.PositiveSmallIntegerField(
        default=1, help_text="1 comes first, such as canary; then early; then broad."
    )
    selector = models.CharField(
        "servers",
        max_length=300,
        blank=True,
        validators=[check_selector],
        help_text="Which servers of the baseline. Empty: all that no earlier ring holds.",
    )
    offset_days = models.PositiveSmallIntegerField(
        "begins after (days)", default=0, validators=[MaxValueValidator(60)]
    )
    soak_hours = models.PositiveSmallIntegerField(
        "soaks (hours)",
        default=24,
        validators=[MinValueValidator(0), MaxValueValidator(24 * 30)],
        help_text="How long it must have stood without trouble before the next ring begins.",
    )

    objects = VisibleQuerySet.as_manager()
    keeps_history = True

    class Meta:
        ordering = ["baseline", "place"]
        verbose_name = "patch ring"
        constraints = [
            models.UniqueConstraint(
                fields=["baseline", "place"],
                name="ring_once_per_place",
                violation_error_message="Another ring of the baseline has this place.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Urgency(models.Model):
    """How much one version of a package presses, as told by whoever knows what it repairs."""

    package = models.CharField(max_length=200)
    version = models.CharField("repaired in", max_length=120)
    probability = models.FloatField(
        "exploit probability",
        default=0.0,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text="That it is exploited within 30 days, from 0 to 1.",
    )
    is_exploited = models.BooleanField("known to be exploited", default=False)
    due_on = models.DateField("due", null=True, blank=True)
    source = models.CharField(max_length=120, blank=True)

    objects = VisibleQuerySet.as_manager()

    class Meta:
        ordering = ["-is_exploited", "-probability"]
        verbose_name = "urgency"
        verbose_name_plural = "urgencies"
        indexes = [models.Index(fields=["-probability", "id"])]
        constraints = [
            models.UniqueConstraint(fields=["package", "version"], name="urgency_once_per_version")
        ]

    def __str__(self) -> str:
        return f"{self.package} {self.version}"
