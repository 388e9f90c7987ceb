"""How sockets and certificates are seen."""

from fullscore.domains.foundation.estate import services
from fullscore.domains.foundation.estate.models import Certificate, Listener
from fullscore.kit.perform import Verb
from fullscore.kit.resource import Resource

LISTENER = Resource(
    Listener,
    columns=["item", "port", "transport", "address", "process", "unit", "is_intended", "seen_at"],
    filters=["port", "transport", "is_intended", "item"],
    search=["process", "unit", "item__name", "address"],
    cells={"port": str},  # a name, not a quantity
    order=["port"],
    icon="plug",
    group="Estate",
    under="Items",
    verbs=[
        Verb(services.declare, permission="estate.declare_listener", icon="check",
             done="{} is meant to listen.", undo=lambda s: ("undeclare", {}),
             when=lambda s: "It is declared." if s.is_intended else ""),
        Verb(services.undeclare, permission="estate.declare_listener", icon="x",
             done="{} is no longer meant to listen.", undo=lambda s: ("declare", {}),
             when=lambda s: "" if s.is_intended else "It is not declared."),
    ],
)  # fmt: skip

CERTIFICATE = Resource(
    Certificate,
    columns=["subject", "item", "not_after", "key_kind", "key_bits", "signature", "seen_at"],
    facts=["names", "issuer", "not_before", "path", "sha256"],
    filters=["item", "not_after"],
    search=["subject", "names", "issuer", "item__name"],
    order=["not_after"],
    icon="badge-check",
    group="Estate",
    under="Items",
)
