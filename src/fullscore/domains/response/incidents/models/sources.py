"""Who may send alerts, and every body they sent, as it came."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, validate_slug
from django.db import models
from django.db.models import Q

from fullscore.connectors.base import Garbled
from fullscore.connectors.mail.mailbox import mailbox_of
from fullscore.connectors.wording import state_words
from fullscore.domains.foundation.directory.models import Team
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.estate.models.items import check_words
from fullscore.kit import access, time
from fullscore.kit.checks import SEVERITIES
from fullscore.kit.models.secret import Secret

CONFIRM = "confirm:"  # how the delivery of what a person has to confirm begins
SEVERITY_CHOICES = [(n, SEVERITIES[n]) for n in (5, 4, 3, 2, 1)]


def check_zone(name: str) -> None:
    """Raise ValidationError for a time zone this machine does not know."""
    if name not in time.zones():
        raise ValidationError(f"“{name}” is no time zone: write one such as Europe/Berlin.")


def check_resolve_words(value: Any) -> None:
    """Raise ValidationError unless a value is a list of words that say that something is over."""
    check_words(value)
    try:
        state_words(tuple(value))
    except ValueError as error:
        raise ValidationError(str(error)) from error


def check_mailbox(text: str) -> None:
    """Raise ValidationError for what is no address of a mailbox."""
    try:
        mailbox_of(text)
    except Garbled as error:
        raise ValidationError(str(error)) from error


def covered(reach: access.Reach, path: str = "") -> Q:
    """Return the condition that a grant covers an alert: its item, else the team of its source."""
    of_item = Q(**{f"{path}item__in": Item.objects.in_reach(reach)})
    bare = Q(**{f"{path}item__isnull": True})
    return of_item | (bare & reach.rows(team=f"{path}source__owner_id"))


class AlertSourceQuerySet(models.QuerySet["AlertSource"]):
    """Sources, by who may see them."""

    def in_reach(self, reach: access.Reach) -> "AlertSourceQuerySet":
        """Return the sources whose owning team a grant covers."""
        return self.filter(reach.rows(team="owner_id"))

    def visible_to(self, user: access.Actor) -> "AlertSourceQuerySet":
        """Return the sources in reach of the person's grants."""
        return self.in_reach(access.reach(user, "incidents.view_alertsource"))


