"""Hypervisors, their machines, where the disks lie, and what is done with machines."""

from typing import Any

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from fullscore.connectors.libvirt.client import URI
from fullscore.domains.foundation.changes.models import Change
from fullscore.domains.foundation.estate.models import Item, OfItemQuerySet
from fullscore.kit import access

URIS = f"(?:{URI.pattern})"


class Hypervisor(models.Model):
    """A host that runs virtual machines, and how libvirt is asked there."""

    class Way(models.TextChoices):
        LOCAL = "local", "on this machine"
        SSH = "ssh", "over SSH"

    class State(models.TextChoices):
        NEW = "new", "not read yet"
        OK = "ok"
        FAILING = "failing"
        PAUSED = "paused"

    item = models.OneToOneField(
        Item, on_delete=models.CASCADE, related_name="hypervisor",
        limit_choices_to={"kind": "hypervisor"},
        help_text="Over SSH: the item that stands under SSH hosts, too.",
    )  # fmt: skip
    way = models.CharField(max_length=5, choices=Way, default=Way.SSH)
    uri = models.CharField(
        "libvirt address", max_length=80, default="qemu:///system",
        validators=[RegexValidator(rf"\A{URIS}\Z", "Give one such as qemu:///system.")],
        help_text="As virsh knows it on that host.",
    )  # fmt: skip
    state = models.CharField(max_length=7, choices=State, default=State.NEW, editable=False)
    last_error = models.CharField(max_length=300, blank=True, editable=False)
    gaps = models.JSONField(default=list, editable=False)  # machines not read, in words
    version = models.CharField(max_length=120, blank=True, editable=False)
    cpu_count = models.PositiveIntegerField("CPUs", null=True, editable=False)
    memory_bytes = models.BigIntegerField("memory", null=True, editable=False)
    promised_bytes = models.BigIntegerField("memory of running machines", default=0, editable=False)
    read_at = models.DateTimeField("last read", null=True, editable=False)

    objects = OfItemQuerySet.as_manager()
    named_by = ("item",)
    audit_leaves_out = ("read_at", "last_error", "gaps")

    class Meta:
        ordering = ["item__name"]
        constraints = [
            models.CheckConstraint(
                name="hypervisor_read_says_what_it_is_made_of",
                condition=~Q(state="ok") | Q(memory_bytes__isnull=False, read_at__isnull=False),
                violation_error_message="Read it first.",
            )
        ]

    def __str__(self) -> str:
        return self.item.name


