"""Seeds of code generators and recovery codes, kept readable through a change of master key."""

from allauth.mfa.models import Authenticator
from django.db import transaction

from fullscore.domains.foundation.access.adapter import SecondFactorAdapter, is_sealed_anew
from fullscore.kit.audit import bulk
from fullscore.kit.models import User

SEALED = ("secret", "seed")  # of a code generator, of recovery codes


def reseal(*, by: User) -> int:
    """Seal with the first master key what older ones sealed; return how many. Ends a rotation."""
    done = [pk for pk in Authenticator.objects.values_list("pk", flat=True) if _resealed(pk)]
    if done:
        bulk("mfa.authenticator", "reseal", by=by, counts={"factors": len(done)}, rows=done)
    return len(done)


def _resealed(pk: int) -> bool:
    adapter = SecondFactorAdapter()
    with transaction.atomic():
        factor = Authenticator.objects.select_for_update().filter(pk=pk).first()
        stale = [
            name
            for name in SEALED
            if factor and name in factor.data and not is_sealed_anew(factor.data[name])
        ]
        for name in stale:
            factor.data[name] = adapter.encrypt(adapter.decrypt(factor.data[name]))
        if stale:
            factor.save(update_fields=["data"])
        return bool(stale)
