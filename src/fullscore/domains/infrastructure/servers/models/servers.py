"""Servers and what their probe tells."""

from typing import Any

from django.db import models

from fullscore.domains.foundation.directory.models import Person
from fullscore.domains.foundation.estate.models import Item, OfItemQuerySet
from fullscore.kit import access
from fullscore.kit.models.querysets import VisibleQuerySet


class Server(models.Model):
    """A host that a probe or an exporter tells of."""

    class Way(models.TextChoices):
        LOCAL = "local"
        PUSH = "push"
        SSH = "ssh"

    class State(models.TextChoices):
        NEW = "new"
        OK = "ok", "in touch"  # it tells all it is asked; how well it is, its findings say
        PARTIAL = "partial", "read in part"
        SILENT = "silent"

    item = models.OneToOneField(Item, on_delete=models.CASCADE, related_name="server")
    way = models.CharField(max_length=8, choices=Way, default=Way.PUSH)
    state = models.CharField(max_length=8, choices=State, default=State.NEW, editable=False)
    os_id = models.CharField("OS", max_length=40, blank=True)
    os_version = models.CharField("OS version", max_length=40, blank=True)
    os_name = models.CharField("OS name", max_length=120, blank=True)
    kernel = models.CharField(max_length=120, blank=True)
    architecture = models.CharField(max_length=20, blank=True)
    virtualization = models.CharField(max_length=20, blank=True)
    cpu_count = models.PositiveIntegerField("CPUs", null=True)
    memory_bytes = models.BigIntegerField("memory", null=True)
    booted_at = models.DateTimeField("booted", null=True)
    needs_reboot = models.BooleanField(default=False)
    security_updates = models.PositiveIntegerField(null=True)
    facts_at = models.DateTimeField("facts of", null=True)
    facts_hash = models.CharField(max_length=64, blank=True, editable=False)
    errors = models.JSONField(default=list, editable=False)
    wanted_at = models.DateTimeField(null=True, editable=False)  # somebody asked for its facts

    objects = OfItemQuerySet.as_manager()
    named_by = ("item",)
    keeps_history = True
    audit_leaves_out = ("facts_at", "wanted_at")

    class Meta:
        ordering = ["item__name"]
        indexes = [models.Index(fields=["facts_at", "id"])]

    def __str__(self) -> str:
        return self.item.name


class OfServerQuerySet(models.QuerySet[Any]):
    """Rows that hang on a server, and are seen when its item is."""

    def visible_to(self, user: access.Actor) -> "OfServerQuerySet":
        """Return the rows of the servers the person may see."""
        reach = access.reach(user, "estate.view_item")
        if reach.everywhere:
            return self
        return self.filter(server__item__in=Item.objects.in_reach(reach))


class Facts(models.Model):
    """One section of what a server says of itself; every version is kept."""

    server = models.ForeignKey(Server, on_delete=models.CASCADE, related_name="sections")
    section = models.CharField(max_length=20)
    content = models.JSONField(default=dict)
    hash = models.CharField(max_length=64, editable=False)
    at = models.DateTimeField()

    objects = OfServerQuerySet.as_manager()
    keeps_history = True
    audit_leaves_out = ("at",)

    class Meta:
        ordering = ["section"]
        verbose_name_plural = "facts"
        constraints = [
            models.UniqueConstraint(fields=["server", "section"], name="facts_once_per_section")
        ]

    def __str__(self) -> str:
        return f"{self.section} of {self.server}"


