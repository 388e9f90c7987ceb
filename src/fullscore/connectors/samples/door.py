"""Which adapter an address names."""

from fullscore.connectors.base import Refused
from fullscore.connectors.samples.contract import Retention, SampleStore


def open_store(url: str, *, retention: Retention = Retention()) -> SampleStore:
    """Open the store at `parquet:///folder`. Raises Refused when it is unknown or will not open."""
    scheme, separator, place = url.partition("://")
    if scheme == "parquet" and separator and place.startswith("/"):
        from fullscore.connectors.samples.parquet.store import ParquetStore

        return ParquetStore(place, retention)
    raise Refused(
        f"“{url}” names no sample store known here: write parquet:///folder, an absolute path."
    )
