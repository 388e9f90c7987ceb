"""`fullscore import file` and `fullscore inventory`."""

import sys
from pathlib import Path

from fullscore.domains.foundation.estate.queries import exporting
from fullscore.domains.foundation.system import reading, services
from fullscore.domains.foundation.system.models import Import
from fullscore.kit.errors import Invalid
from fullscore.kit.models import User


def import_file(file: str, *, into: str, is_applied: bool, by: User) -> int:
    """Say what a CSV or XLSX file would do to a noun and, when told so, do it.

    1 when a row is refused.
    """
    try:
        content = Path(file).read_bytes()
    except OSError as error:
        raise Invalid(f"{file} cannot be read: {error.strerror}.") from error
    name = Path(file).name
    if into == Import.INVENTORY:
        told = services.take_in(content, name, by=by)
    else:
        text = reading.text_of(reading.table(content))
        told = services.receive(by=by, noun=into, text=text, file_name=name)
    for row in told.shown["rows"]:
        if row["error"]:
            print(f"line {row['line']}: {row['error']}")
    if is_applied and not services.idle(told):
        told = services.write(services.apply(told, by=by), by=by)  # here, unless a worker has it
        told.refresh_from_db()
        for fault in told.shown.get("faults", ()):
            print(f"line {fault['line']}: {fault['error']}")
    counts = ", ".join(f"{count} {kind}" for kind, count in told.counts.items())
    print(f"Import {told.pk}, {told.state}: {counts}.")
    return 1 if told.counts["refused"] else 0


def export_inventory(form: str, *, by: User) -> int:
    """Write the items one may see to standard output: `yaml`, to come in again, or `graphml`."""
    from fullscore.connectors.inventory import sitefile  # YAML takes its time at each start

    if form == "yaml":
        sys.stdout.write(sitefile.write(exporting.things(by)))
    else:
        sys.stdout.writelines(exporting.graph(by))
    return 0


def fetch_inventory(url: str, *, token: str, is_applied: bool, by: User) -> int:
    """Read an inventory from NetBox or Nautobot and say what it would do; 1 when any is refused."""
    told = services.fetch(services.ask(by=by, url=url, token=token, is_queued=False), by=by)
    if is_applied and not services.idle(told):
        told = services.write(services.apply(told, by=by), by=by)
        told.refresh_from_db()
    counts = ", ".join(f"{count} {kind}" for kind, count in told.counts.items())
    print(f"Import {told.pk}, {told.state}: {counts}.")
    return 1 if told.counts["refused"] else 0
