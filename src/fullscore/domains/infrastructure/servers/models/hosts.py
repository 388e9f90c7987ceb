"""Hosts that are read over SSH."""

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q

from fullscore.domains.foundation.estate.models import Item, OfItemQuerySet
from fullscore.kit.models.secret import Secret

HOST = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*"
ACCOUNT = r"[A-Za-z_][A-Za-z0-9_.@\\-]*\$?"


class SshHost(models.Model):
    """Where a host is reached, as whom, and the one key it is known by."""

    class State(models.TextChoices):
        NEW = "new", "looking for its key"
        UNTRUSTED = "untrusted", "waits for trust"
        OK = "ok"
        FAILING = "failing"
        PAUSED = "paused"

    item = models.OneToOneField(
        Item, on_delete=models.CASCADE, blank=True, related_name="ssh_host",
        help_text="Leave it empty to make a host of this name.",
    )  # fmt: skip
    address = models.CharField(
        max_length=255,
        validators=[RegexValidator(rf"\A(?:{HOST})\Z", "Give a host name or an address.")],
        help_text="A host name or an address.",
    )
    port = models.PositiveIntegerField(
        default=22, validators=[MinValueValidator(1), MaxValueValidator(65535)]
    )
    user = models.CharField(
        max_length=80, default="fullscore", help_text="An account of its own, without privileges.",
        validators=[RegexValidator(rf"\A(?:{ACCOUNT})\Z", "Give the name of an account.")],
    )  # fmt: skip
    every_seconds = models.PositiveIntegerField(
        "Read every (seconds)", default=60,
        validators=[MinValueValidator(15), MaxValueValidator(3600)],
        help_text="Samples; facts are read every 15 minutes.",
    )  # fmt: skip
    uses_sudo = models.BooleanField(
        "Use sudo", default=False,
        help_text="Where the lines of `fullscore server grants` stand in its sudoers.",
    )  # fmt: skip
    credential = models.ForeignKey(
        Secret, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    public_key = models.CharField(max_length=800, blank=True, editable=False)  # of our own pair
    host_key = models.CharField(max_length=2000, blank=True, editable=False)  # the trusted one
    offered_key = models.CharField(max_length=2000, blank=True, editable=False)
    state = models.CharField(max_length=9, choices=State, default=State.NEW, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)  # one after the other
    last_error = models.CharField(max_length=300, blank=True, editable=False)
    last_at = models.DateTimeField("last read", null=True, editable=False)
    last_took_ms = models.PositiveIntegerField("took (ms)", null=True, editable=False)
    next_at = models.DateTimeField(null=True, editable=False)  # whoever moves it on, reads

    objects = OfItemQuerySet.as_manager()
    named_by = ("item",)
    audit_leaves_out = ("failures", "last_error", "last_at", "last_took_ms", "next_at")

    class Meta:
        ordering = ["item__name"]
        verbose_name = "SSH host"
        indexes = [models.Index(fields=["next_at"])]
        constraints = [
            models.UniqueConstraint(
                fields=["address", "port"], name="ssh_host_once_per_address",
                violation_error_message="A host is read at this address already.",
            ),
            models.CheckConstraint(
                name="ssh_host_read_only_once_trusted",
                condition=~Q(state__in=["ok", "failing"]) | ~Q(host_key=""),
                violation_error_message="Trust its key first.",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.item} over SSH"
