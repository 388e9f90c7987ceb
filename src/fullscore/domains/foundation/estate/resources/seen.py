"""How sources, what they see and say, and differences are seen."""

from fullscore.domains.foundation.estate import services
from fullscore.domains.foundation.estate.authority import WRITABLE
from fullscore.domains.foundation.estate.models import (
    Claim,
    Difference,
    Identifier,
    Sighting,
    Source,
)
from fullscore.kit.perform import Verb
from fullscore.kit.resource import Panel, Resource

SOURCE = Resource(
    Source,
    columns=["name", "kind", "last_run_at", "expected_every_seconds", "accepts_new"],
    fields=["name", "kind", "expected_every_seconds", "accepts_new"],
    filters=["kind", "accepts_new"],
    search=["name"],
    order=["name"],
    icon="share-2",
    group="Estate",
    under="Items",
    change=services.change_source,
    panels=[
        Panel("Waits for a decision", leads=True,
              rows=lambda s: s.sightings.filter(outcome__in=Sighting.WAITING),
              columns=["name", "kind", "outcome", "proposed", "seen_at"]),
        Panel("What it saw", rows=lambda s: s.sightings.all(),
              columns=["name", "kind", "outcome", "item", "seen_at"]),
    ],
)  # fmt: skip

OUTCOMES = {"disputed": "warn", "proposed": "info", "candidate": "info"}


def _no_item(sighting: Sighting) -> str:
    return "It is an item." if sighting.item_id else ""


SIGHTING = Resource(
    Sighting,
    columns=["name", "kind", "source", "outcome", "item", "proposed", "seen_at"],
    facts=["evidence", "words", "values", "site", "ref", "first_seen_at", "expires_at"],
    filters=["outcome", "source", "item"],
    quick={
        "Probably": "outcome=proposed", "One or two": "outcome=disputed",
        "New": "outcome=candidate",
    },
    search=["name", "ref"],
    order=["-seen_at"],
    icon="fingerprint-pattern",
    group="Estate",
    under="Items",
    badges=lambda s: [(s.get_outcome_display(), OUTCOMES.get(s.outcome, ""))],
    verbs=[
        Verb(services.confirm, permission="estate.decide_sighting", icon="check", tone="primary",
             when=lambda s: "" if s.proposed_id and not s.item_id else "No item is proposed."),
        Verb(services.match, permission="estate.decide_sighting", icon="link", in_bulk=False,
             past="matched", reaches=frozenset({"to"})),
        Verb(services.adopt, permission="estate.decide_sighting", icon="plus",
             past="adopted", when=_no_item),
        Verb(services.dismiss, permission="estate.decide_sighting", icon="x", past="dismissed",
             when=lambda s: _no_item(s) or (
                 "It is dismissed." if s.outcome == "dismissed" else ""
             )),
    ],
)  # fmt: skip


def _undecided(difference: Difference) -> str:
    return "" if difference.state in Difference.UNDECIDED else f"It is {difference.state}."


DIFFERENCE = Resource(
    Difference,
    columns=["item", "attribute", "intended", "actual", "source", "state", "first_seen_at"],
    facts=["until", "note"],
    filters=["state", "attribute", "item"],
    quick={"Open": "state=open", "Rejected": "state=rejected", "Ignored": "state=ignored"},
    default_query="state=open",
    search=["attribute", "item__name"],
    order=["first_seen_at"],
    icon="file-diff",
    group="Estate",
    under="Items",
    badges=lambda d: [(d.get_state_display(), "warn" if d.state == "open" else "")],
    verbs=[
        Verb(services.accept, permission="estate.decide_difference", icon="check", tone="primary",
             when=lambda d: _undecided(d) or (
                 "" if d.attribute in WRITABLE else "It cannot be written into the record."
             )),
        Verb(services.reject, permission="estate.decide_difference", icon="x", when=_undecided),
        Verb(services.ignore, permission="estate.decide_difference", icon="clock",
             when=_undecided),
        ],
)  # fmt: skip

IDENTIFIER = Resource(
    Identifier,
    columns=["item", "kind", "value", "is_shared"],
    filters=["kind", "item"],
    search=["value", "item__name"],
    order=["pk"],
    icon="key-round",
)

CLAIM = Resource(
    Claim,
    columns=["item", "attribute", "value", "source", "observed_at"],
    filters=["source", "item"],
    search=["attribute", "item__name"],
    order=["pk"],
    icon="message-square",
)
