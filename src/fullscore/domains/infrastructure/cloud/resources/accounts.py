"""How cloud accounts and what they have are seen."""

from typing import Any

from django.template.loader import render_to_string

from fullscore.connectors.aws import calls
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.infrastructure.cloud import services
from fullscore.domains.infrastructure.cloud.models import CloudAccount, CloudResource
from fullscore.kit.perform import Verb
from fullscore.kit.resource import Panel, Resource

TONES = {"ok": "ok", "partial": "warn", "failing": "crit", "new": "info", "paused": ""}


def draw_access(account: CloudAccount, user: Any, at: Any) -> str:
    """Draw what is left to do in AWS until the account is read, and what the policy lacks."""
    context = {
        "account": account, "policy": calls.policy(),
        "trust": calls.trust(account.external_id, "arn:aws:iam::YOUR-ACCOUNT:user/fullscore"),
    }  # fmt: skip
    return render_to_string("cloud/access.html", context)


def _is_paused(a: CloudAccount) -> str:
    return "It is paused." if a.state == "paused" else ""


ACCOUNT = Resource(
    CloudAccount,
    columns=["item", "state", "number", "regions", "read_at", "last_error"],
    fields=["item", "role_arn", "regions"],
    facts=["role_arn", "key_id"],
    filters=["state", "item"],
    search=["item__name", "number", "role_arn"],
    order=["item__name"],
    icon="cloud",
    group="Estate",
    under="Servers",
    add=services.add_account,
    badges=lambda a: [(a.get_state_display(), TONES[a.state])],
    subtitle=lambda a: " · ".join(filter(None, [a.number, ", ".join(a.regions)])),
    panels=[
        Panel("How it is read", draw=draw_access, leads=True),
        Panel("What it has", rows=lambda a: a.resources.all(),
              columns=["kind", "name", "region", "state", "item"]),
        Panel("In the cloud", on=Item, rows=lambda i: CloudResource.objects.filter(item=i),
              columns=["kind", "region", "zone", "state"]),
    ],
    verbs=[
        Verb(services.give_key, permission="cloud.change_cloudaccount", icon="key-round",
             secrets=frozenset({"key"}), in_bulk=False,
             done="{} has a key; it is not shown again."),
        Verb(services.read_account, permission="cloud.change_cloudaccount", icon="refresh-cw",
             name="read", past="is read", done="{} is read now; this page follows.",
             when=_is_paused),
        Verb(services.pause_account, permission="cloud.change_cloudaccount", icon="pause",
             name="pause", when=_is_paused, undo=lambda a: ("resume", {})),
        Verb(services.resume_account, permission="cloud.change_cloudaccount", icon="play",
             name="resume", undo=lambda a: ("pause", {}),
             when=lambda a: "" if a.state == "paused" else "It is not paused."),
    ],
)  # fmt: skip

RESOURCE = Resource(
    CloudResource,
    columns=["name", "kind", "account", "region", "state", "item"],
    facts=["ident", "zone", "since", "tags", "facts", "joins"],
    filters=["kind", "account", "region", "state"],
    search=["name", "ident"],
    order=["name"],
    icon="container",
    group="Estate",
    under="Servers",
)
