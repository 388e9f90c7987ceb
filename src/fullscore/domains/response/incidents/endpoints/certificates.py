"""The certificates that Amazon SNS signs with: fetched once each, or pinned by a file."""

from pathlib import Path
from threading import Lock

from django.conf import settings

from fullscore.connectors import http
from fullscore.connectors.base import Limits, Refused
from fullscore.connectors.guard import Guard
from fullscore.connectors.http import Call
from fullscore.connectors.sns import parse as sns

LIMITS = Limits(timeout_seconds=5, size_bytes=64 * 1024)
MOST_KNOWN = 32  # a region has one at a time

_known: dict[str, bytes] = {}
_turn = Lock()


def of(told: sns.Message) -> bytes:
    """Return the certificate (PEM) that a message names. Raises Refused and Unreachable.

    Where a file is pinned, only its certificate counts, and nothing is fetched.
    """
    if settings.OPTIONS.sns_certificate:
        return Path(settings.OPTIONS.sns_certificate).read_bytes()
    url = told.certificate_url
    if not sns.is_amazons(url):
        raise Refused("The certificate of the signature is not one of Amazon SNS.")
    with _turn:
        if url not in _known:
            fetched = _fetched(url)
            if len(_known) >= MOST_KNOWN:
                _known.clear()
            _known[url] = fetched
        return _known[url]


def _fetched(url: str) -> bytes:
    answer = http.fetch(Call(url), guard=Guard(), limits=LIMITS)
    if answer.status != 200:
        raise Refused(f"Amazon answered {answer.status} when asked for the certificate.")
    return answer.body