class Machine(models.Model):
    """A virtual machine as its hypervisor tells of it."""

    class State(models.TextChoices):
        RUNNING = "running"
        PAUSED = "paused"
        STOPPING = "stopping"
        OFF = "off"
        CRASHED = "crashed"
        SUSPENDED = "suspended"
        UNKNOWN = "unknown"
        GONE = "gone"

    item = models.OneToOneField(Item, on_delete=models.CASCADE, related_name="machine")
    hypervisor = models.ForeignKey(Hypervisor, on_delete=models.CASCADE, related_name="machines")
    uuid = models.CharField("UUID", max_length=36)
    state = models.CharField(max_length=9, choices=State, default=State.UNKNOWN)
    cpu_count = models.PositiveIntegerField("CPUs", default=0)
    memory_bytes = models.BigIntegerField("memory", default=0)
    starts_by_itself = models.BooleanField("starts with the host", default=False)
    addresses = models.JSONField(default=list)
    disks = models.JSONField(default=list)
    networks = models.JSONField(default=list)
    wait_ns = models.BigIntegerField(null=True, editable=False)
    waits_percent = models.FloatField("waits for a CPU (%)", null=True, editable=False)
    is_recorded = models.BooleanField(
        "recorded", default=False, help_text="Somebody said that it is meant to be."
    )
    seen_at = models.DateTimeField("last seen", null=True)

    objects = OfItemQuerySet.as_manager()
    named_by = ("item",)
    audit_leaves_out = ("seen_at", "wait_ns", "waits_percent")

    class Meta:
        ordering = ["item__name"]
        verbose_name = "virtual machine"
        indexes = [models.Index(fields=["hypervisor", "state"])]
        constraints = [
            models.UniqueConstraint(
                fields=["uuid"], name="machine_uuid_once",
                violation_error_message="Another machine has this UUID: one is a copy.",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.item.name


class OfMachineQuerySet(models.QuerySet[Any]):
    """Rows that hang on a machine, and are seen when its item is."""

    def in_reach(self, reach: access.Reach) -> "OfMachineQuerySet":
        """Return the rows whose machine a grant covers."""
        return self.filter(machine__item__in=Item.objects.in_reach(reach))

    def visible_to(self, user: access.Actor) -> "OfMachineQuerySet":
        """Return the rows of the machines the person may see."""
        reach = access.reach(user, "estate.view_item")
        return self if reach.everywhere else self.in_reach(reach)


class MachineSnapshot(models.Model):
    """A saved state of a machine."""

    machine = models.ForeignKey(Machine, on_delete=models.CASCADE, related_name="snapshots")
    name = models.CharField(max_length=200)
    taken_at = models.DateTimeField("taken")
    state = models.CharField("of a machine that was", max_length=40, blank=True)

    objects = OfMachineQuerySet.as_manager()

    class Meta:
        ordering = ["taken_at"]
        verbose_name = "machine snapshot"
        constraints = [
            models.UniqueConstraint(fields=["machine", "name"], name="snapshot_once_per_machine")
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.machine}"


class StoragePool(models.Model):
    """A place where disks of machines lie."""

    item = models.OneToOneField(Item, on_delete=models.CASCADE, related_name="storage_pool")
    hypervisor = models.ForeignKey(Hypervisor, on_delete=models.CASCADE, related_name="pools")
    uuid = models.CharField("UUID", max_length=36)
    type = models.CharField(max_length=20, blank=True)
    path = models.CharField(max_length=200, blank=True)
    capacity_bytes = models.BigIntegerField("capacity", default=0)
    used_bytes = models.BigIntegerField("used", default=0)
    used_percent = models.FloatField("used (%)", default=0)

    objects = OfItemQuerySet.as_manager()
    named_by = ("item",)
    audit_leaves_out = ("used_bytes", "used_percent")

    class Meta:
        ordering = ["-used_percent"]
        verbose_name = "storage pool"
        constraints = [
            models.UniqueConstraint(fields=["hypervisor", "uuid"], name="pool_once_per_hypervisor")
        ]

    def __str__(self) -> str:
        return self.item.name


class MachineAct(models.Model):
    """Something to be done with a machine: its plan, the change it belongs to, how it went."""

    class Act(models.TextChoices):
        START = "start"
        SHUTDOWN = "shutdown", "shut down"
        SNAPSHOT = "snapshot", "take a snapshot"
        REVERT = "revert", "put back to a snapshot"
        MIGRATE = "migrate", "move to another hypervisor"

    class State(models.TextChoices):
        PLANNED = "planned"
        ORDERED = "ordered"
        DONE = "done"
        FAILED = "failed"

    machine = models.ForeignKey(Machine, on_delete=models.CASCADE, related_name="acts")
    act = models.CharField(max_length=8, choices=Act)
    change = models.ForeignKey(Change, on_delete=models.PROTECT, related_name="machine_acts")
    values = models.JSONField(default=dict)
    steps = models.JSONField(default=list)  # title, command: what a person reads
    loses = models.CharField("what would be lost", max_length=200, blank=True)
    state = models.CharField(max_length=7, choices=State, default=State.PLANNED)
    said = models.TextField("how it went", blank=True)
    ended_at = models.DateTimeField("over", null=True)

    objects = OfMachineQuerySet.as_manager()
    named_by = ("machine",)

    class Meta:
        ordering = ["-pk"]
        verbose_name = "machine act"
        permissions = [("execute_machineact", "Can let acts on machines happen")]
        constraints = [
            models.CheckConstraint(
                name="machine_act_over_says_how",
                condition=Q(state__in=["planned", "ordered"])
                | (Q(ended_at__isnull=False) & ~Q(said="")),
                violation_error_message="Say how it went.",
            ),
            models.UniqueConstraint(
                fields=["machine"], condition=Q(state="ordered"), name="machine_act_one_at_a_time",
                violation_error_message="Something is being done with this machine: wait for it.",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_act_display()}: {self.machine}"
