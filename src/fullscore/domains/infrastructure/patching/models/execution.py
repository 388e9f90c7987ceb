"""What was done on each server, step by step, and whose spare it uses meanwhile."""

from typing import Any

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from fullscore.domains.foundation.estate.models import Item, Requirement
from fullscore.domains.infrastructure.patching.models.campaigns import ServerRun
from fullscore.domains.infrastructure.servers.models import SshHost
from fullscore.domains.infrastructure.servers.models.hosts import ACCOUNT
from fullscore.kit import access
from fullscore.kit.models.querysets import VisibleQuerySet
from fullscore.kit.models.secret import Secret


class OfRunQuerySet(models.QuerySet[Any]):
    """Rows that hang on a run, and are seen when it is."""

    def visible_to(self, user: access.Actor) -> "OfRunQuerySet":
        """Return the rows whose run the person may see."""
        return self.filter(run__in=ServerRun.objects.visible_to(user))


class RunStep(models.Model):
    """One step on one server, with what it showed. What is over is never altered."""

    class State(models.TextChoices):
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    ALTERING = ("drain", "update", "reboot", "verify")  # until then a server is as it was

    run = models.ForeignKey(ServerRun, on_delete=models.CASCADE, related_name="steps")
    place = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=20)
    state = models.CharField(max_length=7, choices=State, default=State.RUNNING)
    started_at = models.DateTimeField("started")
    ended_at = models.DateTimeField("over", null=True)
    told = models.JSONField(default=dict)  # what later steps go by
    evidence = models.TextField(blank=True)  # what the host printed, at most 64 KiB

    objects = OfRunQuerySet.as_manager()

    class Meta:
        ordering = ["run", "place"]
        verbose_name = "patch step"
        constraints = [
            models.UniqueConstraint(fields=["run", "place"], name="run_step_once_per_place"),
            models.CheckConstraint(
                name="run_step_over_says_when",
                condition=Q(state="running", ended_at__isnull=True)
                | (~Q(state="running") & Q(ended_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SpareLease(models.Model):
    """That a run uses up spare of what a service needs, until a good verification gives it back."""

    run = models.ForeignKey(ServerRun, on_delete=models.CASCADE, related_name="leases")
    requirement = models.ForeignKey(Requirement, on_delete=models.CASCADE, related_name="leases")
    units = models.PositiveSmallIntegerField()
    at = models.DateTimeField("since")
    released_at = models.DateTimeField("given back", null=True)

    objects = OfRunQuerySet.as_manager()

    class Meta:
        ordering = ["-at"]
        verbose_name = "spare lease"
        indexes = [models.Index(fields=["requirement", "released_at"])]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "requirement"],
                condition=Q(released_at__isnull=True),
                name="spare_lease_once_per_run",
            )
        ]

    def __str__(self) -> str:
        return f"{self.units} of {self.requirement}"


class PatchAccessQuerySet(VisibleQuerySet["PatchAccess"]):
    """Ways in, seen by whoever sees the host's item."""

    def visible_to(self, user: access.Actor) -> "PatchAccessQuerySet":
        """Return the ways into hosts the person may see."""
        return super().visible_to(user).filter(host__item__in=Item.objects.visible_to(user))  # type: ignore[return-value]

    def in_reach(self, reach: access.Reach) -> "PatchAccessQuerySet":
        """Return the ways into hosts that a grant covers."""
        return self.filter(host__item__in=Item.objects.in_reach(reach))


class PatchAccess(models.Model):
    """The account by which a host is altered: another one than that which reads it."""

    host = models.OneToOneField(SshHost, on_delete=models.CASCADE, related_name="patch_access")
    user = models.CharField(
        max_length=80,
        default="fullscore-patch",
        validators=[RegexValidator(rf"\A(?:{ACCOUNT})\Z", "Give the name of an account.")],
        help_text="An account of its own, with the lines of sudoers that its page shows.",
    )
    credential = models.ForeignKey(
        Secret, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    public_key = models.CharField(max_length=800, blank=True, editable=False)

    objects = PatchAccessQuerySet.as_manager()
    named_by = ("host",)

    class Meta:
        ordering = ["host"]
        verbose_name = "patch access"
        verbose_name_plural = "patch accesses"

    def __str__(self) -> str:
        return f"{self.user} on {self.host.address}"
