"""Headers that no library of ours sets: who may embed an answer, and who may keep it."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.deprecation import MiddlewareMixin


class Guard(MiddlewareMixin):
    """Keeps every answer to this site, and out of every cache unless its view says otherwise."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Add what is missing; built files say themselves how long they may be kept."""
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Cache-Control", "no-store")
        return response
