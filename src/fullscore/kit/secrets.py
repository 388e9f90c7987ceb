"""Keep credentials: put in, replaced, re-wrapped; read only by `with secret.open() as value`."""

from uuid import UUID

from django.db import transaction

from fullscore.kit.errors import Invalid
from fullscore.kit.models.secret import Secret, master_keys

LONGEST = 64 * 1024  # a private key with its chain is well below


def keep(name: str, value: str, *, kind: str = Secret.Kind.PASSWORD, scope: str = "") -> Secret:
    """Store a new secret."""
    secret = Secret(name=name, kind=kind, scope=scope)
    secret.seal(_checked(value))
    secret.save(force_insert=True)
    return secret


def replace(secret: Secret, value: str) -> Secret:
    """Give a secret another value; the old one is gone."""
    secret.seal(_checked(value))
    secret.save(update_fields=["ciphertext", "data_key", "key_id", "rotated_at"])
    return secret


def rotate() -> int:
    """Re-wrap what older master keys wrapped with the first one; return how many.

    Runs while the product is in use: each row in its own transaction, readable before and after. To
    rotate: put a new key in front of the old one, run this, then remove the old one.
    """
    stale = Secret.objects.exclude(key_id=master_keys().first_id).values_list("pk", flat=True)
    return sum(_rewrapped(pk) for pk in list(stale))


def _rewrapped(pk: UUID) -> bool:
    with transaction.atomic():
        secret = Secret.objects.select_for_update().filter(pk=pk).first()
        if secret is None or secret.key_id == master_keys().first_id:
            return False
        secret.rewrap()
        secret.save(update_fields=["data_key", "key_id"])
        return True


def _checked(value: str) -> str:
    if not value:
        raise Invalid("A secret cannot be empty.", {"value": ["Enter the credential."]})
    if len(value) > LONGEST:
        raise Invalid(
            "This is too long for a credential.", {"value": [f"At most {LONGEST} bytes."]}
        )
    return value
