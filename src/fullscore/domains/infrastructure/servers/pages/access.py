"""Who gets in where: people against servers, why each of them does, and a file of all ways."""

import csv
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import path

from fullscore.domains.foundation.directory.models import Person, Team
from fullscore.domains.foundation.findings.models import Finding
from fullscore.domains.infrastructure.servers.queries import access, chains
from fullscore.domains.infrastructure.servers.queries.access import PEOPLE, SERVERS, Asked, Way
from fullscore.interfaces.web import files, shell
from fullscore.interfaces.web.shell import SignedIn
from fullscore.kit import limits
from fullscore.kit.audit import noted
from fullscore.kit.errors import Invalid
from fullscore.kit.models import User

COLUMNS = ("person", "has_left", "server", "login", "opened_by", "key", "becomes_root")
ICONS = {"person": "user", "key": "key-round", "password": "lock", "login": "square-terminal",
         "group": "users", "rule": "crown", "root": "crown"}  # fmt: skip


class _Line:
    """Something the csv writer can write to that gives each line back."""

    def write(self, line: str) -> str:
        return line


def matrix(request: SignedIn) -> HttpResponse:
    """Show one page of people against servers."""
    access.check(request.user)
    asked = _asked(request)
    people, servers = _number(request, "people", 1), _number(request, "servers", 1)
    told = access.matrix(request.user, asked, people=people, servers=servers)
    rows = [
        (one, [(server, told.cells.get((one.pk, server.pk))) for server in told.servers])
        for one in told.people
    ]
    return shell.page(
        request, "servers/access.html", title="Who gets in where", told=told, rows=rows,
        asked=asked, teams=Team.objects.visible_to(request.user)[:200], query=_query(request),
        pagers=[
            _pager(request, "people", people, told.people_total, PEOPLE),
            _pager(request, "servers", servers, told.servers_total, SERVERS),
        ],
    )  # fmt: skip


def why(request: SignedIn) -> HttpResponse:
    """Show each way of a person into a server as a chain."""
    access.check(request.user)
    person = access.person_called(request.GET.get("person", ""), by=request.user)
    server = access.server_called(request.GET.get("server", ""), by=request.user)
    found = chains.chains(person, server, by=request.user)
    return shell.page(
        request, "servers/why.html", title=f"{person} on {server}", person=person, server=server,
        chains=[(one, [(ICONS[s.kind], s) for s in one.steps]) for one in found],
        is_root=any(one.is_root for one in found), findings=_findings(person, request.user),
        crumbs=[{"title": "Who gets in where", "url": "/access"}],
    )  # fmt: skip


def _findings(person: Person, user: User) -> Sequence[Finding]:
    """Return what is open about the logins of somebody who has left, as far as may be seen."""
    if person.state != Person.State.LEFT:
        return ()
    record, check = f"directory.person:{person.pk}", "servers.leaver_login"
    live = Finding.objects.visible_to(user).live()
    return list(live.filter(record=record, check_of__ident=check)[:1])


def as_file(request: SignedIn) -> HttpResponseBase:
    """Return every way that is asked for as CSV, and note that it was taken."""
    access.check(request.user)
    limits.limit(f"export:{request.user.pk}", per=timedelta(minutes=1), count=10)
    asked = _asked(request)
    noted(request.user, "export access", by=request.user, query=request.GET.urlencode())
    lines = _lines(access.ways(request.user, asked))
    answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="access.csv"'
    answer["Cache-Control"] = "no-store"
    return answer


def _lines(ways: Iterator[Way]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield "\ufeff" + writer.writerow(COLUMNS)
    for way in ways:
        told = (way.person.name, way.person.has_left, way.server.name, way.login, way.opened_by,
                way.fingerprint, way.becomes_root)  # fmt: skip
        yield writer.writerow([files.flat(one) for one in told])


def _asked(request: SignedIn) -> Asked:
    team = _number(request, "team", 0)
    return Asked(
        request.GET.get("person", "").strip(), request.GET.get("server", "").strip(),
        team or None, request.GET.get("root", "") in ("1", "true", "on"),
    )  # fmt: skip


def _number(request: SignedIn, name: str, usual: int) -> int:
    text = request.GET.get(name, "")
    if not text:
        return usual
    if not (text.isdecimal() and len(text) < 10 and int(text) >= 1):
        raise Invalid(f"“{name}” is asked for by its number, from 1.", {name: ["A number."]})
    return int(text)


def _query(request: SignedIn, **changes: Any) -> str:
    query = request.GET.copy()
    for name, value in changes.items():
        query[name] = str(value)
    return query.urlencode()


def _pager(request: SignedIn, name: str, now: int, total: int, size: int) -> dict[str, Any]:
    """Return where a side stands, and the addresses of its neighbours."""
    last = max(1, -(-total // size))
    return {
        "name": name, "total": total, "from": (now - 1) * size + 1, "to": min(now * size, total),
        "before": f"?{_query(request, **{name: now - 1})}" if 1 < now <= last else "",
        "after": f"?{_query(request, **{name: now + 1})}" if now < last else "",
    }  # fmt: skip


PATTERNS = [
    path("access", login_required(matrix), name="access"),
    path("access.csv", login_required(as_file), name="access-file"),
    path("access/why", login_required(why), name="access-why"),
]
