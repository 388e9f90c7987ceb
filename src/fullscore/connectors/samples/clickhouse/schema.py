"""The tables of one server; those of a cluster are in `deploy/clickhouse/`.

Plain ZSTD took 2.80 bytes a sample against 3.26 to 4.31 of Gorilla, ALP and FPC (measured on values
of hosts). A block that is sent twice with one token is stored once, also without replication.
"""

from fullscore.connectors.samples.clickhouse.server import Server

TOKENS = " SETTINGS non_replicated_deduplication_window = 1000"
ENGINE = "ENGINE = ReplacingMergeTree(seq) PARTITION BY toYYYYMM({time}) ORDER BY ({key})"
SERIES = "series UInt64 CODEC(Delta, ZSTD(1)), ts DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),"
FIGURES = "".join(
    f" {name} {kind} CODEC(ZSTD(1)),"
    for name, kind in (
        ("count", "UInt64"), ("sum", "Float64"), ("min", "Float64"), ("max", "Float64"),
        ("last", "Float64"), ("increase", "Float64"), ("pair_ms", "UInt64"),
    )
)  # fmt: skip
ROLLED = f"({SERIES}{FIGURES} seq UInt64) " + ENGINE.format(time="ts", key="series, ts")
TABLES = {
    "samples": f"({SERIES} value Float64 CODEC(ZSTD(1)), seq UInt64 CODEC(ZSTD(1))) "
    + ENGINE.format(time="ts", key="series, ts")
    + TOKENS,
    "five_minutes": ROLLED,
    "hours": ROLLED,
    "events": "(at DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)), source Int64, kind String,"
    " severity Int64, text String CODEC(ZSTD(3)), attributes String CODEC(ZSTD(3)),"
    " digest String, seq UInt64) " + ENGINE.format(time="at", key="at, digest") + TOKENS,
    "lines": "(kind String, before_ms Int64, drawn_at DateTime64(3, 'UTC') DEFAULT now64(3))"
    " ENGINE = MergeTree ORDER BY (kind, before_ms)",
}


def make_missing(server: Server) -> None:
    """Make what is not there yet; where all is, no right to make anything is needed."""
    there = server.ask(
        f"SELECT name FROM system.tables WHERE database = '{server.database}'"  # noqa: S608
        f" UNION ALL SELECT 'database' FROM system.databases WHERE name = '{server.database}'"
    )
    names = set(there.get("name", ()))
    if "database" not in names:
        server.tell(f"CREATE DATABASE IF NOT EXISTS {server.database}")
    for table, what in TABLES.items():
        if table not in names:
            server.tell(f"CREATE TABLE IF NOT EXISTS {server.database}.{table} {what}")
