"""Commands about incidents that are no noun and no verb."""

import sys
from pathlib import Path

from django.db import InterfaceError, OperationalError

from fullscore.connectors.base import Refused
from fullscore.connectors.mail.parse import MOST_BYTES
from fullscore.domains.foundation.changes.services.runbooks import writing
from fullscore.domains.response.incidents import reading, services
from fullscore.engines import runbooks as engine
from fullscore.interfaces.web.figures import figure
from fullscore.kit.errors import Invalid, NotFound
from fullscore.kit.models import User

# What a mail server does with a mail by how its command ended: sysexits.h.
NO_USER, TRY_AGAIN = 67, 75


def take_mail(name: str) -> int:
    """Keep the mail on standard input for a source; the mail server tries again after a 75."""
    raw = sys.stdin.buffer.read(MOST_BYTES)
    while sys.stdin.buffer.read(MOST_BYTES):
        pass  # attachments: whoever writes to us is let finish
    try:
        services.take_mail(services.mail_source(name), raw)
    except NotFound as problem:
        print(problem, file=sys.stderr)
        return NO_USER
    except (Refused, OperationalError, InterfaceError) as error:
        print(f"This mail cannot be kept now: {error}", file=sys.stderr)
        return TRY_AGAIN
    return 0


def tell_figures(
    *, days: int, service: int | None, team: int | None, priority: int | None, by: User
) -> int:
    """Print how fast incidents are handled and how changes go."""
    told = reading.figures(by, days=days, service=service, team=team, priority=priority)
    print(f"Last {days} days: {told['incidents']} incidents,"
          f" {told['delivery']['carried_out']} changes carried out.")  # fmt: skip
    print(f"{'':34}{'count':>8}{'mean':>14}{'median':>14}{'p90':>14}")
    for name, unit, count, *values in reading.rows_of(told):
        shown = "".join(f"{figure(value, unit):>14}" for value in values)
        print(f"{name:34}{count:>8}{shown}")
    return 0


def suggest_runbooks(*, incident: int | None, item: int | None, by: User) -> int:
    """Print which runbooks fit, the best first, why, and how often each helped."""
    rows = reading.runbooks(by, incident=incident, item=item)["rows"]
    for row in rows:
        helped = f"{row['helped']} of {row['runs']} helped" if row["runs"] else "never run yet"
        print(f"{row['runbook']['id']:>6}  {row['runbook']['title']}: {', '.join(row['why'])};"
              f" {helped}")  # fmt: skip
    if not rows:
        print("No runbook fits.")
    return 0


def read_runbook(file: str) -> int:
    """Print what is wrong with a runbook in a file; 1 when something is."""
    try:
        text = Path(file).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"{file} cannot be read: {error}.") from error
    book = engine.read(text)
    troubles = writing.troubles(book)
    for one in troubles:
        print(one)
    if not troubles:
        print(f"{len(book.steps)} steps, {len(book.back)} on the way back.")
    return 1 if troubles else 0
