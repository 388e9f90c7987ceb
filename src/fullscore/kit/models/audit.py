"""One entry for one write, chained by hash so that nothing can be changed or removed unseen."""

from django.conf import settings
from django.db import models

from fullscore.kit.models.querysets import VisibleQuerySet


class AuditQuerySet(VisibleQuerySet["AuditEntry"]):
    """Who may read the audit: those with the permission, all of it."""


class AuditEntry(models.Model):
    """What one person or machine did to one record, and what it looked like before and after."""

    n = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    via = models.CharField(max_length=16)  # web, api, cli, mcp, job
    token = models.CharField(max_length=16, blank=True)
    address = models.CharField(max_length=45, blank=True)
    verb = models.CharField(max_length=60)
    noun = models.CharField(max_length=60)
    record = models.CharField(max_length=64)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    reason = models.TextField(blank=True)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    objects = AuditQuerySet.as_manager()

    class Meta:
        ordering = ["-n"]
        verbose_name = "audit entry"
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["noun", "record", "-n"]),
            models.Index(fields=["by", "-n"]),
            models.Index(fields=["at"]),
        ]

    def __str__(self) -> str:
        return f"{self.n}: {self.verb} {self.noun} {self.record}"
