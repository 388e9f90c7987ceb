"""Reading NetBox and Nautobot page by page, where one left off."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fullscore.connectors.base import Garbled, Limits, Refused, Unreachable
from fullscore.connectors.guard import Guard
from fullscore.connectors.http import Answer, Call, fetch
from fullscore.connectors.netbox.parse import ENDPOINTS

PAGE = 200
LIMITS = Limits(timeout_seconds=60.0, size_bytes=32 * 1024 * 1024)
ATTEMPTS = 4  # of one page, when asked to slow down or when it fails for once
LONGEST_PAUSE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Place:
    """How far one has read: the number of the endpoint, and the records of it already read."""

    endpoint: int = 0
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """Some records of one endpoint, and where the next ones are; None at the end of everything."""

    path: str
    records: tuple[Mapping[str, Any], ...]
    next: Place | None
    total: int


class Client:
    """Asks one installation, with a token that may read."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        guard: Guard,
        is_http_allowed: bool = False,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._base = url.rstrip("/").removesuffix("/api")
        # NetBox 4.5 and later have tokens of a second kind, which begin so and are bearers.
        scheme = "Bearer" if token.startswith("nbt_") else "Token"
        self._headers = {"Authorization": f"{scheme} {token}", "Accept": "application/json"}
        self._guard, self._is_http_allowed, self._sleep = guard, is_http_allowed, sleep

    def pages(self, place: Place | None = None) -> Iterator[Page]:
        """Yield everything from a place on; whoever keeps `next` can go on from there."""
        at: Place | None = place or Place()
        while at is not None:
            page = self.page(at)
            yield page
            at = page.next

    def page(self, place: Place) -> Page:
        """Return one page; an endpoint that this product does not have is empty."""
        path = ENDPOINTS[place.endpoint]
        # `depth` is Nautobot's; NetBox passes over it, and nests by itself.
        asked = urlencode({"limit": PAGE, "offset": place.offset, "depth": 1})
        answer = self._answer(f"{self._base}/api/{path}/?{asked}")
        if answer.status == 404:
            return Page(path, (), self._after(place, 0, is_last=True), 0)
        told = self._read(answer, path)
        records = tuple(told["results"])
        is_last = not told.get("next") or not records
        return Page(path, records, self._after(place, len(records), is_last=is_last),
                    int(told.get("count") or 0))  # fmt: skip

    @staticmethod
    def _after(place: Place, read: int, *, is_last: bool) -> Place | None:
        if not is_last:
            return Place(place.endpoint, place.offset + read)
        return Place(place.endpoint + 1) if place.endpoint + 1 < len(ENDPOINTS) else None

    def _answer(self, url: str) -> Answer:
        """Ask, and ask again later when told to slow down or when the other side fails for once."""
        for attempt in range(1, ATTEMPTS + 1):
            call = Call(url, headers=self._headers, is_http_allowed=self._is_http_allowed)
            answer = fetch(call, guard=self._guard, limits=LIMITS)
            if answer.status not in (429, 500, 502, 503, 504):
                break
            if attempt < ATTEMPTS:
                self._sleep(self._pause(answer, attempt))
        if answer.status in (401, 403):
            raise Refused("The token is not accepted, or may not read this: give another.")
        if answer.status not in (200, 404):
            raise Unreachable(f"It answered {answer.status}; try again later.")
        return answer

    @staticmethod
    def _pause(answer: Answer, attempt: int) -> float:
        """Return how long to wait: as long as the answer says, else longer each time."""
        said = answer.headers.get("Retry-After", "")
        seconds = float(said) if said.isdecimal() else 2.0**attempt
        return min(seconds, LONGEST_PAUSE_SECONDS)

    @staticmethod
    def _read(answer: Answer, path: str) -> Mapping[str, Any]:
        try:
            told: Any = json.loads(answer.body)
        except (ValueError, RecursionError) as error:
            raise Garbled(f"What it says of {path} is no JSON: is the address right?") from error
        is_page = isinstance(told, dict) and isinstance(told.get("results"), list)
        if not is_page or not all(isinstance(one, dict) for one in told["results"]):
            raise Garbled(f"What it says of {path} is no page of records: is it NetBox?")
        page: Mapping[str, Any] = told
        return page
