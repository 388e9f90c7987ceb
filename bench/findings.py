"""Measure findings at scale: every sort and filter of the list, and settling.

    python -m bench findings [--rows 1000000] [--database postgresql] [--home DIR]

Fills a temporary installation and prints a table against the targets of the design. Pages are
asked in process, through address, sign-in, permission, filter and template. Judged is the time on
the clock; that of this process alone stands beside it, for a machine that does other things too.
"""

import argparse
import contextlib
import logging
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from statistics import median, quantiles
from typing import Any, NamedTuple

from bench.filling import fill

TARGET_LIST_MS, TARGET_SETTLE_S, TARGET_CORE_PERCENT = 50.0, 10.0, 10.0
ROUNDS = 40
HOSTS, CHECKS = 10_000, 60  # looked at every hour, all of them well
SORTS = ("severity", "due_on", "opened_at", "closed_at")
FILTERS = {
    "the list as the menu opens it": "show=live",
    "all": "",
    "closed": "show=closed",
    "mine": "show=mine",
    "overdue": "show=overdue",
    "overdue, by due day": "show=overdue&sort=due_on",
    "nobody's": "show=unowned",
    "excepted": "show=excepted",
    "muted": "show=muted",
    "high or worse": "show=live&severity=high",
    "critical, closed": "show=closed&severity=critical",
    "fixed": "state=fixed",
    "one check": "show=live&check=bench.check3",
    "one check, closed, by due day": "show=closed&check=bench.check3&sort=due_on",
    "one team": "show=live&owner={team}",
    "one team, all, by due day": "owner={team}&sort=due_on",
    "one assignee": "show=live&assignee={person}",
    "one assignee, all": "assignee={person}",
    "one item": "show=live&item={item}",
    "one item, all": "item={item}",
    "due from a day": "show=live&due_on__gte={soon}",
    "due before a day, all": "due_on__lt={soon}",
    "since a day": "show=live&opened_at__gte={lately}",
    "opened before a day, by severity": "opened_at__lt={lately}",
    "a word of all": "show=live&q=number",
    "a word of one in sixty": "show=live&q=part17x",
    "a word of one in sixty, closed": "show=closed&q=part17x&sort=-closed_at",
    "a word of few": "show=live&q=host4242",
    "two words": "q=wrong+host4242",
    "a word of none": "show=live&q=qqqqqq",
}


class Told(NamedTuple):
    """One measured figure: milliseconds or seconds or percent, on the clock and of the process."""

    name: str
    clock: float
    process: float
    unit: str
    target: float


def main() -> None:
    """Fill, measure, print; leave nothing behind unless a folder was named."""
    asked = _arguments()
    home = asked.home or tempfile.mkdtemp(prefix="fullscore-bench-")
    os.environ["FULLSCORE_HOME"] = home
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fullscore.config.settings")
    try:
        with _database(asked.database):
            _set_up()
            _fill_once(asked.rows, min(asked.live, asked.rows))
            told = list(_all(asked))
            sys.exit(0 if all(one.clock <= one.target for one in told) else 1)
    finally:
        if not asked.home:
            shutil.rmtree(home, ignore_errors=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--live", type=int, default=50_000)
    parser.add_argument("--opened", type=int, default=40_000)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="times each page is asked")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--only", choices=("lists", "settling"), default="")
    parser.add_argument(
        "--home", default="", help="keep the filled installation here, for next time (SQLite)"
    )
    return parser.parse_args()


@contextlib.contextmanager
def _database(name: str) -> Iterator[None]:
    """Provide the database: a file, a server of one's own, or what FULLSCORE_DATABASE_URL names."""
    if name == "sqlite" or "FULLSCORE_DATABASE_URL" in os.environ:
        yield
        return
    from tests.servers import postgresql

    with postgresql() as url:
        os.environ["FULLSCORE_DATABASE_URL"] = url
        yield
        from django.db import connections

        connections.close_all()


def _set_up() -> None:
    import django
    from django.conf import settings
    from django.core.management import call_command

    django.setup()
    settings.ALLOWED_HOSTS = ["*"]
    settings.DEBUG = False
    call_command("migrate", verbosity=0)
    logging.disable(logging.WARNING)


def _fill_once(rows: int, live: int) -> None:
    from fullscore.domains.foundation.findings.models import Finding

    if not Finding.objects.exists():
        began = time.monotonic()
        fill(rows, live)
        print(f"{rows:,} findings filled in {time.monotonic() - began:.0f} s", flush=True)


def _all(asked: argparse.Namespace) -> Iterator[Told]:
    print(f"{'':<44}{'clock':>10}{'process':>10}  target", flush=True)
    parts = [_lists(asked.rounds)] if asked.only != "settling" else []
    parts += [_settles(asked.opened), _hour()] if asked.only != "lists" else []
    for part in parts:
        for told in part:
            word = "met" if told.clock <= told.target else "MISSED"
            figures = f"{told.clock:>7.1f} {told.unit:<2}{told.process:>7.1f} {told.unit:<2}"
            print(
                f"{told.name:<44}{figures}  ≤ {told.target:.0f} {told.unit:<2} {word}", flush=True
            )
            yield told


# ── lists ──────────────────────────────────────────────────────────────────────────────────────


