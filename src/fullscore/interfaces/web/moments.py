"""Any past moment in the address: `?at=2026-11-17T02:13`."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from fullscore.interfaces.web.shell import SignedIn
from fullscore.kit import history, time
from fullscore.kit.errors import Invalid

SKEW = timedelta(minutes=2)  # by which a reader's clock may be ahead of ours


def asked(request: SignedIn, name: str = "at") -> datetime | None:
    """Return the moment an address asks for, read in the reader's time zone; None for now.

    Raises Invalid for what is no moment, or none yet.
    """
    text = request.GET.get(name, "").strip()
    return read(text, zone=getattr(request.user, "time_zone", "UTC")) if text else None


def read(text: str, *, zone: str = "UTC") -> datetime | None:
    """Return a moment written in ISO 8601; without an offset it is local to `zone`."""
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    except ValueError as error:
        raise Invalid(f"“{text[:40]}” is no moment: write one such as 2026-11-17T02:13.") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=time.zone(zone))
    ahead = moment - time.now()
    if ahead > SKEW:
        raise Invalid(f"{moment:%-d %b %Y %H:%M %Z} is yet to come: ask for a past one, or none.")
    return moment.astimezone(UTC) if ahead < timedelta(0) else None


def written(at: datetime | None) -> str:
    """Return the query that carries a moment on to another page, empty for now."""
    return "?" + urlencode({"at": at.isoformat()}) if at else ""


def told(request: SignedIn, at: datetime | None) -> dict[str, Any]:
    """Return what `moment.html` says of a page's moment, and what its links carry on."""
    rest = request.GET.copy()
    rest.pop("at", None)
    now = f"{request.path}?{rest.urlencode()}"
    return {"at": at, "then": written(at), "now_url": now,
            "is_settling": at is not None and is_settling(at)}  # fmt: skip


def is_settling(at: datetime) -> bool:
    """Say whether the moment is so recent that it may still gain versions."""
    return time.now() - at < history.SETTLING
