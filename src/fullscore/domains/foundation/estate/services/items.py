"""Items: changed, taken out of service, brought back."""

from typing import Any

from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.estate.services.links import drop
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import User

ORDER = ["planned", "staged", "active", "retiring", "retired"]


def retire(item: Item, *, by: User, note: str = "") -> Item:
    """Take an item out of service: its links end, its history stays."""
    if item.state == Item.State.RETIRED:
        raise Conflict(f"{item} is retired already.")
    with recorded(item, "retire", by=by, note=note):
        item.state = Item.State.RETIRED
        for link in [*item.links_out.all(), *item.links_in.all()]:
            drop(link, by=by)  # before the needs: their own end must be told
        for requirement in item.requirements.all():
            drop(requirement, by=by)
    return item


def reopen(item: Item, *, by: User, note: str, state: str = Item.State.ACTIVE) -> Item:
    """Bring an item back to an earlier state; the note says why."""
    if state not in ORDER:
        raise Invalid(f"“{state}” is no state: {', '.join(ORDER)}.")
    if ORDER.index(state) >= ORDER.index(item.state):
        raise Conflict(f"{item} is {item.state}: that lies no further back than {state}.")
    with recorded(item, "reopen", by=by, note=note):
        item.state = Item.State(state)
    return item


def change(item: Item, *, by: User, **values: Any) -> Item:
    """Give an item new values; a state goes forward only, back is `reopen`."""
    new = values.get("state", item.state)
    if ORDER.index(new) < ORDER.index(item.state):
        raise Conflict(f"{item} is {item.state}: bring it back with “reopen”, and a note.")
    if new == Item.State.RETIRED and item.state != new:
        retire(item, by=by)
    if item.kind == "site" != values.get("kind", "site") and item.at_site.live().exists():
        raise Conflict(f"{item} is where other items are: it stays a site.")
    site = values.get("site")
    if site is not None and site.kind != "site":
        raise Invalid(f"{site} is a {site.kind}, not a site.", {"site": ["Choose a site."]})
    with recorded(item, "change", by=by):
        for name, value in values.items():
            setattr(item, name, value)
    return item
