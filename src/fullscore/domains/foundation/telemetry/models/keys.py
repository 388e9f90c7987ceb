"""What senders prove themselves with, and what was not taken from them."""

from django.db import models
from django.db.models import Q

from fullscore.domains.foundation.estate.models import Item, OfItemQuerySet
from fullscore.kit import access


class PushKeyQuerySet(OfItemQuerySet):
    """Keys, seen with their item; those of the whole estate by whoever sees all of it."""


class PushKey(models.Model):
    """What a sender proves itself with: one host, whatever stands at one site, or all there is."""

    item = models.ForeignKey(
        Item, on_delete=models.CASCADE, null=True, blank=True, related_name="push_keys"
    )
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    collects = models.BooleanField(
        "for a collector",
        default=False,
        help_text="Whoever has it learns the addresses and credentials of what its site reads.",
    )
    per_minute = models.PositiveIntegerField(default=30)
    new_series_per_hour = models.PositiveIntegerField(default=100_000)
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
            ),
            models.UniqueConstraint(
                fields=["name"],
                condition=Q(revoked_at__isnull=True, item__isnull=True),
                name="push_key_name_once_for_the_whole",
                violation_error_message="There is a key of this name for the whole estate already.",
            ),
            models.CheckConstraint(
                name="push_key_of_a_collector_has_a_site",
                condition=Q(collects=False) | Q(item__isnull=False),
                violation_error_message="A collector's key belongs to a site.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def host(self) -> Item | None:
        """Return the one item it sends for; None when the samples' labels have to say."""
        return None if self.item is None or self.item.kind == "site" else self.item

    @property
    def site(self) -> int | None:
        """Return the site beyond which nothing is this sender's; None for no such border."""
        return self.item_id if self.item is not None and self.item.kind == "site" else None


class RefusalQuerySet(models.QuerySet["Refusal"]):
    """What was refused, seen with the key of the sender."""

    def visible_to(self, user: access.Actor) -> "RefusalQuerySet":
        """Return what was refused to the senders the person may see."""
        reach = access.reach(user, "telemetry.view_refusal")
        if reach.everywhere:
            return self
        return self.filter(key__item__in=Item.objects.in_reach(reach))


class Refusal(models.Model):
    """Samples of one sender that were not taken for one reason, counted: nothing is lost unseen."""

    class Reason(models.TextChoices):
        FUTURE = "future", "dated ahead"
        TOO_OLD = "too_old", "older than what is kept"
        LABELS = "labels", "labels that cannot be kept"
        NEW_SERIES = "new_series", "too many new series"
        HISTOGRAM = "histogram", "native histograms, summaries and exemplars"
        MALFORMED = "malformed", "points that say too little"
        ORDER = "order", "increments out of order"
        NO_ROOM = "no_room", "turned away by the store"

    key = models.ForeignKey(PushKey, on_delete=models.CASCADE, null=True, related_name="refusals")
    reason = models.CharField(max_length=12, choices=Reason)
    count = models.PositiveBigIntegerField(default=0)
    example = models.CharField(max_length=300, blank=True)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    objects = RefusalQuerySet.as_manager()

    class Meta:
        ordering = ["-last_at"]
        constraints = [
            models.UniqueConstraint(fields=["key", "reason"], name="refusal_once_per_key"),
            models.UniqueConstraint(
                fields=["reason"], condition=Q(key__isnull=True), name="refusal_once_without_key"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.count} samples: {self.get_reason_display()}"
