"""What the public is told: components, what is wrong with them, updates, and who subscribed."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.response.incidents.models.incidents import Incident
from fullscore.kit import access
from fullscore.kit.models.querysets import VisibleQuerySet


class StatusComponent(models.Model):
    """Something the public knows by a name of its own, and the services behind it."""

    name = models.CharField("public name", max_length=80, unique=True)
    about = models.CharField("public words", max_length=200, blank=True)
    position = models.PositiveSmallIntegerField("place", default=10)
    is_shown = models.BooleanField("shown", default=True)
    services = models.ManyToManyField(
        Item, blank=True, related_name="status_components", limit_choices_to={"kind": "service"},
        help_text="Never shown outside: they say which components an incident touches.",
    )  # fmt: skip

    objects = VisibleQuerySet.as_manager()
    keeps_history = True

    class Meta:
        ordering = ["position", "name"]
        verbose_name = "status component"

    def __str__(self) -> str:
        return self.name


class StatusNotice(models.Model):
    """Something the public is told of: an incident or maintenance, in updates."""

    class Kind(models.TextChoices):
        INCIDENT = "incident"
        MAINTENANCE = "maintenance"

    class Impact(models.TextChoices):
        NONE = "none", "works"
        DEGRADED = "degraded", "slow or faulty"
        PARTIAL = "partial", "partly down"
        OUTAGE = "outage", "down"
        MAINTENANCE = "maintenance", "under maintenance"

    title = models.CharField("public title", max_length=120)
    kind = models.CharField(max_length=11, choices=Kind, default=Kind.INCIDENT)
    impact = models.CharField(max_length=11, choices=Impact, default=Impact.DEGRADED)
    components = models.ManyToManyField(StatusComponent, blank=True, related_name="notices")
    incident = models.ForeignKey(
        Incident, on_delete=models.SET_NULL, null=True, blank=True, related_name="notices",
        editable=False,
    )  # fmt: skip
    starts_at = models.DateTimeField("from", null=True, blank=True)
    ends_at = models.DateTimeField("until", null=True, blank=True)
    created_at = models.DateTimeField("written", editable=False)
    published_at = models.DateTimeField("first published", null=True, blank=True, editable=False)
    closed_at = models.DateTimeField("closed", null=True, blank=True, editable=False)

    objects = VisibleQuerySet.as_manager()
    keeps_history = True

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "status notice"
        indexes = [models.Index(fields=["created_at", "id"])]
        constraints = [
            models.CheckConstraint(
                name="status_maintenance_says_when",
                condition=Q(kind="incident")
                | Q(starts_at__isnull=False, ends_at__isnull=False, ends_at__gt=F("starts_at")),
                violation_error_message="Say from when until when the maintenance is.",
            ),
            models.CheckConstraint(
                name="status_closed_after_it_was_published",
                condition=Q(closed_at__isnull=True)
                | Q(published_at__isnull=False, closed_at__gte=F("published_at")),
                violation_error_message="Only what was published can be closed.",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class StatusUpdate(models.Model):
    """What a person published about a notice: never changed, followed by the next one."""

    class Phase(models.TextChoices):
        INVESTIGATING = "investigating"
        IDENTIFIED = "identified"
        MONITORING = "monitoring"
        RESOLVED = "resolved"
        SCHEDULED = "scheduled"
        IN_PROGRESS = "in_progress", "in progress"
        COMPLETED = "completed"

    OF_INCIDENT = (Phase.INVESTIGATING, Phase.IDENTIFIED, Phase.MONITORING, Phase.RESOLVED)
    OF_MAINTENANCE = (Phase.SCHEDULED, Phase.IN_PROGRESS, Phase.COMPLETED)
    LAST = (Phase.RESOLVED, Phase.COMPLETED)

    notice = models.ForeignKey(StatusNotice, on_delete=models.CASCADE, related_name="updates")
    phase = models.CharField(max_length=13, choices=Phase)
    text = models.TextField("public text", max_length=4000)
    at = models.DateTimeField("published")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    objects = VisibleQuerySet.as_manager()
    named_by = ("notice",)

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name = "status update"
        indexes = [models.Index(fields=["at", "id"])]

    def __str__(self) -> str:
        return f"{self.get_phase_display()}: {self.text}"[:120]


class SubscriberQuerySet(models.QuerySet[Any]):
    """Subscribers: addresses of people outside, for those who tend the status page."""

    def visible_to(self, user: access.Actor) -> "SubscriberQuerySet":
        """Return the subscribers for those who may alter them; who merely looks sees none."""
        may = access.reach(user, "incidents.change_statussubscriber").everywhere
        return self if may else self.none()


class StatusSubscriber(models.Model):
    """Somebody outside who asked to be told, and proved that the address is theirs."""

    class Kind(models.TextChoices):
        EMAIL = "email", "e-mail"
        WEBHOOK = "webhook"

    kind = models.CharField(max_length=7, choices=Kind)
    address = models.CharField(max_length=300)
    created_at = models.DateTimeField("asked")
    confirmed_at = models.DateTimeField("confirmed", null=True, blank=True)

    objects = SubscriberQuerySet.as_manager()
    audit_hides = ("address",)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "status subscriber"
        indexes = [models.Index(fields=["created_at", "id"])]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "address"],
                name="status_subscriber_once",
                violation_error_message="This address has subscribed already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} subscriber {self.pk}"


class StatusDelivery(models.Model):
    """One update on its way to one subscriber."""

    update = models.ForeignKey(StatusUpdate, on_delete=models.CASCADE, related_name="deliveries")
    subscriber = models.ForeignKey(
        StatusSubscriber, on_delete=models.CASCADE, related_name="deliveries"
    )
    sent_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["update", "subscriber"], name="status_delivery_once")
        ]

    def __str__(self) -> str:
        return f"update {self.update_id} to subscriber {self.subscriber_id}"
