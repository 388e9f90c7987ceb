"""Silences as an Alertmanager keeps them, so that `amtool silence` works on ours.

Whoever makes one needs an API token of an account: silences have somebody who answers for them,
and a sender of alerts is nobody. The label `fullscore_item` stands for the item of that name.
"""

from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse

from fullscore.connectors.alertmanager import silences as wire
from fullscore.connectors.alertmanager.silences import Match, Silenced
from fullscore.connectors.base import Garbled
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.response.incidents import queries, services
from fullscore.domains.response.incidents.endpoints.taking import (
    MOST_BYTES,
    caller,
    in_its_words,
    matches,
)
from fullscore.domains.response.incidents.models import Silence
from fullscore.engines import alerts as rules
from fullscore.interfaces.api.callers import address_of
from fullscore.interfaces.callers import Caller
from fullscore.interfaces.ingest import bodies, doors
from fullscore.kit import time
from fullscore.kit.audit import coming
from fullscore.kit.errors import Invalid, NotFound
from fullscore.kit.models import User
from fullscore.kit.perform import find, require

KEPT = timedelta(hours=120)  # an Alertmanager forgets after as long, too
MOST_SHOWN = 5000


@in_its_words
@doors.open_to("GET", "POST")
def silences(request: HttpRequest) -> HttpResponse:
    """Tell the silences, or make or change one."""
    who = caller(request)
    if request.method == "POST":
        asked = wire.asked(bodies.read(request, most_bytes=MOST_BYTES))
        with _came(request, who):
            made = _make(asked, who)
        return JsonResponse({"silenceID": wire.id_of(made.pk)})
    who.check("silence", "view")
    rows = Silence.objects.visible_to(who.user).filter(ends_at__gt=time.now() - KEPT)
    wanted = matches(request)
    known = ((one, _read(one)) for one in rows.select_related("item", "by")[:MOST_SHOWN])
    told = [
        _told(one, said)
        for one, said in known
        if rules.fits(wanted, {m.name: m.value for m in said.matches})
    ]
    return JsonResponse(told, safe=False)


@in_its_words
@doors.open_to("GET", "DELETE")
def silence(request: HttpRequest, number: str) -> HttpResponse:
    """Tell one silence, or end it."""
    who = caller(request)
    pk = wire.number_of(number)
    if request.method == "GET":
        who.check("silence", "view")
        one = find(Silence, pk, by=who.user)
        return JsonResponse(_told(one, _read(one)))
    who.check("silence", "end")
    with _came(request, who), transaction.atomic():
        services.end(_known(pk, who.user), by=who.user)
    return JsonResponse({})


def _came(request: HttpRequest, who: Caller) -> AbstractContextManager[None]:
    return coming("api", token=who.token_name, address=address_of(request))


@transaction.atomic
def _make(asked: Silenced, who: Caller) -> Silence:
    """Make the silence that is asked for, or give one that is not over these bounds."""
    now, values = time.now(), _values(asked, who.user)
    if asked.ends_at <= now:
        raise Garbled("line 1: endsAt is past.")
    known = _known(asked.number, who.user) if asked.number is not None else None
    try:
        if known is not None and known.ends_at > now:
            who.check("silence", "change")
            starts_at = asked.starts_at or known.starts_at
            services.change_silence(known, by=who.user, **values, starts_at=starts_at)
            require("incidents.change_silence", known, by=who.user)
            return known
        who.check("silence", "add")
        require("incidents.add_silence", by=who.user)
        starts_at = max(asked.starts_at or now, now)
        made = services.add_silence(by=who.user, **values, starts_at=starts_at)
    except Invalid as error:
        raise Garbled(str(error)) from error
    require("incidents.add_silence", made, by=who.user)
    return made


def _known(number: int, user: User) -> Silence:
    known: Silence = find(Silence, number, by=user, lock=True)
    require("incidents.change_silence", known, by=user)
    return known


def _values(asked: Silenced, user: User) -> dict[str, Any]:
    of_item = [
        m for m in asked.matches
        if m.name == queries.ITEM_LABEL and m.is_equal and not m.is_pattern
    ]  # fmt: skip
    named = [m.value for m in of_item]
    others = [m for m in asked.matches if m not in of_item]
    return {
        "item": _item(named, user) if named else None,
        "matching": ", ".join(str(rules.Matcher(*m)) for m in others),
        "ends_at": asked.ends_at,
        "reason": asked.comment,
    }


def _item(names: list[str], user: User) -> Item:
    found = Item.objects.visible_to(user).live().filter(name__in=names)[:2]
    if len(found) != 1:
        raise NotFound(f"Of the items you may see, not just one is called “{names[0][:60]}”.")
    return found[0]


def _read(one: Silence) -> Silenced:
    own = () if one.item is None else (Match(queries.ITEM_LABEL, one.item.name, True),)
    wanted = rules.matchers(one.matching)
    others = (Match(m.name, m.value, m.is_equal, m.is_pattern) for m in wanted)
    return Silenced(one.pk, (*own, *others), one.starts_at, one.ends_at, one.reason)


def _told(one: Silence, said: Silenced) -> dict[str, Any]:
    return wire.told(said, by=str(one.by), changed_at=one.starts_at, now=time.now())
