"""Measure findings at scale: pages of the list in-process, and one settle that opens many.

    python -m bench.findings [--rows 100000] [--live 50000] [--opened 40000]

Fills a temporary installation (SQLite; with FULLSCORE_DATABASE_URL set, an empty database of yours)
and prints a table against the targets of the design.
"""

import argparse
import logging
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from statistics import quantiles
from typing import Any

TARGET_LIST_MS, TARGET_SETTLE_S = 50.0, 10.0
ROUNDS = 20
CHUNK = 5000
LISTS = {
    "the list": "",
    "sorted by severity": "sort=-severity",
    "by severity, mildest": "sort=severity",
    "by due day": "sort=due_on",
    "by age": "sort=-opened_at",
    "by closing": "show=closed&sort=-closed_at",
    "mine": "show=mine",
    "overdue": "show=overdue",
    "nobody's": "show=unowned",
    "muted": "show=muted",
    "high or worse": "show=live&severity=high",
    "one check": "show=live&check=bench.check3",
    "a word": "show=live&q=number+77",
    "closed": "show=closed",
}


def main() -> None:
    """Fill, measure, print; leave nothing behind."""
    asked = _arguments()
    home = asked.home or tempfile.mkdtemp(prefix="fullscore-bench-")
    os.environ["FULLSCORE_HOME"] = home
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fullscore.config.settings")
    try:
        _set_up()
        _fill_once(asked.rows, min(asked.live, asked.rows))
        rows = [*_lists(), *_settles(asked.opened)]
        _print(rows)
        sys.exit(0 if all(is_met for *_, is_met in rows) else 1)
    finally:
        if not asked.home:
            shutil.rmtree(home, ignore_errors=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--live", type=int, default=50_000)
    parser.add_argument("--opened", type=int, default=40_000)
    parser.add_argument(
        "--home", default="", help="keep the filled installation here, for next time"
    )
    return parser.parse_args()


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

    if Finding.objects.exists():
        return
    began = time.process_time()
    _fill(rows, live)
    print(f"{rows:,} findings filled in {time.process_time() - began:.1f} s", flush=True)


def _fill(rows: int, live: int) -> None:
    """Make teams, items, checks and findings as a company of some years has them."""
    from django.db import connection

    from fullscore.domains.foundation.directory.models import Team
    from fullscore.domains.foundation.estate.models import Item
    from fullscore.domains.foundation.findings.models import Check, Finding
    from fullscore.kit import search

    dice = random.Random(7)
    teams = [Team.objects.create(name=f"Team {n}") for n in range(20)]
    Item.objects.bulk_create(
        [Item(kind="host", name=f"host{n}", owner=dice.choice(teams)) for n in range(10_000)],
        batch_size=CHUNK,
    )  # fmt: skip
    items = list(Item.objects.values_list("pk", flat=True))
    checks = [
        Check.objects.create(ident=f"bench.check{n}", title=f"Check {n}", every_seconds=900)
        for n in range(60)
    ]
    now = datetime.now(UTC)
    for start in range(0, rows, CHUNK):
        numbers = range(start, min(start + CHUNK, rows))
        made = [_finding(n, n < live, items, checks, teams, now, dice) for n in numbers]
        stored = Finding.objects.bulk_create(made, batch_size=CHUNK)
        search.refresh_many(Finding, [f.pk for f in stored])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _finding(
    n: int, is_live: bool, items: list[int], checks: list[Any], teams: list[Any], now: datetime,
    dice: random.Random,
) -> Any:  # fmt: skip
    from fullscore.domains.foundation.findings.models import Finding

    opened_at = now - timedelta(hours=dice.uniform(0, 24 * 30 if is_live else 24 * 700))
    severity = dice.choices([1, 2, 3, 4, 5], [10, 30, 40, 17, 3])[0]
    state = dice.choices(["open", "acknowledged", "fixed", "excepted"], [70, 20, 2, 8])[0]
    return Finding(
        check_of=dice.choice(checks),
        item_id=dice.choice(items),
        key=f"/{n}",
        fingerprint=f"{n:032x}",
        severity=severity,
        title=f"Something number {n} is wrong on a host",
        figure=n,
        limit=1,
        unit="%",
        evidence=[{"n": n}],
        advice="Repair it.",
        owner=dice.choice([*teams, None]),
        state=state if is_live else "closed",
        closed_as="" if is_live else "verified",
        due_on=(opened_at + timedelta(days=7 * (6 - severity))).date(),
        opened_at=opened_at,
        closed_at=None if is_live else opened_at + timedelta(hours=dice.uniform(1, 200)),
        muted_until=now + timedelta(days=3) if is_live and n % 50 == 0 else None,
    )


def _lists() -> Iterator[tuple[str, str, str, bool]]:
    """Measure each list through URL, permission, filter, page and template, without a network."""
    from django.test import Client

    from fullscore.domains.foundation.access.services import grants
    from fullscore.kit.models import User
    from fullscore.kit.models.user import system

    user = User.objects.create_user(f"{os.getpid()}@example.org", name="Bench")
    grants.grant(user, by=system(), role="viewer")
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    for name, query in LISTS.items():
        yield _measured(client, name, f"/findings?{query}")
    yield _measured(client, "page 20 of the list", _deep(client, 20))


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


def _measured(client: Any, name: str, url: str) -> tuple[str, str, str, bool]:
    def ask() -> None:
        answer = client.get(url)
        assert answer.status_code == 200, (url, answer.status_code)

    ask()
    p95 = quantiles([_ms(ask) for _ in range(ROUNDS)], n=20)[-1]
    return name, f"p95 {p95:.1f} ms", f"≤ {TARGET_LIST_MS:.0f} ms", p95 <= TARGET_LIST_MS


def _ms(act: Callable[[], object]) -> float:
    """Return the CPU time of this process: a busy machine must not fail the measure."""
    began = time.process_time()
    act()
    return (time.process_time() - began) * 1000


def _settles(count: int) -> Iterator[tuple[str, str, str, bool]]:
    """Measure opening many at once, saying the same again, and closing them all."""
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
    for name, verdicts in (
        ("opened", wrong),
        ("unchanged", wrong),
        ("closed", fine),
        ("good", fine),
    ):
        scope = Scope(datetime.now(UTC))
        seconds = _ms(
            lambda v=verdicts, s=scope: settle(check, v, s, by=system(), may_close_many=True)
        )
        seconds /= 1000
        yield (
            f"{count:,} {name} in one settle", f"{seconds:.1f} s",
            f"≤ {TARGET_SETTLE_S:.0f} s", seconds <= TARGET_SETTLE_S,
        )  # fmt: skip


def _print(rows: list[tuple[str, str, str, bool]]) -> None:
    for name, figure, target, is_met in rows:
        print(f"{name:<34}{figure:>16}   {target:<10} {'met' if is_met else 'MISSED'}")


if __name__ == "__main__":
    main()