class AlertSource(models.Model):
    """A sender of alerts, and how what it says is read."""

    class Kind(models.TextChoices):
        ALERTMANAGER = "alertmanager", "Alertmanager webhook"
        PROMETHEUS = "prometheus", "Prometheus, in place of an Alertmanager"
        PAGERDUTY = "pagerduty", "PagerDuty events"
        GRAFANA = "grafana", "Grafana webhook"
        ZABBIX = "zabbix", "Zabbix media type"
        NAGIOS = "nagios", "Nagios or Icinga notifications"
        CLOUDEVENTS = "cloudevents", "CloudEvents"
        SNS = "sns", "Amazon SNS and CloudWatch"
        DATADOG = "datadog", "Datadog webhook"
        SENTRY = "sentry", "Sentry integration"
        OPSGENIE = "opsgenie", "Opsgenie alert API"
        SYSLOG = "syslog", "syslog"
        EMAIL = "email", "e-mail"
        HEARTBEAT = "heartbeat", "heartbeat"
        OWN = "own", "findings of our own checks"

    name = models.CharField(max_length=60, unique=True, validators=[validate_slug])
    kind = models.CharField(max_length=12, choices=Kind)
    owner = models.ForeignKey(
        Team, on_delete=models.SET_NULL, null=True, blank=True, related_name="alert_sources"
    )
    prefix = models.CharField(max_length=8, blank=True, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    zone = models.CharField(
        "time zone",
        max_length=64,
        default="UTC",
        validators=[check_zone],
        help_text="Of times that are sent without one, as Zabbix does; such as Europe/Berlin.",
    )
    credential = models.ForeignKey(
        Secret, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )  # Sentry's client secret, with which it signs; the password of a mailbox
    default_severity = models.PositiveSmallIntegerField(choices=SEVERITY_CHOICES, default=3)
    item_labels = models.JSONField(
        "labels that name the item",
        default=list,
        blank=True,
        validators=[check_words],
        help_text="Asked before the usual ones, such as instance.",
    )
    resolve_after_seconds = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(10)],
        help_text="Resolve what was not said again for so long; empty: only the sender resolves.",
    )
    expects_every_seconds = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(10)],
        help_text="Silence for longer than this is an alert of its own.",
    )
    per_minute = models.PositiveIntegerField("requests a minute", default=6000)
    senders = models.JSONField(
        default=list,
        blank=True,
        validators=[check_words],
        help_text="Syslog: addresses, networks or host names it comes from; empty: whatever no"
        " other source names.",
    )
    least_severity = models.PositiveSmallIntegerField(
        "alerts from severity",
        choices=SEVERITY_CHOICES,
        default=4,
        help_text="Syslog: what is less severe is counted, and no alert.",
    )
    resolve_words = models.JSONField(
        "words that say it is over",
        default=list,
        blank=True,
        validators=[check_resolve_words],
        help_text="Syslog and e-mail: such as RECOVERED, or down = up for a pair. Words in capitals"
        " mean capitals only.",
    )
    mailbox = models.CharField(
        max_length=300,
        blank=True,
        validators=[check_mailbox],
        help_text="E-mail: such as imaps://alerts@mail.example.org/INBOX; imap:// begins TLS"
        " itself. Its password is given on the source's page.",
    )
    passed_over = models.PositiveBigIntegerField(
        "messages below its severity", default=0, editable=False
    )
    lost = models.PositiveBigIntegerField("messages above its rate", default=0, editable=False)
    problem = models.CharField("cannot be read", max_length=300, blank=True, editable=False)
    created_at = models.DateTimeField(editable=False)
    last_seen_at = models.DateTimeField(null=True, editable=False)
    left_out_at = models.DateTimeField("last left something out", null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    objects = AlertSourceQuerySet.as_manager()
    audit_leaves_out = ("last_seen_at", "left_out_at", "passed_over", "lost", "problem")
    audit_hides = ("digest",)

    class Meta:
        ordering = ["name"]
        verbose_name = "alert source"
        constraints = [
            models.UniqueConstraint(
                fields=["kind"],
                condition=Q(kind="own"),
                name="alert_source_one_of_our_own",
                violation_error_message="Our own findings are a source already.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class ReceiptQuerySet(models.QuerySet["Receipt"]):
    """Receipts, seen with their source."""

    def in_reach(self, reach: access.Reach) -> "ReceiptQuerySet":
        """Return the receipts of sources a grant covers."""
        return self.filter(source__in=AlertSource.objects.in_reach(reach))

    def visible_to(self, user: access.Actor) -> "ReceiptQuerySet":
        """Return the receipts of sources in reach of the person's grants."""
        reach = access.reach(user, "incidents.view_receipt")
        return self if reach.everywhere else self.in_reach(reach)


class Receipt(models.Model):
    """One body as it came, written before its sender was answered."""

    class State(models.TextChoices):
        NEW = "new"
        DONE = "done"
        REJECTED = "rejected"

    source = models.ForeignKey(AlertSource, on_delete=models.CASCADE, related_name="receipts")
    delivery_id = models.CharField(max_length=200, blank=True)
    key = models.CharField(max_length=32)  # what an event without a key of its own is called
    sha256 = models.CharField(max_length=64)
    body = models.BinaryField()
    received_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State, default=State.NEW)
    problem = models.CharField(max_length=300, blank=True)

    objects = ReceiptQuerySet.as_manager()
    audit_leaves_out = ("body",)

    class Meta:
        ordering = ["-received_at"]
        indexes = [
            models.Index(fields=["source", "id"], condition=Q(state="new"), name="receipt_new"),
            models.Index(fields=["received_at", "id"]),
            models.Index(fields=["state", "-received_at"]),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "delivery_id"],
                condition=~Q(delivery_id=""),
                name="receipt_once_per_delivery",
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} at {self.received_at:%F %T}"
