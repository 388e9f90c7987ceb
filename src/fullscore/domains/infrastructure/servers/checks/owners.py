"""Checks of whose the logins are: nobody's, and of those who have left."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from fullscore.domains.infrastructure.servers.queries.logins import Login
from fullscore.kit.checks import Limits, Subject, Verdict, bad, good, rule

HOURLY = timedelta(hours=1)


@rule(
    "servers.unexplained_login", title="Logins nobody answers for", codes=["S13"], every=HOURLY,
    why="A login without an owner is never taken away, and whoever knows its key is in.",
    source="A login that gets in, root aside, of no person and for no recorded purpose.",
    fix="Say whose it is or what it is for (Explain, on its page), or lock it.",
)  # fmt: skip
def unexplained(logins: Iterable[Login], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which logins are nobody's; one finding for each name, on however many servers."""
    for name, same in groupby(logins, key=lambda one: one.name):
        nobodys = [one for one in same if one.person is None and not one.purpose]
        subject = Subject(key=name)
        if not nobodys:
            yield good(subject)
            continue
        one = nobodys[0]
        where = one.servers[0] if one.total == 1 else f"{one.total} servers"
        root = ", and becomes root" if one.becomes_root else ""
        yield bad(
            subject, severity=4, title=f"Nobody answers for the login {name} on {where}{root}",
            figure=one.total, unit="servers", advice=unexplained.fix,
            evidence=({"login": name, "becomes root on": one.becomes_root,
                       "servers": list(one.servers)},),
        )  # fmt: skip


@rule(
    "servers.leaver_login", title="Logins of people who have left", codes=["S13"], every=HOURLY,
    why="Who has left may come back in by a key or a password that nobody took away.",
    source="A login that gets in, of somebody recorded as having left, or a key of theirs in"
    " another's.",
    fix="Lock the accounts and remove their keys; then run the check again.", is_urgent=True,
)  # fmt: skip
def of_leavers(logins: Iterable[Login], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say who has left and can still get in: one finding for each, over all servers."""
    known = sorted((one.person, one) for one in logins if one.person is not None)
    for person, own in groupby(known, key=lambda pair: pair[0]):
        subject, theirs = Subject(record=f"directory.person:{person}"), [one for _, one in own]
        if not theirs[0].has_left:
            yield good(subject)
            continue
        count, roots = sum(o.total for o in theirs), sum(o.becomes_root for o in theirs)
        where = theirs[0].servers[0] if count == 1 else _where(theirs, count)
        yield bad(
            subject, severity=5 if roots else 4, figure=count, unit="logins",
            title=f"{theirs[0].person_name} has left and still gets in on {where}",
            evidence=tuple(map(_evidence, theirs)), advice="; ".join(map(_advice, theirs)),
        )  # fmt: skip


def _where(theirs: Sequence[Login], count: int) -> str:
    """Return on how many servers: one that is entered in two ways counts once, as far as named."""
    places = [place for one in theirs for place in one.servers]
    many = count - (len(places) - len(set(places)))
    return places[0] if many == 1 else f"{many} servers"


def _evidence(one: Login) -> dict[str, Any]:
    told: dict[str, Any] = {"login": one.name}
    if one.key:
        told |= {"key": one.key, "comment": one.comment}
    return told | {"becomes root on": one.becomes_root, "servers": list(one.servers)}


def _advice(one: Login) -> str:
    if one.key:
        return f"remove the key {one.key} from the authorized_keys of {one.name}"
    return f"usermod --lock --expiredate 1 {one.name}"
