"""What we may send packets to. No scope, no packet."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from fullscore.domains.foundation.estate.models.items import check_words
from fullscore.kit.models.querysets import VisibleQuerySet

ONE_PERSON = 4096  # addresses that one person may allow


class ScopeQuerySet(VisibleQuerySet["Scope"]):
    """Scopes: seen by whoever may see scopes at all, for all have to know what is sent."""


class Scope(models.Model):
    """Whom we may contact, how, how fast and until when: allowed by a person, for a time."""

    class Method(models.TextChoices):
        ICMP = "icmp", "ping"
        TCP = "tcp", "TCP connect"
        SNMP = "snmp", "SNMP"
        SSH = "ssh", "SSH banner"
        TLS = "tls", "TLS certificate"
        PORTS = "ports", "open ports"

    name = models.CharField(max_length=120, unique=True)
    targets = models.JSONField(
        default=list, validators=[check_words],
        help_text="Prefixes such as 10.0.0.0/24, addresses and names, with commas between.",
    )  # fmt: skip
    exclusions = models.JSONField(
        default=list, blank=True, validators=[check_words],
        help_text="What is never contacted, though it lies in a target.",
    )  # fmt: skip
    methods = models.JSONField(
        default=list, validators=[check_words], help_text="icmp, tcp, snmp, ssh, tls, ports."
    )
    packets_per_second = models.PositiveIntegerField(
        default=100, validators=[MinValueValidator(1), MaxValueValidator(1000)]
    )
    connections_per_host = models.PositiveSmallIntegerField(
        default=2, validators=[MinValueValidator(1), MaxValueValidator(10)]
    )
    hours_from = models.TimeField(null=True, blank=True, help_text="UTC. Empty: at any hour.")
    hours_to = models.TimeField(null=True, blank=True, help_text="UTC; may be past midnight.")
    expires_on = models.DateField("allowed until", help_text="The last day, UTC.")
    addresses = models.PositiveBigIntegerField(default=0, editable=False)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+",
        editable=False, verbose_name="allowed by",
    )  # fmt: skip
    second_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+",
        editable=False, verbose_name="and by",
    )  # fmt: skip
    approved_at = models.DateTimeField("allowed", null=True, editable=False)
    is_paused = models.BooleanField("paused", default=False, editable=False)

    objects = ScopeQuerySet.as_manager()
    keeps_history = True

    class Meta:
        ordering = ["name"]
        permissions = [
            ("allow_scope", "Can let packets be sent to a scope"),
            ("pause_scope", "Can stop sending, to one scope or to all"),
        ]
        constraints = [
            models.CheckConstraint(
                name="scope_large_needs_two",
                condition=Q(approved_at__isnull=True)
                | Q(addresses__lte=ONE_PERSON)
                | Q(second_by__isnull=False),
                violation_error_message="Beyond 4,096 addresses two people have to allow it.",
            ),
            models.CheckConstraint(
                name="scope_two_are_two",
                condition=Q(second_by__isnull=True) | ~Q(second_by=F("approved_by")),
                violation_error_message="Another person has to allow it too.",
            ),
            models.CheckConstraint(
                name="scope_allowed_by_somebody",
                condition=Q(approved_at__isnull=True) | Q(approved_by__isnull=False),
                violation_error_message="Say who allowed it.",
            ),
            models.CheckConstraint(
                name="scope_hours_have_both_ends",
                condition=Q(hours_from__isnull=True, hours_to__isnull=True)
                | (Q(hours_from__isnull=False, hours_to__isnull=False)
                   & ~Q(hours_from=F("hours_to"))),
                violation_error_message="Give the hours from and to, or neither.",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name

    @property
    def state(self) -> str:
        """Return paused, allowed, waiting for a second person, or asked."""
        if self.is_paused:
            return "paused"
        if self.approved_at:
            return "allowed"
        return "waits for a second person" if self.approved_by_id else "asked"
