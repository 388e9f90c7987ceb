"""Keep credentials: put in, replaced, re-wrapped; read only by `with secret.open() as value`."""

from django.db import transaction

from fullscore.kit import audit
from fullscore.kit.errors import Invalid
from fullscore.kit.models.secret import Secret, master_keys
from fullscore.kit.models.user import User
from fullscore.kit.time import now

LONGEST = 64 * 1024  # a private key with its chain is well below


def keep(
    name: str, value: str, *, by: User, kind: str = Secret.Kind.PASSWORD, scope: str = ""
) -> Secret:
    """Store a new secret."""
    _check(value)
    secret = Secret(name=name, kind=kind, scope=scope, rotated_at=now())
    audit.validate(secret)
    with transaction.atomic():
        secret.save(force_insert=True)  # sealing is bound to its id, so it needs one
        with audit.recorded(secret, "add", by=by):
            secret.seal(value)
    return secret


def replace(secret: Secret, value: str, *, by: User) -> Secret:
    """Give a secret another value; the old one is gone."""
    _check(value)
    with audit.recorded(secret, "replace", by=by):
        secret.seal(value)
    return secret


def rotate(*, by: User) -> int:
    """Re-wrap what older master keys wrapped with the first one; return how many.

    Runs while the product is in use: each row in its own transaction, readable before and after. To
    rotate: put a new key in front of the old one, run this, then remove the old one.
    """
    stale = Secret.objects.exclude(key_id=master_keys().first_id).values_list("pk", flat=True)
    done = [pk for pk in list(stale) if _rewrapped(pk)]
    if done:
        audit.bulk("kit.secret", "rotate", by=by, counts={"secrets": len(done)}, rows=done)
    return len(done)


def _rewrapped(pk: int) -> bool:
    with transaction.atomic():
        secret = Secret.objects.select_for_update().filter(pk=pk).first()
        if secret is None or secret.key_id == master_keys().first_id:
            return False
        secret.rewrap()
        secret.save(update_fields=["data_key", "key_id"])
        return True


def _check(value: str) -> None:
    if not value:
        raise Invalid("A secret cannot be empty.", {"value": ["Enter the credential."]})
    if len(value) > LONGEST:
        raise Invalid(
            "This is too long for a credential.", {"value": [f"At most {LONGEST} bytes."]}
        )
