"""Cloud accounts and what they have."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from fullscore.domains.foundation.estate.models import Item, OfItemQuerySet
from fullscore.kit import access
from fullscore.kit.models.secret import Secret

ROLE = r"arn:aws(?:-[a-z]+)*:iam::\d{12}:role/[\w+=,.@/-]{1,200}"
REGION = r"[a-z]{2}(?:-[a-z]+)+-\d"


def check_regions(value: Any) -> None:
    """Raise ValidationError unless a value is a list of names of regions."""
    import re

    is_list = isinstance(value, list) and 0 < len(value) <= 40
    if not is_list or not all(re.fullmatch(REGION, str(one)) for one in value):
        raise ValidationError("Write regions such as eu-central-1, separated by commas.")


class CloudAccount(models.Model):
    """An account of a cloud, the role it is read by, and how that went."""

    class State(models.TextChoices):
        NEW = "new", "not read yet"
        OK = "ok"
        PARTIAL = "partial", "read in part"
        FAILING = "failing"
        PAUSED = "paused"

    item = models.OneToOneField(
        Item, on_delete=models.CASCADE, related_name="cloud_account",
        limit_choices_to={"kind": "cloud account"},
    )  # fmt: skip
    role_arn = models.CharField(
        "role", max_length=260,
        validators=[RegexValidator(rf"\A{ROLE}\Z", "Give the ARN of a role.")],
        help_text="The role that may read; its policy stands on the account's page.",
    )  # fmt: skip
    external_id = models.CharField(max_length=64, editable=False, default="")
    regions = models.JSONField(
        default=list, validators=[check_regions], help_text="Such as eu-central-1, eu-west-1."
    )
    credential = models.ForeignKey(
        Secret, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    key_id = models.CharField("access key", max_length=40, blank=True, editable=False)
    state = models.CharField(max_length=7, choices=State, default=State.NEW, editable=False)
    number = models.CharField("account number", max_length=20, blank=True, editable=False)
    gaps = models.JSONField(default=list, editable=False)
    last_error = models.CharField(max_length=300, blank=True, editable=False)
    read_at = models.DateTimeField("last read", null=True, editable=False)

    objects = OfItemQuerySet.as_manager()
    named_by = ("item",)
    audit_leaves_out = ("read_at", "last_error", "gaps")

    class Meta:
        ordering = ["item__name"]
        verbose_name = "cloud account"
        constraints = [
            models.CheckConstraint(
                name="cloud_account_has_an_external_id", condition=~Q(external_id=""),
                violation_error_message="An account is read by an external id of its own.",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.item.name


class OfAccountQuerySet(models.QuerySet[Any]):
    """Rows that hang on an account, and are seen when its item is."""

    def in_reach(self, reach: access.Reach) -> "OfAccountQuerySet":
        """Return the rows whose account a grant covers."""
        return self.filter(account__item__in=Item.objects.in_reach(reach))

    def visible_to(self, user: access.Actor) -> "OfAccountQuerySet":
        """Return the rows of the accounts the person may see."""
        reach = access.reach(user, "estate.view_item")
        return self if reach.everywhere else self.in_reach(reach)


class CloudResource(models.Model):
    """One thing an account has; the larger ones are items, too."""

    account = models.ForeignKey(CloudAccount, on_delete=models.CASCADE, related_name="resources")
    kind = models.CharField(max_length=20)
    ident = models.CharField("id", max_length=200)
    name = models.CharField(max_length=300)
    region = models.CharField(max_length=30, blank=True)
    zone = models.CharField(max_length=30, blank=True)
    state = models.CharField(max_length=40, blank=True)
    item = models.ForeignKey(
        Item, on_delete=models.SET_NULL, null=True, related_name="cloud_resources"
    )
    tags = models.JSONField(default=dict)
    facts = models.JSONField(default=dict)
    joins = models.JSONField("joined with", default=list)
    since = models.DateTimeField("first seen")

    objects = OfAccountQuerySet.as_manager()

    class Meta:
        ordering = ["kind", "name"]
        verbose_name = "cloud resource"
        indexes = [models.Index(fields=["name", "id"])]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "kind", "ident"], name="cloud_resource_once_per_account"
            )
        ]

    def __str__(self) -> str:
        return self.name
