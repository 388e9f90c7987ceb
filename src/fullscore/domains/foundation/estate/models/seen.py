"""What sources say of items: claims and differences, sockets, certificates."""

from django.db import models
from django.db.models import Q

from fullscore.domains.foundation.estate.models.items import Item, OfItemQuerySet


class Claim(models.Model):
    """What one source says about one attribute of an item."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="claims")
    attribute = models.CharField(max_length=60)
    value = models.JSONField()
    source = models.CharField(max_length=40)
    observed_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    objects = OfItemQuerySet.as_manager()

    class Meta:
        ordering = ["item", "attribute"]
        constraints = [
            models.UniqueConstraint(
                fields=["item", "attribute", "source"], name="claim_one_per_source"
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} says {self.attribute} is {self.value}"


class Difference(models.Model):
    """That the record says one thing of an item, and a source sees another."""

    class State(models.TextChoices):
        OPEN = "open"
        ACCEPTED = "accepted"  # the world is right: the record follows
        REJECTED = "rejected"  # the record is right: the world is to follow
        IGNORED = "ignored"
        GONE = "gone"  # both agree again

    UNDECIDED = (State.OPEN, State.REJECTED, State.IGNORED)

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="differences")
    attribute = models.CharField(max_length=60)
    intended = models.JSONField("recorded", null=True)
    actual = models.JSONField("seen", null=True)
    source = models.CharField(max_length=40)
    first_seen_at = models.DateTimeField("since")
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    until = models.DateField("ignored until", null=True, blank=True)
    note = models.TextField(blank=True)

    objects = OfItemQuerySet.as_manager()
    named_by = ("item",)

    class Meta:
        ordering = ["first_seen_at"]
        permissions = [("decide_difference", "Can accept, reject and ignore differences")]
        constraints = [
            models.UniqueConstraint(
                fields=["item", "attribute"],
                condition=Q(state__in=["open", "rejected", "ignored"]),
                name="difference_one_undecided_per_attribute",
            )
        ]

    def __str__(self) -> str:
        return f"{self.attribute} of {self.item}"


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
