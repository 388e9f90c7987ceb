"""What is found on items: sockets and certificates."""

from django.db import models

from fullscore.domains.foundation.estate.models.items import Item, OfItemQuerySet


class Listener(models.Model):
    """A socket something listens on."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="listeners")
    address = models.CharField(max_length=45)
    transport = models.CharField(max_length=4)
    port = models.PositiveIntegerField()
    process = models.CharField(max_length=80, blank=True)
    unit = models.CharField(max_length=120, blank=True)
    is_intended = models.BooleanField(default=False)
    seen_at = models.DateTimeField()
    seen_by = models.CharField(max_length=8, default="probe")

    objects = OfItemQuerySet.as_manager()

    class Meta:
        ordering = ["item", "port"]
        permissions = [("declare_listener", "Can declare listeners as intended")]
        constraints = [
            models.UniqueConstraint(
                fields=["item", "address", "transport", "port"], name="listener_once_per_socket"
            )
        ]

    def __str__(self) -> str:
        return f"{self.transport} {self.address}:{self.port}"


class Certificate(models.Model):
    """A certificate seen in use."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="certificates")
    path = models.CharField(max_length=300)
    sha256 = models.CharField(max_length=64)
    subject = models.CharField(max_length=300, blank=True)
    names = models.JSONField(default=list)
    issuer = models.CharField(max_length=300, blank=True)
    not_before = models.DateTimeField(null=True)
    not_after = models.DateTimeField(null=True)
    key_kind = models.CharField(max_length=12, blank=True)
    key_bits = models.PositiveIntegerField(null=True)
    signature = models.CharField(max_length=40, blank=True)
    seen_at = models.DateTimeField()

    objects = OfItemQuerySet.as_manager()

    class Meta:
        ordering = ["not_after"]
        constraints = [
            models.UniqueConstraint(fields=["item", "path"], name="certificate_once_per_path")
        ]

    def __str__(self) -> str:
        return self.subject or self.path
