"""What the cloud costs: exports, the billing periods they delivered, and their rows by the day."""

from typing import Any

from django.db import models
from django.db.models import F, Q

from fullscore.domains.foundation.estate.models import Item
from fullscore.kit.models.querysets import VisibleQuerySet


def money(name: str = "", **more: Any) -> "models.DecimalField[Any, Any]":
    """Return a column of money to ten places; SQLite keeps 15 digits of it in all."""
    return models.DecimalField(name or None, max_digits=24, decimal_places=10, **more)


class CostExport(models.Model):
    """A bill that is delivered again and again, such as one account's FOCUS export."""

    name = models.CharField(max_length=80, unique=True)
    provider = models.CharField(max_length=80, blank=True)

    objects = VisibleQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name = "cost export"

    def __str__(self) -> str:
        return self.name


class CostPeriod(models.Model):
    """One billing period of an export, as it was delivered last: whole or not at all."""

    export = models.ForeignKey(CostExport, on_delete=models.CASCADE, related_name="periods")
    starts_on = models.DateField("from")
    ends_on = models.DateField("to")  # exclusive
    currency = models.CharField(max_length=3)
    row_count = models.PositiveIntegerField("rows")
    digest = models.CharField(max_length=64, editable=False)
    billed = money()
    effective = money()
    explained = money("of what we know", default=0)
    bad_rows = models.JSONField(default=list, editable=False)
    bad_count = models.PositiveIntegerField("rows not read", default=0)
    imported_at = models.DateTimeField("delivered")
    invoice = models.DecimalField(
        "invoiced", max_digits=16, decimal_places=2, null=True,
        help_text="What the invoice of this period says in all.",
    )  # fmt: skip

    objects = VisibleQuerySet.as_manager()
    audit_leaves_out = ("imported_at", "bad_rows")

    class Meta:
        ordering = ["-starts_on", "export"]
        verbose_name = "cost period"
        constraints = [
            models.UniqueConstraint(
                fields=["export", "starts_on", "ends_on", "currency"],
                name="cost_period_once_per_export",
                violation_error_message="This period of this export is there already.",
            ),
            models.CheckConstraint(
                name="cost_period_ends_after_it_starts", condition=Q(ends_on__gt=F("starts_on")),
                violation_error_message="A billing period must end after it starts.",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.export}, {self.starts_on:%B %Y}"


class CostRow(models.Model):
    """The charges of one day that differ in nothing but time, summed."""

    period = models.ForeignKey(CostPeriod, on_delete=models.CASCADE, related_name="rows")
    day = models.DateField()
    item = models.ForeignKey(Item, on_delete=models.SET_NULL, null=True, related_name="cost_rows")
    provider = models.CharField(max_length=120, blank=True)
    account = models.CharField("sub-account", max_length=300, blank=True)
    category = models.CharField(max_length=300, blank=True)
    service = models.CharField(max_length=300)
    region = models.CharField(max_length=300, blank=True)
    resource = models.CharField(max_length=300, blank=True)
    sku = models.CharField("SKU", max_length=300, blank=True)
    charge_category = models.CharField("kind of charge", max_length=40, blank=True)
    charge_class = models.CharField(max_length=40, blank=True)
    commitment = models.CharField(max_length=300, blank=True)
    invoice = models.CharField("invoice", max_length=300, blank=True)
    pricing_unit = models.CharField("unit", max_length=80, blank=True)
    pricing_quantity = money("quantity", default=0)
    consumed_quantity = money(default=0)
    billed = money()
    effective = money()
    list_cost = money()
    contracted = money()
    tags = models.JSONField(default=dict)

    objects = VisibleQuerySet.as_manager()

    class Meta:
        ordering = ["-day", "pk"]
        verbose_name = "cost row"
        indexes = [
            models.Index(fields=["period", "service"]),
            models.Index(fields=["item", "day"]),
            models.Index(fields=["day", "id"]),
        ]

    def __str__(self) -> str:
        return f"{self.service} {self.resource} on {self.day}"
