"""What is measured."""

from django.db import models

from fullscore.kit.models.querysets import VisibleQuerySet


class Metric(models.Model):
    """What is measured: name, unit, and whether it only rises."""

    class Kind(models.TextChoices):
        GAUGE = "gauge"
        COUNTER = "counter"

    name = models.CharField(max_length=200, unique=True)
    title = models.CharField(max_length=200, blank=True)
    unit = models.CharField(max_length=12, blank=True)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.GAUGE)
    decimals = models.PositiveSmallIntegerField(default=2)

    objects = VisibleQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.title or self.name
