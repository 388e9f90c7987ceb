"""Read who is on call out of an Opsgenie by its API, version 2. Nothing is ever written there.

Source: docs.opsgenie.com/docs, its pages on the user, team, team routing rule, schedule, schedule
override and escalation API.
"""

import re
from datetime import datetime
from typing import Any

from fullscore.connectors import http
from fullscore.connectors.answers import answered
from fullscore.connectors.base import Garbled
from fullscore.connectors.guard import Guard

LISTS = ("users", "teams", "schedules", "escalations")
PAGE = 100
MOST_PAGES = 100
PLAIN_ID = re.compile(r"[0-9A-Za-z-]{1,64}")


def read_all(
    url: str, token: str, *, now: datetime, guard: Guard, is_http_allowed: bool = False
) -> dict[str, Any]:
    """Return what the API tells, each list under its name, with the timelines of four weeks.

    `url` is https://api.opsgenie.com or https://api.eu.opsgenie.com. Raises ConnectorError.
    """
    base = url.rstrip("/").removesuffix("/v2") + "/v2/"

    def one(path: str) -> Any:
        call = http.Call(
            base + path, headers={"Authorization": f"GenieKey {token}"},
            is_http_allowed=is_http_allowed,
        )  # fmt: skip
        return answered(http.fetch(call, guard=guard))

    def rows(name: str) -> list[Any]:
        found: list[Any] = []
        more = "expand=rotation&" if name == "schedules" else ""
        for page in range(MOST_PAGES):
            told = one(f"{name}?{more}limit={PAGE}&offset={page * PAGE}")
            found += told.get("data") or []
            if not (told.get("paging") or {}).get("next"):
                return found
        raise Garbled(f"{name} has more than {MOST_PAGES} pages.")

    told: dict[str, Any] = {name: rows(name) for name in LISTS}
    span = f"interval=4&intervalUnit=weeks&date={now:%Y-%m-%dT%H:%M:%SZ}"
    told["timelines"] = {
        ref: one(f"schedules/{ref}/timeline?{span}").get("data") for ref in _ids(told["schedules"])
    }
    told["overrides"] = {
        ref: one(f"schedules/{ref}/overrides").get("data") for ref in _ids(told["schedules"])
    }
    told["routing_rules"] = {
        ref: one(f"teams/{ref}/routing-rules").get("data") for ref in _ids(told["teams"])
    }
    return told


def _ids(rows: list[Any]) -> list[str]:
    """Return the ids of rows that can stand in an address."""
    found = (str(row.get("id", "")) for row in rows if isinstance(row, dict))
    return [ref for ref in found if PLAIN_ID.fullmatch(ref)]
