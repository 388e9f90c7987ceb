"""Commands about servers that are no noun and no verb: who gets in, and how two differ."""

import csv
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence

from django.utils.timezone import localtime

from fullscore.domains.infrastructure.servers.queries import access, chains
from fullscore.domains.infrastructure.servers.queries import compare as comparing
from fullscore.domains.infrastructure.servers.queries.access import Asked
from fullscore.domains.infrastructure.servers.queries.chains import Step
from fullscore.interfaces.web.files import flat
from fullscore.kit.models import User


def run(argv: Sequence[str], *, who: Callable[[str | None], User]) -> int:
    """Do what the words after `server` say."""
    parser = ArgumentParser("fullscore server")
    acts = parser.add_subparsers(dest="act", required=True)
    gets_in = acts.add_parser("access", help="who gets in on it, who becomes root, and why")
    gets_in.add_argument("server", help="its name or number")
    gets_in.add_argument("--person", default="", help="why this one does: a name or an address")
    gets_in.add_argument("--root", action="store_true", help="only ways that end as root")
    gets_in.add_argument("--as", dest="email")
    compare = acts.add_parser("compare", help="how two servers differ")
    compare.add_argument("a", help="its name or number")
    compare.add_argument("b", help="the other's")
    compare.add_argument("--all", action="store_true", help="also what is alike")
    compare.add_argument("--csv", action="store_true", help="as CSV")
    compare.add_argument("--as", dest="email")
    given = parser.parse_args(argv)
    act = _access if given.act == "access" else _compare
    return act(given, by=who(given.email))


def _access(given: Namespace, *, by: User) -> int:
    """Print who gets in on a server; with a person, why."""
    access.check(by)
    server = access.server_called(given.server, by=by)
    if given.person:
        return _why(given.person, given.server, by=by)
    ways = list(access.ways(by, Asked(server=str(server.pk), is_root=given.root)))
    for way in ways:
        gone = " (has left)" if way.person.has_left else ""
        root = f"; root: {way.becomes_root}" if way.becomes_root else ""
        key = f" {way.fingerprint}" if way.fingerprint else ""
        print(f"{way.person.name}{gone}: login {way.login}, {way.opened_by}{key}{root}")
    if not ways:
        print(f"No person is known to get in on {server}{' as root' if given.root else ''}.")
    return 0


def _why(person: str, server: str, *, by: User) -> int:
    """Print each way of a person into a server as a chain; 1 when there is none."""
    whose, where = access.person_called(person, by=by), access.server_called(server, by=by)
    found = chains.chains(whose, where, by=by)
    for one in found:
        print(f"By the login {one.login}{', to root' if one.is_root else ''}:")
        for step in one.steps:
            print(f"  {_told(step)}")
    if not found:
        print(f"{whose} does not get in on {where}.")
    return 0 if found else 1


def _told(step: Step) -> str:
    place = f" ({step.place})" if step.place else ""
    if step.since is None:
        return f"{step.text}{place}"
    at = f"since {localtime(step.since.at):%-d %b %Y, %H:%M}, " if step.since.at else ""
    return f"{step.text}{place}; {at}{step.since.words}"


def _compare(given: Namespace, *, by: User) -> int:
    """Print how two servers differ; 1 when they do."""
    a, b = access.server_called(given.a, by=by), access.server_called(given.b, by=by)
    parts = comparing.compare(a, b, by=by, everything=given.all)
    if given.csv:
        writer = csv.writer(sys.stdout)
        told = [(title, row.name, row.a, row.b) for title, row in comparing.lines(parts)]
        for row in (("part", "name", a.item.name, b.item.name), *told):
            writer.writerow(map(flat, row))
    for part in () if given.csv else parts:
        if part.untold:
            print(f"{part.title}: {part.untold} told nothing of it.")
        elif part.rows:
            print(f"{part.title}: {part.differing} of {part.total} differ.")
        for row in part.rows:
            print(f"  {row.name}: {row.a or 'not there'} | {row.b or 'not there'}")
    differing = sum(part.differing for part in parts)
    if not differing and not given.csv:
        print(f"{a} and {b} are alike in what both told.")
    return 1 if differing else 0
