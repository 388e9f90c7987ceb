"""Files of rows on their way in."""

from django.conf import settings
from django.db import models
from django.db.models import QuerySet

from fullscore.kit import access
from fullscore.kit.access import Actor


class ImportQuerySet(models.QuerySet["Import"]):
    """Imports, by who may see them: a file may hold what only its sender may read."""

    def visible_to(self, user: Actor) -> QuerySet["Import"]:
        """Return one's own; those who read the audit see all."""
        if access.reach(user, "kit.view_auditentry").everywhere:
            return self.all()
        return self.filter(by=user.pk)


class Import(models.Model):
    """A file of rows of one noun: looked at first, then written, and undone while untouched."""

    class State(models.TextChoices):
        FETCHING = "fetching"
        PREVIEW = "preview"
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        UNDOING = "undoing"
        UNDONE = "undone"

    UNDER_WAY = (State.WAITING, State.RUNNING)
    INVENTORY = "inventory"  # in the place of a noun: items of every kind, their words and links

    noun = models.CharField(max_length=40)
    file_name = models.CharField("file", max_length=200)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("sent")
    state = models.CharField(max_length=8, choices=State, default=State.PREVIEW)
    counts = models.JSONField(default=dict)
    shown = models.JSONField(default=dict)  # what the page shows: columns, first rows, all faults
    text = models.TextField("rows", blank=True)  # as CSV; of an inventory, lines of JSON
    origin = models.JSONField(default=dict, blank=True)  # whom it is read from, and how far
    reached = models.PositiveIntegerField(default=0)  # rows written: a restart goes on behind them
    first_entry = models.PositiveBigIntegerField(null=True)  # in the audit, between these two
    last_entry = models.PositiveBigIntegerField(null=True)
    finished_at = models.DateTimeField("finished", null=True)

    objects = ImportQuerySet.as_manager()
    audit_leaves_out = ("text", "shown", "reached", "origin")

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["at"])]

    def __str__(self) -> str:
        return f"{self.file_name} into {self.noun}"

    @property
    def mark(self) -> str:
        """Return the words under which its writes stand in the audit."""
        return f"import {self.pk}"


class Mapped(models.Model):
    """What the columns of one layout of a table mean, remembered by its headings."""

    header = models.TextField(unique=True)
    meaning = models.JSONField(default=dict)  # heading → field, attribute:<name>, or nothing

    class Meta:
        ordering = ["header"]
        verbose_name = "column mapping"

    def __str__(self) -> str:
        return self.header[:120]
