"""What every door for alerts does: ask who sends, and keep what is sent."""

from collections.abc import Callable
from functools import partial, wraps

from django.http import HttpRequest, HttpResponse, JsonResponse

from fullscore.connectors import documents
from fullscore.connectors.base import Garbled
from fullscore.domains.foundation.access import tokens
from fullscore.domains.foundation.access.services import keys
from fullscore.domains.response.incidents import services
from fullscore.domains.response.incidents.models import AlertSource
from fullscore.engines import alerts as rules
from fullscore.engines.alerts import Matcher
from fullscore.interfaces.api import callers
from fullscore.interfaces.callers import Caller
from fullscore.interfaces.ingest import bodies, doors
from fullscore.kit import time
from fullscore.kit.errors import NotAllowed, NotFound

MOST_BYTES = 1024 * 1024
View = Callable[..., HttpResponse]


def in_its_words(view: View) -> View:
    """Let a view tell what is wrong as an Alertmanager does: a bare text, 400 for all invalid."""

    @wraps(view)
    def answered(request: HttpRequest, **path: str) -> HttpResponse:
        answer = view(request, **path)
        if answer.status_code not in (400, 404, 409, 422):
            return answer
        detail = documents.read(answer.content).words("detail", most=1000)
        status = 404 if answer.status_code == 404 else 400
        return JsonResponse(detail, safe=False, status=status)

    answered.csrf_exempt = True  # type: ignore[attr-defined]  # of the door within
    return answered


def sender(request: HttpRequest, kind: str, name: str = "") -> AlertSource:
    """Return the source that sends; it has to be of this kind and, where it is named, this one."""
    source = doors.sender(request, services.source_of)
    check_kind(source, kind)
    if name and source.name != name:
        raise NotFound(f"This token is of the source “{source.name}”, not of “{name[:60]}”.")
    return source


def asker(request: HttpRequest, kind: str) -> AlertSource | Caller:
    """Return who asks: a source of this kind, or an account by its API token."""

    def find(text: str) -> AlertSource | Caller:
        if not tokens.is_well_formed(text):
            return services.source_of(text)
        user, token = keys.authenticate(text, address=callers.address_of(request))
        allows = partial(keys.token_allows, token)
        return Caller(user, token.prefix, allows)

    found = doors.sender(request, find)
    if isinstance(found, AlertSource):
        check_kind(found, kind)
    else:
        callers.count(request, found)
    return found


def caller(request: HttpRequest) -> Caller:
    """Return the account that asks, by its API token. Raises NotAllowed for a mere source."""
    found = asker(request, AlertSource.Kind.PROMETHEUS)
    if isinstance(found, AlertSource):
        raise NotAllowed("This needs the API token of an account, not that of an alert source.")
    return found


def matches(request: HttpRequest) -> list[Matcher]:
    """Return what an Alertmanager's `filter` asks of labels. Raises Garbled."""
    try:
        return [one for text in request.GET.getlist("filter") for one in rules.matchers(text)]
    except ValueError as error:
        raise Garbled(str(error)) from error


def check_kind(source: AlertSource, kind: str) -> None:
    """Raise NotAllowed for a source of another kind."""
    if source.kind != kind:
        raise NotAllowed(
            f"The source “{source}” is for {source.get_kind_display()}: it has another address."
        )


def take(request: HttpRequest, source: AlertSource, *, delivery_id: str = "") -> None:
    """Keep the body of a request."""
    body = bodies.unpacked(request, most_bytes=MOST_BYTES)
    delivery_id = delivery_id or request.headers.get("Idempotency-Key", "")
    keep(source, body, services.new_key(), delivery_id=delivery_id)


def keep(source: AlertSource, body: bytes, key: str, *, delivery_id: str = "") -> None:
    """Keep a body; one that cannot be read is kept too, as rejected, and its sender told why."""
    services.count_in(source)
    try:
        services.signals_in(source, body, key=key, now=time.now())
    except Garbled as error:
        services.receive(source, body, key=key, problem=str(error))
        raise
    services.receive(source, body, key=key, delivery_id=delivery_id)
