"""How much of each server is used, and when that runs out."""

from django.db import models
from django.db.models import F, Q

from fullscore.domains.infrastructure.servers.models.servers import OfServerQuerySet, Server


class Capacity(models.Model):
    """What each server uses, how that grows and when it runs out; made each night of whole days.

    Days are those of UTC. A percentile is one of the five-minute means of a day; where a figure
    stands now is the middle of its last seven days. When something runs out is an interval of ISO
    8601: the days on which the upper and the lower edge of the 80 % band meet the limit; open,
    where the lower one does not within half a year.
    """

    class Limit(models.TextChoices):
        CPU = "cpu", "CPU"
        MEMORY = "memory"
        DISK = "disk"
        NOTHING = "", "nothing"

    server = models.OneToOneField(Server, on_delete=models.CASCADE, related_name="capacity")
    until = models.DateField("known until", help_text="The last whole day.")
    days = models.PositiveSmallIntegerField("days known", default=0)
    cpu_p95 = models.FloatField("CPU p95", null=True, help_text="Percent of all processors.")
    cpu_trend = models.FloatField("CPU a month", null=True, help_text="Percent points.")
    cpu_days = models.FloatField(null=True, editable=False)  # until the likely course is at 80 %
    cpu_reaches = models.CharField("CPU over 80 %", max_length=24, blank=True)
    memory_p95 = models.FloatField("memory p95", null=True, help_text="Percent of all memory.")
    memory_trend = models.FloatField("memory a month", null=True, help_text="Percent points.")
    memory_days = models.FloatField(null=True, editable=False)
    memory_reaches = models.CharField("memory over 80 %", max_length=24, blank=True)
    mount = models.CharField("filesystem", max_length=300, blank=True, help_text="The worst one.")
    disk_used = models.FloatField("disk used", null=True, help_text="Percent of it.")
    disk_trend = models.FloatField("disk a month", null=True, help_text="Percent points.")
    disk_days = models.FloatField(null=True, editable=False)
    disk_reaches = models.CharField("disk full", max_length=24, blank=True)
    runs_out_of = models.CharField("runs out of", max_length=6, choices=Limit, blank=True)
    runs_out_on = models.DateField("runs out", null=True, help_text="By the likely course.")
    urgency = models.PositiveSmallIntegerField(default=0, editable=False)  # more is sooner
    cpu_most = models.FloatField(
        "busiest CPU", null=True, help_text="The highest p95 of a day in 30, in percent."
    )
    network_most = models.FloatField(
        "busiest network", null=True, help_text="The highest mean of a day in 30, bytes a second."
    )
    quiet_days = models.PositiveSmallIntegerField(
        "of days", default=0, help_text="Of how many of the last 30 days both are known."
    )
    tried = models.PositiveIntegerField(
        "days tried", default=0, help_text="Days that were forecast from two weeks before."
    )
    inside = models.PositiveIntegerField("inside the band", default=0)

    objects = OfServerQuerySet.as_manager()
    named_by = ("server__item",)

    class Meta:
        ordering = ["-urgency"]
        verbose_name = "capacity"
        verbose_name_plural = "capacity"
        indexes = [
            models.Index(fields=[name, "id"])
            for name in ("urgency", "cpu_p95", "memory_p95", "disk_used", "runs_out_on")
        ]
        constraints = [
            models.CheckConstraint(
                name="capacity_inside_of_tried",
                condition=Q(inside__lte=F("tried")),
                violation_error_message="No more can lie inside the band than was tried.",
            ),
            models.CheckConstraint(
                name="capacity_says_what_runs_out",
                condition=Q(runs_out_of="", runs_out_on__isnull=True)
                | (~Q(runs_out_of="") & Q(runs_out_on__isnull=False)),
                violation_error_message="Say what runs out, and when.",
            ),
        ]

    def __str__(self) -> str:
        return f"Capacity of {self.server}"
