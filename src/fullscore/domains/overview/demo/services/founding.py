"""Filling an empty database with Brightwater."""

from datetime import date, datetime, timedelta

from django.db import transaction

from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.findings import services as findings
from fullscore.domains.foundation.findings.models import Check
from fullscore.domains.overview.demo import company, truth
from fullscore.domains.overview.demo.services import (
    books,
    changes,
    duty,
    estate,
    outage,
    patching,
    people,
    responding,
    samples,
    servers,
    watched,
)
from fullscore.kit import time
from fullscore.kit.errors import Conflict
from fullscore.kit.models.user import system

AGE = timedelta(days=90)  # how far back its history reaches


def fill(*, seed: int, size: float = 1.0, today: date | None = None) -> None:
    """Found the company in an empty database; the same seed and day make the same rows.

    Without a day it stands as of now. Raises Conflict when anything stands here already.
    """
    if Item.objects.exists():
        raise Conflict("The sample company needs an empty database.")
    now = time.now().replace(microsecond=0)
    if today is not None:
        now = datetime.combine(today, now.timetz())
    by = system()
    drawn = company.draw(seed=seed, size=size)
    with transaction.atomic():
        found = people.found(by=by, today=now.date(), began=now - AGE)
        items = estate.found(drawn, found, by=by, now=now, began=now - AGE)
        told = servers.found(drawn, items, by=by, now=now, began=now - AGE)
        changes.found(found, items, by=by, now=now, began=now - AGE)
        books.found(items, by=by, now=now, began=now - AGE)
        duty.found(found, by=by, now=now, began=now - AGE)
        patching.found(by=by, now=now, began=now - AGE)
        _own_limits()
    samples.found(drawn, items, told, now=now)
    with transaction.atomic():
        watched.found(drawn, items, by=by, now=now)
    outage.slow_down(items, now=now)
    responding.prepare()


def _own_limits() -> None:
    """Set the limit that makes db-04's volume a finding before the shipped seven days."""
    findings.list_checks(by=system())
    findings.tune(
        Check.objects.get(ident="servers.disk_filling"), by=system(), selector="tag=database",
        limits=f"days={truth.DATABASE_DAYS}", reason="A new volume takes us two weeks to get.",
    )  # fmt: skip
