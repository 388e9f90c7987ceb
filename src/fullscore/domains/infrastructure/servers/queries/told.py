"""Who gets in where and why, and how servers differ, as programs are told."""

from typing import Any

from fullscore.domains.infrastructure.servers.queries import access, chains
from fullscore.domains.infrastructure.servers.queries import compare as comparing
from fullscore.domains.infrastructure.servers.queries.access import PEOPLE, SERVERS, Asked, Named
from fullscore.domains.infrastructure.servers.queries.chains import Chain, Since, Step
from fullscore.kit.errors import Invalid
from fullscore.kit.models import User


def who_gets_in(
    by: User, *, person: str = "", server: str = "", team: int | None = None, root: bool = False,
    people_page: int = 1, servers_page: int = 1,
) -> dict[str, Any]:  # fmt: skip
    """Return who can log in where and who becomes root there: people against servers.

    `person` and `server` are numbers or parts of names, `team` is a number; with `root` only ways
    that end as root. A page has 40 people and 20 servers.
    """
    access.check(by)
    if min(people_page, servers_page) < 1:
        raise Invalid("Pages are counted from 1.")
    asked = Asked(person, server, team, root)
    told = access.matrix(by, asked, people=people_page, servers=servers_page)
    people = {one.pk: _named(one) | {"has_left": one.has_left} for one in told.people}
    servers = {one.pk: _named(one) for one in told.servers}
    return {
        "people": told.people_total, "servers": told.servers_total,
        "people_pages": _pages(told.people_total, PEOPLE),
        "servers_pages": _pages(told.servers_total, SERVERS),
        "rows": [
            {"person": people[cell.person], "server": servers[cell.server],
             "logins": list(cell.logins), "ways": cell.ways, "becomes_root": cell.is_root}
            for cell in told.cells.values()
        ],
    }  # fmt: skip


def why(by: User, *, person: str, server: str) -> dict[str, Any]:
    """Return why somebody gets in on a server, and as root: each way as a chain in words.

    From the person by a key or a password to the login, by a group and a sudo rule with its file
    and line to root; with since when each stands, and the change in which it came. Both are
    numbers or names.
    """
    access.check(by)
    whose, where = access.person_called(person, by=by), access.server_called(server, by=by)
    found = chains.chains(whose, where, by=by)
    return {
        "person": {"id": whose.pk, "name": whose.name},
        "server": {"id": where.pk, "name": where.item.name},
        "gets_in": bool(found), "becomes_root": any(one.is_root for one in found),
        "chains": [_chain(one) for one in found],
    }  # fmt: skip


def compare(by: User, *, a: str, b: str, everything: bool = False) -> dict[str, Any]:
    """Return how two servers differ in packages, units, logins, settings and disks.

    Both are numbers or names. With `everything` what is alike is told, too. A part that one of
    them told nothing of says so (`untold`) and is not compared.
    """
    one, other = access.server_called(a, by=by), access.server_called(b, by=by)
    parts = comparing.compare(one, other, by=by, everything=everything)
    return {
        "a": {"id": one.pk, "name": one.item.name}, "b": {"id": other.pk, "name": other.item.name},
        "differing": sum(part.differing for part in parts),
        "parts": [
            {"part": part.key, "total": part.total, "differing": part.differing,
             "untold": part.untold, "rows": [row._asdict() for row in part.rows]}
            for part in parts
        ],
    }  # fmt: skip


def _named(one: Named) -> dict[str, Any]:
    return {"id": one.pk, "name": one.name}


def _pages(count: int, size: int) -> int:
    return max(1, -(-count // size))


def _chain(one: Chain) -> dict[str, Any]:
    steps = [_step(step) for step in one.steps]
    return {"login": one.login, "becomes_root": one.is_root, "steps": steps}


def _step(step: Step) -> dict[str, Any]:
    since = _since(step.since) if step.since else None
    return {"kind": step.kind, "text": step.text, "place": step.place, "since": since}


def _since(since: Since) -> dict[str, Any]:
    change = since.change and {"id": since.change.pk, "title": since.change.title}
    return {"at": since.at, "text": since.words, "change": change}
