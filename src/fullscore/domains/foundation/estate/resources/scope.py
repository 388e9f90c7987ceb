"""How scopes are seen: what may be sent, and who let it."""

from fullscore.domains.foundation.estate import services
from fullscore.domains.foundation.estate.models import Scope
from fullscore.kit.perform import Verb
from fullscore.kit.resource import Resource

TONES = {"allowed": "ok", "paused": "warn"}

SCOPE = Resource(
    Scope,
    columns=["name", "targets", "methods", "approved_at", "is_paused", "expires_on"],
    facts=["exclusions", "addresses", "packets_per_second", "connections_per_host", "hours_from",
           "hours_to", "asked_by", "approved_by", "second_by"],
    fields=["name", "targets", "exclusions", "methods", "packets_per_second",
            "connections_per_host", "hours_from", "hours_to", "expires_on"],
    filters=["is_paused", "expires_on"],
    search=["name"],
    order=["name"],
    icon="map-pin",
    group="Estate",
    under="Items",
    add=services.ask_scope,
    change=services.change_scope,
    can_delete=True,
    badges=lambda s: [(s.state.capitalize(), TONES.get(s.state, "info"))],
    subtitle=lambda s: f"{s.addresses:,} {'address' if s.addresses == 1 else 'addresses'} at most",
    verbs=[
        Verb(services.allow, permission="estate.allow_scope", icon="check", tone="primary",
             past="allowed", in_bulk=False,
             when=lambda s: "It is allowed." if s.approved_at else ""),
        Verb(services.pause, permission="estate.pause_scope", icon="pause", tone="danger",
             past="paused", when=lambda s: "It is paused." if s.is_paused else ""),
        Verb(services.resume, permission="estate.allow_scope", icon="play", past="resumed",
             when=lambda s: "" if s.is_paused else "It is not paused."),
    ],
)  # fmt: skip
