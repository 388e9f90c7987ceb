"""Runbooks: what is done when something happens, in versions that another person has read."""

from functools import cached_property

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from fullscore.domains.foundation.changes.models.standards import StandardChange
from fullscore.domains.foundation.directory.models import Team
from fullscore.engines import runbooks
from fullscore.kit import access
from fullscore.kit.models.querysets import VisibleQuerySet


class RunbookQuerySet(VisibleQuerySet["Runbook"]):
    """Runbooks: whoever may see any sees all, so that nobody stands without one at night."""

    def in_reach(self, reach: access.Reach) -> "RunbookQuerySet":
        """Return the runbooks of covered teams, and those that belong to nobody."""
        return self if reach.everywhere else self.filter(
            Q(owner__isnull=True) | reach.rows(team="owner_id")
        )  # fmt: skip


class Runbook(models.Model):
    """Written steps for a situation: what to read, check, measure, run and decide."""

    title = models.CharField(max_length=160, unique=True)
    summary = models.CharField(
        max_length=300, blank=True, help_text="In a sentence: when it is used."
    )
    selector = models.CharField(
        "items",
        max_length=300,
        blank=True,
        help_text="Which items it is for, such as kind=host. Empty: every item.",
    )
    alerts = models.TextField(
        blank=True, help_text="Names of alerts it answers, one a line; * stands for anything."
    )
    owner = models.ForeignKey(
        Team, on_delete=models.SET_NULL, null=True, blank=True, related_name="runbooks"
    )
    standard = models.ForeignKey(
        StandardChange,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="runbooks",
        verbose_name="standard change",
        help_text="What its altering commands are, where that is approved beforehand."
        " Empty: each is an emergency with an approval of its own.",
    )
    text = models.TextField("steps", help_text="Markdown; each “## ” begins a step.")
    is_offered = models.BooleanField("offered", default=True, help_text="Off: kept, not suggested.")
    number = models.PositiveIntegerField("version", default=1, editable=False)

    objects = RunbookQuerySet.as_manager()

    class Meta:
        ordering = ["title"]
        permissions = [
            ("run_runbook", "Can run runbooks"),
            ("approve_runbook", "Can approve versions of runbooks"),
        ]
        constraints = [
            models.CheckConstraint(
                name="runbook_has_steps",
                condition=~Q(text=""),
                violation_error_message="Write a step first: “## ” and its title.",
            )
        ]

    def __str__(self) -> str:
        return self.title

    @cached_property
    def current(self) -> "RunbookVersion":
        """Return the version its text is."""
        return self.editions.get(number=self.number)


class RunbookVersion(models.Model):
    """A runbook as it was written once: never altered; only what was approved is run on hosts."""

    runbook = models.ForeignKey(Runbook, on_delete=models.CASCADE, related_name="editions")
    number = models.PositiveIntegerField()
    text = models.TextField()
    standard = models.ForeignKey(
        StandardChange, on_delete=models.PROTECT, null=True, related_name="+",
        verbose_name="standard change",
    )  # fmt: skip
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    written_at = models.DateTimeField("written")
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    approved_at = models.DateTimeField("approved", null=True)

    objects = VisibleQuerySet.as_manager()
    named_by = ("runbook",)

    class Meta:
        ordering = ["runbook", "-number"]
        verbose_name = "runbook version"
        constraints = [
            models.UniqueConstraint(fields=["runbook", "number"], name="runbook_version_once"),
            models.CheckConstraint(
                name="runbook_version_approved_by_another",
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("written_by")),
                violation_error_message="Nobody approves what they wrote themselves.",
            ),
            models.CheckConstraint(
                name="runbook_version_approved_says_when",
                condition=Q(approved_by__isnull=True, approved_at__isnull=True)
                | Q(approved_by__isnull=False, approved_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.runbook}, version {self.number}"

    @property
    def book(self) -> runbooks.Book:
        """Return its steps."""
        return runbooks.read(self.text)
