"""`fullscore import-file`."""

from pathlib import Path

from fullscore.domains.foundation.system import reading, services
from fullscore.kit.errors import Invalid
from fullscore.kit.models import User


def import_file(file: str, *, into: str, is_applied: bool, by: User) -> int:
    """Say what a CSV or XLSX file would do to a noun and, when told so, do it.

    1 when a row is refused.
    """
    try:
        rows = reading.table(Path(file).read_bytes())
    except OSError as error:
        raise Invalid(f"{file} cannot be read: {error.strerror}.") from error
    name = Path(file).name
    told = services.receive(by=by, noun=into, text=reading.text_of(rows), file_name=name)
    for row in told.shown["rows"]:
        if row["error"]:
            print(f"line {row['line']}: {row['error']}")
    if is_applied and (told.counts["new"] or told.counts["changed"]):
        told = services.write(services.apply(told, by=by), by=by)  # here, unless a worker has it
        told.refresh_from_db()
        for fault in told.shown.get("faults", ()):
            print(f"line {fault['line']}: {fault['error']}")
    counts = ", ".join(f"{count} {kind}" for kind, count in told.counts.items())
    print(f"Import {told.pk}, {told.state}: {counts}.")
    return 1 if told.counts["refused"] else 0
