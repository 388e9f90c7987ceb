"""How records were at any past moment."""

from django.db import models

from fullscore.kit.models.audit import AuditEntry
from fullscore.kit.time import FOREVER


class VersionBase(models.Model):
    """One interval in which a record looked like `state`. Half open: [starts_at, ends_at)."""

    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(default=FOREVER)
    state = models.JSONField()
    entry = models.ForeignKey(
        AuditEntry, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )

    class Meta:
        abstract = True


class Version(VersionBase):
    """A version of any noun that has no table of versions of its own."""

    noun = models.CharField(max_length=60)
    record_id = models.BigIntegerField()

    class Meta:
        ordering = ["-starts_at"]
        indexes = [
            models.Index(fields=["noun", "record_id", "starts_at"]),
            models.Index(fields=["noun", "starts_at"]),
            models.Index(fields=["noun", "ends_at"]),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["noun", "record_id"],
                condition=models.Q(ends_at=FOREVER),
                name="version_one_open_per_record",
            )
        ]

    def __str__(self) -> str:
        return f"{self.noun} {self.record_id} from {self.starts_at:%F %T}"
