"""What items need, how they are linked, and what an hour without one costs."""

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from fullscore.domains.foundation.estate.kinds import LINK_CHOICES
from fullscore.domains.foundation.estate.models.items import Item
from fullscore.kit import access


class OfServiceQuerySet(models.QuerySet[Any]):
    """Costs of services, seen when the service is."""

    def in_reach(self, reach: access.Reach) -> "OfServiceQuerySet":
        """Return the rows whose service the grant covers."""
        return self.filter(service__in=Item.objects.in_reach(reach))

    def visible_to(self, user: access.Actor) -> "OfServiceQuerySet":
        """Return the rows whose service the person may see."""
        return self.filter(service__in=Item.objects.visible_to(user))


class LinkQuerySet(models.QuerySet[Any]):
    """Links and requirements: seen when both ends are."""

    def visible_to(self, user: access.Actor) -> "LinkQuerySet":
        """Return the rows all of whose items the person may see."""
        if access.reach(user, "estate.view_item").everywhere:
            return self
        seen = Item.objects.visible_to(user)
        if self.model is Requirement:
            return self.filter(dependent__in=seen)
        return self.filter(from_item__in=seen, to_item__in=seen)


class Requirement(models.Model):
    """That an item needs some number of a set of others."""

    named_by = ("dependent",)
    dependent = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="requirements")
    kind = models.CharField(max_length=12, choices=LINK_CHOICES, default="needs")
    name = models.CharField(max_length=80, blank=True)
    needed = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="How many must be up; empty: all; 0: helped by, not needed.",
    )

    objects = LinkQuerySet.as_manager()
    keeps_history = True

    class Meta:
        ordering = ["dependent", "kind", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["dependent", "kind", "name"], name="requirement_once_per_name"
            )
        ]

    def __str__(self) -> str:
        return f"{self.dependent} {self.get_kind_display()} {self.name}".strip()


class Link(models.Model):
    """That one item stands in some relation to another."""

    kind = models.CharField(max_length=12, choices=LINK_CHOICES)
    from_item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="links_out")
    to_item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="links_in")
    requirement = models.ForeignKey(
        Requirement, on_delete=models.CASCADE, null=True, blank=True, related_name="links"
    )
    confidence = models.FloatField(
        default=1.0, validators=[MinValueValidator(0), MaxValueValidator(1)]
    )
    source = models.CharField(max_length=40, default="person")
    attributes = models.JSONField(default=dict, blank=True)

    objects = LinkQuerySet.as_manager()
    keeps_history = True

    class Meta:
        ordering = ["from_item", "kind", "to_item"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "from_item", "to_item"], name="link_once_per_pair_and_kind"
            ),
            models.CheckConstraint(
                name="link_joins_two_items",
                condition=~Q(from_item=F("to_item")),
                violation_error_message="An item cannot be linked to itself.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_item} {self.get_kind_display()} {self.to_item}"


class DowntimeCost(models.Model):
    """What an hour without a service costs, in the reporting currency.

    What is not stated is taken from the criticality, and marked as a default.
    """

    service = models.OneToOneField(Item, on_delete=models.CASCADE, related_name="downtime_cost")
    low = models.DecimalField("low, per hour", max_digits=12, decimal_places=2)
    base = models.DecimalField("likely, per hour", max_digits=12, decimal_places=2)
    high = models.DecimalField("high, per hour", max_digits=12, decimal_places=2)
    note = models.CharField("how it was estimated", max_length=300, blank=True)

    objects = OfServiceQuerySet.as_manager()
    keeps_history = True
    named_by = ("service",)

    class Meta:
        ordering = ["-base"]
        constraints = [
            models.CheckConstraint(
                name="downtime_cost_in_order",
                condition=Q(low__gte=0, base__gte=F("low"), high__gte=F("base")),
                violation_error_message="Write it as 0 ≤ low ≤ likely ≤ high.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.service}: {self.base:,.0f} per hour"
