"""Whose the logins of servers are."""

from django.db import models
from django.db.models import Q

from fullscore.domains.foundation.directory.models import Person
from fullscore.domains.infrastructure.servers.models.servers import Server
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