class PackageVersion(models.Model):
    """One version of one package, wherever it is installed."""

    manager = models.CharField(max_length=8)
    name = models.CharField(max_length=200)
    version = models.CharField(max_length=120)
    architecture = models.CharField(max_length=20, blank=True)
    source = models.CharField(max_length=200, blank=True)
    source_version = models.CharField(max_length=120, blank=True)
    # Sorts as the manager sorts its versions; empty where they are not compared.
    key = models.BinaryField(default=b"", editable=False)

    objects = VisibleQuerySet.as_manager()

    class Meta:
        ordering = ["name", "version"]
        verbose_name = "package"
        indexes = [models.Index(fields=["name", "version", "id"])]
        constraints = [
            models.UniqueConstraint(
                fields=["manager", "name", "version", "architecture"], name="package_version_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class Installed(models.Model):
    """That a package is installed on a server."""

    server = models.ForeignKey(Server, on_delete=models.CASCADE, related_name="installed")
    package = models.ForeignKey(PackageVersion, on_delete=models.PROTECT, related_name="installed")
    candidate = models.CharField(max_length=120, blank=True, help_text="The update that waits.")
    is_security = models.BooleanField(default=False)
    waiting_since = models.DateTimeField(null=True)

    objects = OfServerQuerySet.as_manager()

    class Meta:
        ordering = ["package__name"]
        verbose_name = "installed package"
        constraints = [
            models.UniqueConstraint(fields=["server", "package"], name="installed_once_per_server")
        ]

    def __str__(self) -> str:
        return f"{self.package} on {self.server}"


class Unit(models.Model):
    """A service or timer of a server's systemd."""

    server = models.ForeignKey(Server, on_delete=models.CASCADE, related_name="units")
    name = models.CharField(max_length=200)
    load = models.CharField(max_length=20, blank=True)
    active = models.CharField(max_length=20, blank=True)
    sub = models.CharField(max_length=20, blank=True)
    enabled = models.CharField(max_length=20, blank=True)
    restarts = models.PositiveIntegerField(default=0)
    result = models.CharField(max_length=40, blank=True)
    since = models.DateTimeField(null=True)

    objects = OfServerQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["server", "name"], name="unit_once_per_server")
        ]

    def __str__(self) -> str:
        return self.name


class Account(models.Model):
    """A login on a server, the keys that open it, and what it may become."""

    server = models.ForeignKey(Server, on_delete=models.CASCADE, related_name="accounts")
    name = models.CharField(max_length=80)
    uid = models.BigIntegerField()
    full_name = models.CharField(max_length=120, blank=True, help_text="As in /etc/passwd.")
    shell = models.CharField(max_length=120, blank=True)
    home = models.CharField(max_length=200, blank=True)
    groups = models.JSONField(default=list)
    is_locked = models.BooleanField("locked", null=True)
    can_log_in = models.BooleanField(default=False)
    becomes_root = models.CharField(max_length=200, blank=True, help_text="By which rule.")
    key_count = models.PositiveIntegerField("keys", default=0)
    password_changed_on = models.DateField(null=True)
    last_login_at = models.DateTimeField("last login", null=True)
    person = models.ForeignKey(
        Person, on_delete=models.SET_NULL, null=True, related_name="server_accounts",
        help_text="Whose it is, as is known by its name.",
    )  # fmt: skip
    purpose = models.CharField("what for", max_length=200, blank=True)

    objects = OfServerQuerySet.as_manager()
    named_by = ("server__item",)

    class Meta:
        ordering = ["uid"]
        verbose_name = "server account"
        permissions = [("decide_account", "Can say whose the logins of servers are")]
        constraints = [
            models.UniqueConstraint(fields=["server", "name"], name="account_once_per_server")
        ]

    def __str__(self) -> str:
        return f"{self.name} on {self.server}"


class Filesystem(models.Model):
    """A mounted filesystem, and when it will be full."""

    server = models.ForeignKey(Server, on_delete=models.CASCADE, related_name="filesystems")
    mount = models.CharField(max_length=300)
    device = models.CharField(max_length=300, blank=True)
    type = models.CharField(max_length=20, blank=True)
    size_bytes = models.BigIntegerField("size")
    used_bytes = models.BigIntegerField("used")
    used_percent = models.FloatField(default=0)
    inodes = models.BigIntegerField(null=True)
    inodes_used = models.BigIntegerField(null=True)
    options = models.CharField(max_length=400, blank=True)
    days_left = models.FloatField("full in days", null=True)

    objects = OfServerQuerySet.as_manager()

    class Meta:
        ordering = ["-used_percent"]
        indexes = [models.Index(fields=["used_percent", "id"])]
        constraints = [
            models.UniqueConstraint(fields=["server", "mount"], name="filesystem_once_per_mount")
        ]

    def __str__(self) -> str:
        return f"{self.mount} on {self.server}"


class Disk(models.Model):
    """A disk of a server, as its kernel names it."""

    server = models.ForeignKey(Server, on_delete=models.CASCADE, related_name="disks")
    name = models.CharField(max_length=80)
    size_bytes = models.BigIntegerField("size", default=0)
    is_rotational = models.BooleanField("rotating", null=True)
    model = models.CharField(max_length=120, blank=True)
    serial = models.CharField(max_length=120, blank=True)

    objects = OfServerQuerySet.as_manager()
    named_by = ("server__item",)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["server", "name"], name="disk_once_per_server")
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.server}"
