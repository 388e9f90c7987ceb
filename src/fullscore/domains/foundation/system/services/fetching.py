"""Reading an inventory from NetBox or Nautobot, page by page, where one left off."""

import json
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

from django.conf import settings

from fullscore.connectors.base import ConnectorError
from fullscore.connectors.guard import WEB_PORTS, Guard
from fullscore.connectors.netbox import parse
from fullscore.connectors.netbox.client import Client, Place
from fullscore.domains.foundation.system.announcements import InventoryAsked
from fullscore.domains.foundation.system.models import Import
from fullscore.domains.foundation.system.services.inventory import check_reach, look
from fullscore.kit import audit, live, secrets, time
from fullscore.kit.announcements import announce
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import User
from fullscore.kit.models.secret import Secret

NEVER = "It was read to the end: ask anew."


def ask(*, by: User, url: str, token: str, is_queued: bool = True) -> Import:
    """Ask to read an inventory from a NetBox or Nautobot; queued, it is read in the background."""
    check_reach(by)
    if not url.startswith(("https://", "http://")):
        raise Invalid("Give its address.", {"url": ["It begins with https:// or http://."]})
    if not token:
        raise Invalid("Give a token that may read.", {"token": ["It is missing."]})
    made = Import(
        noun=Import.INVENTORY, file_name=url[:200], by=by, at=time.now(),
        state=Import.State.FETCHING, shown={"columns": [], "rows": [], "ignored": []},
    )  # fmt: skip
    with recorded(made, "ask", by=by):
        pass
    secret = secrets.keep(
        f"inventory {made.pk}", token, by=by, kind=Secret.Kind.TOKEN, scope=url[:120]
    )
    Import.objects.filter(pk=made.pk).update(origin={"url": url, "secret": secret.pk})
    made.origin = {"url": url, "secret": secret.pk}
    if is_queued:
        announce(InventoryAsked(made.pk, by.pk))
    return made


def client_of(url: str, token: str) -> Client:
    """Return who asks: an operator's networks are open to it, and plain http within them."""
    listed = settings.OPTIONS.allowed_networks.replace(",", " ").split()
    networks = tuple(map(ip_network, listed))
    guard = Guard(allowed=networks, ports=WEB_PORTS | {8000})
    return Client(url, token, guard=guard, is_http_allowed=url.startswith("http://"))


def fetch(import_: Import, *, by: User, client: Callable[[str, str], Client] = client_of) -> Import:
    """Read what has not been read; begun again, it goes on at the page it had not finished."""
    if import_.state != Import.State.FETCHING:
        raise Conflict(NEVER)
    secret = Secret.objects.get(pk=import_.origin["secret"])
    with secret.open(by=by) as token:
        asked = client(import_.origin["url"], token)
        try:
            _read_on(import_, asked)
        except ConnectorError as error:
            import_.shown["problem"] = str(error)
            Import.objects.filter(pk=import_.pk).update(shown=import_.shown)
            raise Conflict(f"{import_.origin['url']}: {error}") from error
    with recorded(import_, "fetch", by=by):
        records = [(path, one) for path, one in map(json.loads, import_.text.splitlines())]
        import_.shown.pop("problem", None)
        look(import_, parse.things(records))
        import_.state = Import.State.PREVIEW
    with audit.removed(secret, by=by, note="the inventory was read"):
        pass
    return import_


def _read_on(import_: Import, client: Client) -> None:
    """Append page after page to the text, and keep the place of the next."""
    at: dict[str, Any] = import_.origin.get("place") or {"endpoint": 0, "offset": 0}
    for page in client.pages(Place(**at)):
        import_.text += "".join(json.dumps([page.path, one]) + "\n" for one in page.records)
        count = import_.counts.get(page.path, 0) + len(page.records)
        if count:
            import_.counts[page.path] = count
        if page.next is not None:
            import_.origin["place"] = {"endpoint": page.next.endpoint, "offset": page.next.offset}
        Import.objects.filter(pk=import_.pk).update(
            text=import_.text, counts=import_.counts, origin=import_.origin
        )
        live.publish(audit.noun_of(import_), str(import_.pk))