def _lists(rounds: int) -> Iterator[Told]:
    """Measure each list, p95: whole pages, and some as the rows alone that htmx asks for."""
    client = _client()
    for name, query in _queries():
        yield _measured(client, name, f"/findings?{query}", rounds)
    rows = {"HX-Request": "true", "HX-Target": "rows"}
    for name, query in (("only the rows", "show=live"), ("only the rows, a word", "q=part17x")):
        yield _measured(client, name, f"/findings?{query}", rounds, headers=rows)
    yield _measured(client, "page 20", _deep(client, 20), rounds)


def _client() -> Any:
    from django.test import Client

    from fullscore.domains.foundation.access.services import grants
    from fullscore.domains.foundation.directory.models import Person
    from fullscore.kit.models import User
    from fullscore.kit.models.user import system

    user = User.objects.create_user(f"{os.getpid()}@example.org", name="Bench")
    grants.grant(user, by=system(), role="viewer")
    Person.objects.filter(name="Person 7").update(user=user)
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    server = import_module("fullscore.config.asgi")  # keeps the collector of cycles off the code
    server.later.cancel()
    server.build_api()  # which it would else do in mid-run
    return client


def _queries() -> Iterator[tuple[str, str]]:
    from fullscore.domains.foundation.directory.models import Person, Team
    from fullscore.domains.foundation.estate.models import Item

    today = datetime.now(UTC).date()
    words = {
        "team": Team.objects.get(name="Team 3").pk,
        "person": Person.objects.get(name="Person 9").pk,
        "item": Item.objects.get(name="host4242").pk,
        "soon": today + timedelta(days=3),
        "lately": today - timedelta(days=2),
    }
    for name, query in FILTERS.items():
        yield name, query.format(**words)
    for sort in SORTS:
        for way, words_ in (("", "rising"), ("-", "falling")):
            yield f"all by {sort}, {words_}", f"sort={way}{sort}"
            yield f"live by {sort}, {words_}", f"show=live&sort={way}{sort}"
            yield f"closed by {sort}, {words_}", f"show=closed&sort={way}{sort}"


def _deep(client: Any, pages: int) -> str:
    """Follow “next” and return the address of a deep page."""
    import re

    url = "/findings"
    for _ in range(pages - 1):
        page = client.get(url).content.decode()
        found = re.search(r'href="([^"]*after=[^"]*)"', page)
        if found is None:
            return url
        step = found.group(1).replace("&amp;", "&")
        url = step if step.startswith("/") else "/findings" + step
    return url


def _measured(client: Any, name: str, url: str, rounds: int, **more: Any) -> Told:
    def ask() -> None:
        answer = client.get(url, **more)
        assert answer.status_code == 200, (url, answer.status_code)

    ask()
    clock, process = zip(*(_timed(ask) for _ in range(rounds)), strict=True)
    p95 = [quantiles(times, n=20)[-1] * 1000 for times in (clock, process)]
    return Told(name, *p95, "ms", TARGET_LIST_MS)


def _timed(act: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds on the clock and of this process that something takes."""
    clock, process = time.perf_counter(), time.process_time()
    act()
    return time.perf_counter() - clock, time.process_time() - process


# ── settling ───────────────────────────────────────────────────────────────────────────────────


def _settles(count: int) -> Iterator[Told]:
    """Measure opening many at once, saying the same again, closing them all, and once more."""
    from fullscore.domains.foundation.estate.models import Item
    from fullscore.domains.foundation.findings.models import Check
    from fullscore.domains.foundation.findings.services import settle
    from fullscore.kit.checks import Scope, Subject, bad, good
    from fullscore.kit.models.user import system

    check = Check.objects.create(
        ident=f"bench.settle{os.getpid()}", title="Settle", every_seconds=900
    )
    items = list(Item.objects.values_list("pk", flat=True))
    subjects = [Subject(item=items[n % len(items)], key=f"part {n}") for n in range(count)]
    wrong = [bad(s, severity=4, title="Wrong", evidence=({"a": 1},)) for s in subjects]
    fine = [good(s) for s in subjects]
    rounds = (("opened", wrong), ("unchanged", wrong), ("closed", fine), ("good", fine),
              ("opened again", wrong))  # fmt: skip
    for name, verdicts in rounds:
        scope = Scope(datetime.now(UTC))
        clock, process = _timed(
            lambda v=verdicts, s=scope: settle(check, v, s, by=system(), may_close_many=True)
        )
        yield Told(f"{count:,} {name} in one settle", clock, process, "s", TARGET_SETTLE_S)


def _hour() -> Iterator[Told]:
    """Measure what an hour of checks costs that find nothing new, in percent of one core."""
    from fullscore.domains.foundation.estate.models import Item
    from fullscore.domains.foundation.findings.models import Check
    from fullscore.domains.foundation.findings.services import settle
    from fullscore.kit.checks import Scope, Subject, good
    from fullscore.kit.models.user import system

    items = list(Item.objects.order_by("pk").values_list("pk", flat=True)[:HOSTS])
    check = Check.objects.create(ident=f"bench.hour{os.getpid()}", title="Hour", every_seconds=900)

    def once() -> None:
        verdicts = [good(Subject(item=item, key="/")) for item in items]
        settle(check, verdicts, Scope(datetime.now(UTC)), by=system())

    timed = [_timed(once) for _ in range(5)]
    clock, process = (median(t) * CHECKS / 3600 * 100 for t in zip(*timed, strict=True))
    name = f"{HOSTS:,} hosts × {CHECKS} checks an hour, all well"
    yield Told(name, clock, process, "%", TARGET_CORE_PERCENT)


if __name__ == "__main__":
    main()
