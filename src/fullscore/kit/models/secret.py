"""Credentials for what we look after: written, used, never shown."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q

from fullscore.engines import envelope
from fullscore.kit.errors import Conflict
from fullscore.kit.models.querysets import VisibleQuerySet
from fullscore.kit.models.user import User, system
from fullscore.kit.time import now

# Pollers open theirs all the time; an entry each would drown the audit.
USE_NOTED_EVERY = timedelta(hours=1)


def master_keys() -> envelope.MasterKeys:
    """Return the installation's master keys, which are never in the database or its backup."""
    return envelope.MasterKeys.read(settings.OPTIONS.master_key)


@contextmanager
def opening() -> Iterator[None]:
    """Turn what does not open into a sentence for people."""
    try:
        yield
    except envelope.Unopened as error:
        raise Conflict(str(error)) from error


class SecretQuerySet(VisibleQuerySet["Secret"]):
    """Who may know that a secret exists: those with the permission. What it is, nobody."""


class Secret(models.Model):
    """A password, key or token. Its value goes in through `kit.secrets`, out only by `open`."""

    class Kind(models.TextChoices):
        PASSWORD = "password"  # noqa: S105  a kind, not a password
        PRIVATE_KEY = "private_key", "private key"
        TOKEN = "token"  # noqa: S105
        COMMUNITY = "community", "SNMP community"

    name = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.PASSWORD)
    scope = models.CharField(max_length=120, blank=True)  # what it opens, for people
    ciphertext = models.BinaryField(editable=False)
    data_key = models.BinaryField(editable=False)  # wrapped by the master key `key_id`
    key_id = models.CharField(max_length=12, editable=False, db_index=True)
    rotated_at = models.DateTimeField(editable=False)  # when the value last changed
    last_used_at = models.DateTimeField(null=True, editable=False)

    audit_leaves_out = ("ciphertext", "data_key", "last_used_at")

    objects = SecretQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @contextmanager
    def open(self, *, by: User | None = None) -> Iterator[str]:
        """Give the value for use; keep it in no variable that outlives the block.

        The use is audited, for pollers once per hour.
        """
        with opening():
            data_key = master_keys().unwrap(
                bytes(self.data_key), by=self.key_id, place=self.place("data_key")
            )
            value = envelope.unseal(data_key, bytes(self.ciphertext), self.place("ciphertext"))
        self._note_use(by)
        yield value.decode()

    def _note_use(self, by: User | None) -> None:
        from fullscore.kit import audit  # which stands on the models

        at = now()
        if self.last_used_at is not None and self.last_used_at >= at - USE_NOTED_EVERY:
            return  # who reads it every few seconds does not write every few seconds
        unnoted = Q(last_used_at=None) | Q(last_used_at__lt=at - USE_NOTED_EVERY)
        with transaction.atomic():
            if Secret.objects.filter(unnoted, pk=self.pk).update(last_used_at=at):
                audit.noted(self, "use", by=by or system())

    def seal(self, value: str) -> None:
        """Put a new value in, under a new data key; the caller saves."""
        data_key = envelope.new_data_key()
        self.ciphertext = envelope.seal(data_key, value.encode(), self.place("ciphertext"))
        self.key_id, self.data_key = master_keys().wrap(data_key, self.place("data_key"))
        self.rotated_at = now()

    def rewrap(self) -> None:
        """Wrap the data key with the first master key; the value stays sealed; the caller saves."""
        keys, place = master_keys(), self.place("data_key")
        with opening():
            data_key = keys.unwrap(bytes(self.data_key), by=self.key_id, place=place)
        self.key_id, self.data_key = keys.wrap(data_key, place)

    def place(self, field: str) -> envelope.Place:
        """Return where a sealed field stands, which its sealing is bound to."""
        return self._meta.db_table, str(self.pk), field
