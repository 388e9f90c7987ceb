"""Which adapter an address names."""

from fullscore.connectors.base import Refused
from fullscore.connectors.samples.contract import Retention, SampleStore


def open_store(url: str, *, retention: Retention = Retention()) -> SampleStore:
    """Open a store: `parquet:///folder` or `clickhouse://user:password@host:8123/database`.

    Raises Refused when it is unknown or will not open, Unreachable when nobody answers.
    """
    scheme, separator, place = url.partition("://")
    if scheme == "parquet" and separator and place.startswith("/"):
        from fullscore.connectors.samples.parquet.store import ParquetStore

        return ParquetStore(place, retention)
    if scheme in ("clickhouse", "chdb") and separator and place:
        from fullscore.connectors.samples.clickhouse.store import ClickHouseStore

        return ClickHouseStore(url, retention)
    # Not the whole address, which may hold a password.
    raise Refused(
        f"“{scheme}” names no sample store known here: write parquet:///folder, an absolute path,"
        " or clickhouse://user:password@host:8123/database."
    )
