"""Checks, their settings and runs, and where they are blind."""

from typing import cast

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F

from fullscore.domains.foundation.directory.models import Person
from fullscore.domains.foundation.estate.models import Item, OfItemQuerySet
from fullscore.domains.foundation.findings.models.people import about_nobody_or
from fullscore.kit import access
from fullscore.kit.models.querysets import VisibleQuerySet


class Check(models.Model):
    """A check as it stands in `config/checks.py`, and when it runs."""

    ident = models.CharField("id", max_length=80, unique=True)
    title = models.CharField(max_length=160)
    why = models.TextField()
    source = models.CharField("threshold from", max_length=300)
    fix = models.TextField()
    codes = models.JSONField(default=list)
    limits = models.JSONField(default=dict)
    every_seconds = models.PositiveIntegerField()
    good_runs = models.PositiveSmallIntegerField(default=1)
    is_urgent = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)
    is_enabled = models.BooleanField(default=True)
    next_at = models.DateTimeField(null=True, editable=False)
    last_at = models.DateTimeField(null=True, editable=False)
    last_state = models.CharField(max_length=8, blank=True, editable=False)
    counts = models.JSONField(default=dict, editable=False)

    objects = VisibleQuerySet.as_manager()
    audit_leaves_out = ("next_at", "last_at", "last_state", "counts")

    class Meta:
        ordering = ["ident"]
        permissions = [("run_check", "Can run checks now"), ("tune_check", "Can set their limits")]

    def __str__(self) -> str:
        return self.title


class CheckSetting(models.Model):
    """Other limits, another severity, or silence, for the items a selector names."""

    check_of = models.ForeignKey(
        Check, on_delete=models.CASCADE, related_name="settings", verbose_name="check"
    )
    selector = models.CharField(max_length=300, blank=True, help_text="Empty: every item.")
    limits = models.JSONField(default=dict, blank=True)
    severity = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    is_enabled = models.BooleanField(default=True)
    reason = models.TextField()

    objects = VisibleQuerySet.as_manager()
    keeps_history = True

    class Meta:
        ordering = ["check_of", "selector"]
        constraints = [
            models.UniqueConstraint(
                fields=["check_of", "selector"], name="check_setting_once_per_selector"
            )
        ]

    def __str__(self) -> str:
        return f"{self.check_of}: {self.selector or 'everything'}"


class CheckRun(models.Model):
    """One run of one check. Never changed, but for a held one that somebody lets go."""

    class State(models.TextChoices):
        DONE = "done"
        FAILED = "failed"
        HELD = "held"
        RELEASED = "released"

    check_of = models.ForeignKey(
        Check, on_delete=models.CASCADE, related_name="runs", verbose_name="check"
    )
    scope = models.CharField(max_length=80, blank=True)
    started_at = models.DateTimeField()
    took_ms = models.PositiveIntegerField()
    counts = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State, default=State.DONE)
    problem = models.TextField(blank=True)

    objects = VisibleQuerySet.as_manager()

    class Meta:
        ordering = ["-started_at"]
        verbose_name = "check run"
        indexes = [models.Index(fields=["-started_at", "-id"])]

    def __str__(self) -> str:
        return f"{self.check_of} at {self.started_at:%F %T}"


class BlindQuerySet(OfItemQuerySet):
    """Blind spots: seen with their item; one about a person only by that person and the manager."""

    def visible_to(self, user: access.Actor) -> "BlindQuerySet":
        """Return the blind spots of the items the person may see."""
        return cast("BlindQuerySet", super().visible_to(user).filter(about_nobody_or(user)))


class Blind(models.Model):
    """Where a check cannot say, why, and what would let it."""

    check_of = models.ForeignKey(
        Check, on_delete=models.CASCADE, related_name="blinds", verbose_name="check"
    )
    item = models.ForeignKey(Item, on_delete=models.CASCADE, null=True, related_name="blinds")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, null=True, related_name="+")
    fingerprint = models.CharField(max_length=32, unique=True, editable=False)
    key = models.CharField(max_length=200, blank=True)
    why = models.CharField(max_length=300)
    remedy = models.CharField(max_length=400, blank=True)
    since = models.DateTimeField()

    objects = BlindQuerySet.as_manager()

    class Meta:
        ordering = [F("since").asc()]
        verbose_name = "blind spot"

    def __str__(self) -> str:
        return f"{self.check_of}: {self.why}"
