"""`fullscore focus`."""

from pathlib import Path

from fullscore.domains.infrastructure.cloud import services
from fullscore.kit.models import User
from fullscore.kit.perform import require


def import_bill(file: str, *, export: str, by: User) -> int:
    """Take a FOCUS file in and say what it amounts to; 1 when rows could not be read."""
    require("cloud.change_costperiod", by=by)
    periods = services.take_bill(Path(file), export=export, by=by)
    for one in periods:
        print(
            f"{one}: {one.billed:,.2f} {one.currency} billed in {one.row_count:,} rows,"
            f" {one.explained:,.2f} of it explained."
        )
    bad = max(one.bad_count for one in periods)
    for row in periods[0].bad_rows[:20]:
        print(f"  line {row['line']}: {row['column']}: {row['why']}")
    if bad:
        print(f"{bad} rows could not be read.")
    return 1 if bad else 0
