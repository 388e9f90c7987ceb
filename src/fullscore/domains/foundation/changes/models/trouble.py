"""What is wrong with an item now, as told by whoever handles incidents."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from fullscore.domains.foundation.estate.models import Item, OfItemQuerySet
from fullscore.kit import access


class TroubleQuerySet(OfItemQuerySet):
    """Troubles, seen with their item."""

    def visible_to(self, user: access.Actor) -> "TroubleQuerySet":
        """Return the troubles of items the person may see; none without the right to see any."""
        if not access.may(user, "changes.view_trouble"):
            return self.none()
        return super().visible_to(user)  # type: ignore[return-value]

    def open(self) -> "TroubleQuerySet":
        """Return what is not over."""
        return self.filter(until__isnull=True)


class Trouble(models.Model):
    """That an item is in trouble from when until when, and who commands the response."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="troubles")
    reference = models.CharField(max_length=80)
    title = models.CharField(max_length=300)
    url = models.CharField(max_length=200, blank=True)
    commander = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    objects = TroubleQuerySet.as_manager()
    named_by = ("item",)

    class Meta:
        ordering = ["-since"]
        verbose_name = "trouble"
        constraints = [
            models.UniqueConstraint(
                fields=["item", "reference"],
                condition=Q(until__isnull=True),
                name="trouble_open_once_per_item",
            ),
            models.CheckConstraint(
                name="trouble_ends_after_it_begins",
                condition=Q(until__isnull=True) | Q(until__gte=F("since")),
            ),
        ]

    def __str__(self) -> str:
        return self.title
