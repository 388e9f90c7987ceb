"""Who has to say yes to a change, and who has."""

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q

from fullscore.domains.foundation.changes.models.changes import Change, OfChangeQuerySet
from fullscore.domains.foundation.changes.models.words import Band, Kind
from fullscore.domains.foundation.directory.models import Person, Team
from fullscore.domains.foundation.estate.models import Item
from fullscore.kit.models.querysets import VisibleQuerySet


class ApprovalPolicy(models.Model):
    """How many people approve changes of one sort, and from which team."""

    name = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=9, choices=Kind, blank=True, help_text="Empty: any.")
    band = models.CharField("risk", max_length=6, choices=Band, blank=True, help_text="Empty: any.")
    environment = models.CharField(
        max_length=11, choices=Item.Environment, blank=True, help_text="Empty: any."
    )
    tag = models.CharField(
        "tag of an item", max_length=60, blank=True, help_text="Empty: any items."
    )
    needed = models.PositiveSmallIntegerField(
        "approvals",
        default=1,
        validators=[MaxValueValidator(5)],
        help_text="0: goes ahead by itself, where the risk card allows it.",
    )
    team = models.ForeignKey(
        Team,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="One of them comes from this team.",
    )
    person = models.ForeignKey(
        Person,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="One of them is this person.",
    )

    objects = VisibleQuerySet.as_manager()
    keeps_history = True

    class Meta:
        ordering = ["name"]
        verbose_name = "approval policy"
        verbose_name_plural = "approval policies"
        constraints = [
            models.CheckConstraint(
                name="approval_policy_never_lets_risk_pass",
                condition=Q(needed__gt=0)
                | (~Q(kind=Kind.EMERGENCY) & Q(band=Band.LOW))
                | Q(kind=Kind.STANDARD),
                violation_error_message="Only standard changes and those of low risk go ahead by"
                " themselves.",
            ),
            models.CheckConstraint(
                name="approval_policy_asks_whom_it_names",
                condition=Q(needed__gt=0) | Q(team__isnull=True, person__isnull=True),
                violation_error_message="Who is named has to be asked: one approval at least.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Approval(models.Model):
    """What one person decided about a change, until an edit voids it."""

    class Decision(models.TextChoices):
        APPROVED = "approved"
        REJECTED = "rejected"

    change = models.ForeignKey(Change, on_delete=models.CASCADE, related_name="approvals")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_by = models.ForeignKey(  # the change's own, here so that the database can compare
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False
    )
    decision = models.CharField(max_length=8, choices=Decision)
    rule = models.CharField(max_length=300)
    note = models.TextField(blank=True)
    at = models.DateTimeField()
    voided_at = models.DateTimeField("voided", null=True)

    objects = OfChangeQuerySet.as_manager()
    named_by = ("person",)

    class Meta:
        ordering = ["-at"]
        constraints = [
            models.UniqueConstraint(
                fields=["change", "person"],
                condition=Q(voided_at__isnull=True),
                name="approval_once_per_person",
                violation_error_message="You have decided about this change already.",
            ),
            models.CheckConstraint(
                name="approval_by_another",
                condition=~Q(person=F("requested_by")),
                violation_error_message="Someone else must approve your change.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.decision} by {self.person}"
