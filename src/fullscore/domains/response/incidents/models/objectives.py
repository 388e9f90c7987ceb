"""What was promised of services, and how much of the promise may still be broken."""

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from fullscore.domains.foundation.estate.models import Item
from fullscore.kit import access


class ObjectiveQuerySet(models.QuerySet[Any]):
    """Objectives, seen with their service."""

    def in_reach(self, reach: access.Reach) -> "ObjectiveQuerySet":
        """Return the objectives of the services a grant covers."""
        return self if reach.everywhere else self.filter(service__in=Item.objects.in_reach(reach))

    def visible_to(self, user: access.Actor) -> "ObjectiveQuerySet":
        """Return the objectives of services the person may see."""
        if not access.reach(user, "incidents.view_serviceobjective").is_anything:
            return self.none()
        return self.filter(service__in=Item.objects.visible_to(user))


class Target(models.FloatField):
    """A part of all, below 1; above 1 it is taken as percent, as people speak of it."""

    def to_python(self, value: Any) -> float | None:
        """Return the part: 0.999 for 0.999 and for 99.9."""
        number: float | None = super().to_python(value)
        return round(number / 100, 9) if number is not None and number > 1 else number

    def deconstruct(self) -> Any:
        """Return what a migration writes: it is a number there."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.FloatField", args, kwargs


class ServiceObjective(models.Model):
    """How good a service is to be over a window, and what is left of what may go wrong."""

    class Kind(models.TextChoices):
        UP = "up", "nothing grave alerts"
        RATIO = "ratio", "good of all, of two series"

    service = models.ForeignKey(
        Item, on_delete=models.CASCADE, related_name="objectives",
        limit_choices_to={"kind": "service"},
    )  # fmt: skip
    kind = models.CharField(max_length=5, choices=Kind, default=Kind.UP)
    good = models.CharField(
        "metric of the good", max_length=200, blank=True,
        help_text="A counter of the service, such as http_requests_good_total.",
    )  # fmt: skip
    total = models.CharField("metric of all", max_length=200, blank=True)
    target = Target(
        default=0.999,
        validators=[
            MinValueValidator(0.5, "A target is at least 50 percent."),
            MaxValueValidator(0.99999, "A target is at most 99.999 percent: nothing never fails."),
        ],
        help_text="99.9 (or 0.999): one in a thousand may go wrong.",
    )
    window_days = models.PositiveSmallIntegerField(
        "days", default=28, validators=[MinValueValidator(1), MaxValueValidator(92)]
    )
    left = models.FloatField(
        "budget left", null=True, editable=False, help_text="1: all of it; below 0: overspent."
    )
    measured_at = models.DateTimeField("measured", null=True, editable=False)

    objects = ObjectiveQuerySet.as_manager()
    keeps_history = True
    audit_leaves_out = ("left", "measured_at")

    class Meta:
        ordering = ["service"]
        verbose_name = "service objective"
        constraints = [
            models.UniqueConstraint(
                fields=["service", "kind", "total"],
                name="service_objective_once",
                violation_error_message="This service has such an objective already.",
            ),
            models.CheckConstraint(
                name="service_objective_names_its_series",
                condition=Q(kind="up", good="", total="")
                | (Q(kind="ratio") & ~Q(good="") & ~Q(total="")),
                violation_error_message="A ratio needs both metrics; without it, leave them empty.",
            ),
            models.CheckConstraint(
                name="service_objective_leaves_room",
                condition=Q(target__gte=0.5, target__lte=0.99999),
                violation_error_message="A target lies between 50 and 99.999 percent.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service} {self.get_kind_display()} {self.target:.5g}"[:160]
