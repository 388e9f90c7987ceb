"""Keys with which webhooks of policies are signed."""

from uuid import uuid4

from django.db import transaction

from fullscore.domains.response.oncall.models import EscalationStep
from fullscore.kit import secrets
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import User


@transaction.atomic
def give_key(step: EscalationStep, *, by: User, key: str) -> EscalationStep:
    """Give the key that signs what the webhook of a step is sent; it is not shown again."""
    if step.kind != EscalationStep.Kind.WEBHOOK:
        raise Conflict("Only a step that calls a webhook has a key.")
    if not key.strip():
        raise Invalid("The key is missing.", {"key": ["Any text that the receiver knows too."]})
    if step.secret is not None:
        secrets.replace(step.secret, key.strip(), by=by)
        return step
    with recorded(step, "give_key", by=by):
        name = f"webhook of a step {uuid4().hex[:12]}"
        step.secret = secrets.keep(name, key.strip(), by=by, kind="token")
    return step
