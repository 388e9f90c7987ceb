"""Counters of what is limited."""

from django.db import models


class LimitCount(models.Model):
    """How often something happened in its present window."""

    key = models.CharField(max_length=200, unique=True)
    count = models.PositiveIntegerField()
    ends_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.key}: {self.count}"
