"""Whose the logins of servers are, which keys open them, and who may become root."""

from django.db import models
from django.db.models import Q

from fullscore.domains.foundation.directory.models import Person
from fullscore.domains.infrastructure.servers.models.servers import (
    Account,
    OfServerQuerySet,
    Server,
)
from fullscore.kit.models.querysets import VisibleQuerySet


class KnownLogin(models.Model):
    """Whose a login is, or what it is for: on one server, or wherever it is found."""

    name = models.CharField("login", max_length=80, help_text="As in /etc/passwd.")
    server = models.ForeignKey(
        Server, on_delete=models.CASCADE, null=True, blank=True, related_name="known_logins",
        help_text="Empty: wherever it is found.",
    )  # fmt: skip
    person = models.ForeignKey(
        Person, on_delete=models.CASCADE, null=True, blank=True, related_name="known_logins",
        help_text="Whose it is; empty for a login of a program.",
    )  # fmt: skip
    purpose = models.CharField(
        max_length=200, blank=True, help_text="What it is for, when it is nobody's own."
    )

    objects = VisibleQuerySet.as_manager()
    named_by = ("server__item",)
    chooses_also_gone = ("person",)  # here it stands whose a login is that should be gone, too

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["name", "server"], name="known_login_once_per_server",
                violation_error_message="This login of the server is known already.",
            ),
            models.UniqueConstraint(
                fields=["name"], condition=Q(server__isnull=True), name="known_login_once",
                violation_error_message="This login is known already.",
            ),
            models.CheckConstraint(
                name="known_login_says_whose_or_what_for",
                condition=Q(person__isnull=False, purpose="")
                | (Q(person__isnull=True) & ~Q(purpose="")),
                violation_error_message="Say whose it is or what it is for: one of the two.",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.name} on {self.server}" if self.server else self.name


class AccountKey(models.Model):
    """A public key that opens a login of a server."""

    server = models.ForeignKey(Server, on_delete=models.CASCADE, related_name="account_keys")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="keys")
    type = models.CharField(max_length=60, blank=True)
    bits = models.PositiveIntegerField(null=True)
    fingerprint = models.CharField(max_length=100)
    comment = models.CharField(max_length=200, blank=True, help_text="As its maker left it.")
    options = models.CharField(max_length=400, blank=True, help_text="What it is limited to.")
    file = models.CharField(max_length=300, blank=True)
    person = models.ForeignKey(
        Person, on_delete=models.SET_NULL, null=True, related_name="server_keys",
        help_text="Whose it is, by its comment; else whose the login is.",
    )  # fmt: skip

    objects = OfServerQuerySet.as_manager()
    named_by = ("account__server__item", "server__item")

    class Meta:
        ordering = ["fingerprint"]
        verbose_name = "account key"
        indexes = [models.Index(fields=["fingerprint", "id"])]
        constraints = [
            models.UniqueConstraint(fields=["account", "fingerprint"], name="key_once_per_account")
        ]

    def __str__(self) -> str:
        return f"{self.comment or self.fingerprint} of {self.account}"


class SudoRule(models.Model):
    """Who may run what as whom on a server, by which line of which file."""

    server = models.ForeignKey(Server, on_delete=models.CASCADE, related_name="sudo_rules")
    who = models.CharField(max_length=400, help_text="Logins; groups with a percent sign.")
    hosts = models.CharField(max_length=200, blank=True)
    run_as = models.CharField(max_length=200, blank=True)
    tags = models.CharField(max_length=120, blank=True, help_text="Such as NOPASSWD.")
    commands = models.TextField(blank=True)
    gives_root = models.BooleanField("everything as root", default=False)
    file = models.CharField(max_length=300)
    line = models.PositiveIntegerField(default=0)
    part = models.PositiveIntegerField(default=1, editable=False)  # of those in the same line

    objects = OfServerQuerySet.as_manager()
    named_by = ("server__item",)

    class Meta:
        ordering = ["file", "line", "part"]
        verbose_name = "sudo rule"
        indexes = [models.Index(fields=["who", "id"])]
        constraints = [
            models.UniqueConstraint(
                fields=["server", "file", "line", "part"], name="sudo_rule_once_per_line"
            )
        ]

    def __str__(self) -> str:
        return f"{self.who} by {self.file}:{self.line} on {self.server}"
