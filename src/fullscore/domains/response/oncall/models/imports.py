"""What was brought over from another tool of being on call."""

from django.conf import settings
from django.db import models
from django.db.models import QuerySet

from fullscore.kit import access
from fullscore.kit.access import Actor


class RotaImportQuerySet(models.QuerySet["RotaImport"]):
    """Imports, by who may see them: they hold people's addresses as another tool knows them."""

    def visible_to(self, user: Actor) -> QuerySet["RotaImport"]:
        """Return one's own; those who read the audit see all."""
        if access.reach(user, "kit.view_auditentry").everywhere:
            return self.all()
        return self.filter(by=user.pk)


class RotaImport(models.Model):
    """Schedules and policies of another tool: looked at first, then written, undone as a whole."""

    class Kind(models.TextChoices):
        GRAFANA = "grafana-oncall", "Grafana OnCall"
        OPSGENIE = "opsgenie", "Opsgenie"

    class State(models.TextChoices):
        PREVIEW = "preview"
        DONE = "done"
        UNDONE = "undone"

    kind = models.CharField("comes from", max_length=14, choices=Kind)
    name = models.CharField(max_length=120, blank=True, help_text="Where it was read.")
    text = models.TextField(
        "what it tells",
        help_text="A JSON object: the answers of its API, each list under its name.",
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False
    )
    at = models.DateTimeField("read", editable=False)
    state = models.CharField(max_length=7, choices=State, default=State.PREVIEW, editable=False)
    counts = models.JSONField(default=dict, editable=False)
    shown = models.JSONField(default=dict, editable=False)  # what the page shows
    made = models.JSONField(default=list, editable=False)  # [noun, id] of each record, in order
    last_entry = models.PositiveBigIntegerField(null=True, editable=False)  # of the audit

    objects = RotaImportQuerySet.as_manager()
    audit_leaves_out = ("text", "shown", "made")

    class Meta:
        ordering = ["-at"]
        verbose_name = "rota import"
        indexes = [models.Index(fields=["at"])]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.name}".strip()

    @property
    def mark(self) -> str:
        """Return the words under which its writes stand in the audit."""
        return f"rota import {self.pk}"
