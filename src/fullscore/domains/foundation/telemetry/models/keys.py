"""What senders prove themselves with."""

from django.db import models
from django.db.models import Q

from fullscore.domains.foundation.estate.models import Item, OfItemQuerySet


class PushKeyQuerySet(OfItemQuerySet):
    """Keys, seen with their item."""


class PushKey(models.Model):
    """What a host proves itself with when it pushes: it may push as that host only."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="push_keys")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    per_minute = models.PositiveIntegerField(default=30)
    created_at = models.DateTimeField(editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    objects = PushKeyQuerySet.as_manager()
    audit_leaves_out = ("last_used_at",)
    audit_hides = ("digest",)

    class Meta:
        ordering = ["item", "name"]
        verbose_name = "push key"
        constraints = [
            models.UniqueConstraint(
                fields=["item", "name"],
                condition=Q(revoked_at__isnull=True),
                name="push_key_name_once_per_item",
                violation_error_message="This item has a key of this name already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
