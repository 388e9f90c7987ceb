"""The outbox of live updates."""

from django.db import models


class LiveChange(models.Model):
    """Something a page may show has changed: which kind, which record, and who may know."""

    id = models.BigAutoField(primary_key=True)  # ever growing: readers ask for what came after it
    topic = models.CharField(max_length=60)  # the noun, as in `change`
    key = models.CharField(max_length=64, blank=True)  # empty: the list as a whole
    permission = models.CharField(max_length=100, blank=True)
    at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = "live change"

    def __str__(self) -> str:
        return f"{self.pk}: {self.topic} {self.key}".strip()

    @property
    def message(self) -> dict[str, object]:
        """Return what browsers are told: *that* it changed, never *what*."""
        return {"id": self.pk, "topic": self.topic, "key": self.key}
