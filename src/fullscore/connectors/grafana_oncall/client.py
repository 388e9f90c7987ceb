"""Read a Grafana OnCall by its HTTP API, version 1. Nothing is ever written there.

Source: grafana.com/docs/oncall/latest/oncall-api-reference.
"""

from datetime import datetime, timedelta
from typing import Any

from fullscore.connectors import http
from fullscore.connectors.answers import answered
from fullscore.connectors.base import Garbled
from fullscore.connectors.guard import Guard

LISTS = (
    "users", "teams", "schedules", "on_call_shifts", "escalation_chains", "escalation_policies",
    "integrations", "routes",
)  # fmt: skip
MOST_PAGES = 100
AHEAD = timedelta(days=29)


def read_all(
    url: str, token: str, *, now: datetime, guard: Guard, is_http_allowed: bool = False
) -> dict[str, Any]:
    """Return what the API tells, each list under its name, with the shifts of four weeks.

    `url` is the one of *Settings → API URL*, with or without `/api/v1`. Raises ConnectorError.
    """
    base = url.rstrip("/").removesuffix("/api/v1") + "/api/v1/"

    def rows(path: str, query: str = "") -> list[Any]:
        found: list[Any] = []
        for page in range(1, MOST_PAGES + 1):
            call = http.Call(
                f"{base}{path}?{query}page={page}", headers={"Authorization": token},
                is_http_allowed=is_http_allowed,
            )  # fmt: skip
            told = answered(http.fetch(call, guard=guard))
            found += told.get("results") or []
            if not told.get("next"):
                return found
        raise Garbled(f"{path} has more than {MOST_PAGES} pages.")

    told: dict[str, Any] = {name: rows(f"{name}/") for name in LISTS}
    span = f"start_date={now:%F}&end_date={now + AHEAD:%F}&"
    told["final_shifts"] = {
        one["id"]: rows(f"schedules/{one['id']}/final_shifts", span)
        for one in told["schedules"] if isinstance(one, dict) and str(one.get("id", "")).isalnum()
    }  # fmt: skip
    return told
