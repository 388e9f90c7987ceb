"""Brightwater's runbooks: three that people wrote after nights they remember, and how they went."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from fullscore.domains.foundation.changes.models import (
    Runbook,
    RunbookRun,
    RunbookStepRun,
    RunbookVersion,
)
from fullscore.domains.foundation.directory.models import Team
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.overview.demo.plans import AMARA, ELIF, INES, JONAS, KARIM
from fullscore.domains.overview.demo.services import keeping
from fullscore.domains.overview.demo.services.people import address
from fullscore.domains.response.incidents.models import Incident
from fullscore.kit.models import User

SLOW = """\
For the hour in which everything hangs on one database. Look first, alter last: a restart throws \
the caches away, and everything is slower for a while.

## How slow is it?
```query
metric: pg_query_duration_seconds
is: < 0.05
over: 10 min
```

## Is it slow still?
```decision
by: How slow is it?
good: Tell that it passed
bad: What changed?
```

## Tell that it passed
Say so on the timeline and keep the incident open for another half hour.

## Stop here
```decision
ask: Is anybody still waiting?
no: end
yes: What changed?
```

## What changed?
Open **What changed before** in the room. Updates of the database, of its host and of the storage \
below count most; so do new versions of what asks it.

## Was it updated?
```decision
ask: Was the database or its host updated in the last two hours?
yes: Have the way back at hand
no: Call the storage team
```

## Have the way back at hand
Ask for the change that brings the version before back. Whoever commands decides when it runs.

## Give it time
```wait
5 min
```

## Is it as usual again?
```query
metric: pg_query_duration_seconds
is: < 0.05
over: 5 min
```

## Over?
```decision
by: Is it as usual again?
good: end
bad: Call the storage team
```

## Call the storage team
Page **Platform** from the room. Have the name of the volume and the time it began at hand.
"""
FULL = """\
A file system that is full stops everything that writes to it. Free what is safe to free, and \
order the larger volume by daylight.

```parameters
size: choice (500M, 1G, 2G) = 1G
```

## Is it really filling?
```check
servers.disk_filling
```

## Where is it?
```command
df -h -x tmpfs -x devtmpfs
alters: no
within: 20 s
```

## What is large?
```command
du -xh --max-depth=2 /var
alters: no
within: 2 min
```

## Old logs, or something else?
```decision
ask: Is most of it in /var/log?
yes: Drop old journals
no: Call the owner
```

## Drop old journals
Only what the journal itself keeps; the last days stay.

```command
sudo -n journalctl --vacuum-size={size}
within: 2 min
```

## Is that enough?
```check
servers.disk_filling
```

## Done?
```decision
by: Is that enough?
good: end
bad: Call the owner
```

## Call the owner
Whoever owns the server knows what may go. Delete nothing of a database by hand.
"""
DOWN = """\
For a service of systemd that failed or does not answer. One restart is allowed: what fails twice \
has a reason.

```parameters
unit: name = nginx.service
```

## What does it say?
```command
systemctl status {unit} --no-pager --lines=30
alters: no
within: 20 s
```

## May it be restarted?
```decision
ask: Is this the only node, and is it in use?
yes: Ask who commands
no: Restart it
```

## Ask who commands
Say on the timeline that the only node is about to be restarted, and wait for a decision.

## Restart it
```command
sudo -n systemctl restart {unit}
within: 90 s
```

## Let it come up
```wait
30 s
```

## Does it run?
```check
servers.unit_failed
```

## Over?
```decision
by: Does it run?
good: end
bad: way back
```

# Way back

## Take it out
Take the node out of the load balancer, so that the others serve.

## Stop it
```command
sudo -n systemctl stop {unit}
```
"""


class Book(NamedTuple):
    """One runbook: who wrote and who approved it, for what, and how its runs went."""

    title: str
    summary: str
    text: str
    selector: str
    alerts: str
    team: str
    written_by: str
    approved_by: str
    ran: tuple[tuple[str, int, str, bool | None], ...]  # item, days ago, state, whether it helped


BOOKS = (
    Book(
        "Queries of a database are slow",
        "When queries, or what waits for them, take many times as long as usual.",
        SLOW,
        "",
        "QueriesSlow\nPortalSlow\n*queries take*",
        "Data",
        KARIM,
        JONAS,
        (
            ("pg-01-ams", 41, "done", True),
            ("pg-01-ams", 23, "done", None),
            ("pg-01-rtm", 12, "failed", None),
        ),
    ),
    Book(
        "A file system runs full",
        "When a volume is full, or will be before anybody is in the office.",
        FULL,
        "",
        "*filling*\n*full in*\nDisk*",
        "Platform",
        AMARA,
        INES,
        (
            ("db-04", 55, "done", True),
            ("app-03", 30, "done", True),
            ("app-05", 16, "stopped", False),
        ),
    ),
    Book(
        "A service does not run",
        "When a unit failed, or keeps being restarted.",
        DOWN,
        "",
        "*.service failed*\n*.service is restarted*\nServiceDown",
        "Platform",
        ELIF,
        JONAS,
        (("app-05", 34, "done", None), ("app-09", 8, "done", True)),
    ),
)


def found(items: Mapping[str, Item], *, by: User, now: datetime, began: datetime) -> None:
    """Make the runbooks, each with its approved version and what it was run for."""
    users = {user.email: user for user in User.objects.all()}
    teams = {team.name: team for team in Team.objects.all()}
    rows = [
        Runbook(
            title=one.title, summary=one.summary, text=one.text, selector=one.selector,
            alerts=one.alerts, owner=teams.get(one.team),
        )
        for one in BOOKS
    ]  # fmt: skip
    for runbook, one in zip(keeping.made(rows, by=by, began=began), BOOKS, strict=True):
        writer, approver = users[address(one.written_by)], users[address(one.approved_by)]
        version = RunbookVersion(
            runbook=runbook, number=1, text=one.text, written_by=writer, written_at=began,
            approved_by=approver, approved_at=began + timedelta(hours=3),
        )  # fmt: skip
        keeping.made([version], by=by, began=began)
        for name, days, state, helped in one.ran:
            if name in items:
                _run(version, items[name], writer, now - timedelta(days=days), state, helped)


def _run(
    version: RunbookVersion, item: Item, who: User, at: datetime, state: str, helped: bool | None,
    reference: str = "",
) -> RunbookRun:  # fmt: skip
    """Write down a run that is over; its first step is enough to be told by."""
    outcome = {"done": "Every step is done.", "stopped": f"Stopped by {who}: it was another cause."}
    run = RunbookRun.objects.create(
        runbook=version.runbook, version=version, item=item, started_by=who, driver=who,
        started_at=at, ended_at=at + timedelta(minutes=14), state=state, helped=helped,
        outcome=outcome.get(state, "It did not help: the cause lay elsewhere."),
        given={"item": item.name}, reference=reference, following=2,
    )  # fmt: skip
    step = version.book.steps[0]
    RunbookStepRun.objects.create(
        run=run, number=1, place=1, title=step.title, kind=step.kind, state="done", result="bad",
        started_at=at, ended_at=at + timedelta(seconds=4), by=who,
    )  # fmt: skip
    return run


def helped_in(incident: Incident, *, by: User) -> None:
    """Let the incident of some days ago have been ended with a runbook."""
    version = RunbookVersion.objects.get(runbook__title=BOOKS[2].title)
    item = Item.objects.get(name="customer-portal (ams)")
    _run(version, item, version.written_by, incident.detected_at, "done", True,
         f"incident {incident.pk}")  # fmt: skip
