-- The sample store on a cluster, as clickhouse-client runs it on any one of its servers.
--
-- Needs: a cluster named `fullscore` in `remote_servers`, the macros {shard} and {replica} on every
-- server, Keeper or ZooKeeper, and a user `fullscore`. One server alone needs none of this: the
-- product makes its tables itself. Columns are those the product makes; a test compares them.
--
-- Series are spread over the shards by their number, so one series lies on one shard. What is old
-- goes by TTL here, because months are dropped from local tables only: ten days after raw samples
-- were to be rolled up (30 days), so that a pause of upkeep loses nothing. Change both together.

CREATE DATABASE IF NOT EXISTS fullscore ON CLUSTER fullscore;

-- An insert returns when every shard has it, not when it is queued; two replicas hold it by then.
CREATE SETTINGS PROFILE IF NOT EXISTS fullscore ON CLUSTER fullscore
SETTINGS distributed_foreground_insert = 1, insert_quorum = 'auto' TO fullscore;

GRANT ON CLUSTER fullscore SELECT, INSERT ON fullscore.* TO fullscore;

CREATE TABLE IF NOT EXISTS fullscore.samples_local ON CLUSTER fullscore (
    series UInt64 CODEC(Delta, ZSTD(1)),
    ts DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    value Float64 CODEC(ZSTD(1)),
    seq UInt64 CODEC(ZSTD(1))
)
ENGINE = ReplicatedReplacingMergeTree(
    '/clickhouse/tables/fullscore/{shard}/samples', '{replica}', seq
)
PARTITION BY toYYYYMM(ts) ORDER BY (series, ts)
TTL toDateTime(ts) + INTERVAL 40 DAY;

CREATE TABLE IF NOT EXISTS fullscore.samples ON CLUSTER fullscore AS fullscore.samples_local
ENGINE = Distributed('fullscore', 'fullscore', 'samples_local', series);

CREATE TABLE IF NOT EXISTS fullscore.five_minutes_local ON CLUSTER fullscore (
    series UInt64 CODEC(Delta, ZSTD(1)),
    ts DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    count UInt64 CODEC(ZSTD(1)),
    sum Float64 CODEC(ZSTD(1)),
    min Float64 CODEC(ZSTD(1)),
    max Float64 CODEC(ZSTD(1)),
    last Float64 CODEC(ZSTD(1)),
    increase Float64 CODEC(ZSTD(1)),
    pair_ms UInt64 CODEC(ZSTD(1)),
    seq UInt64
)
ENGINE = ReplicatedReplacingMergeTree(
    '/clickhouse/tables/fullscore/{shard}/five_minutes', '{replica}', seq
)
PARTITION BY toYYYYMM(ts) ORDER BY (series, ts)
TTL toDateTime(ts) + INTERVAL 190 DAY;

CREATE TABLE IF NOT EXISTS fullscore.five_minutes ON CLUSTER fullscore AS fullscore.five_minutes_local
ENGINE = Distributed('fullscore', 'fullscore', 'five_minutes_local', series);

CREATE TABLE IF NOT EXISTS fullscore.hours_local ON CLUSTER fullscore (
    series UInt64 CODEC(Delta, ZSTD(1)),
    ts DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    count UInt64 CODEC(ZSTD(1)),
    sum Float64 CODEC(ZSTD(1)),
    min Float64 CODEC(ZSTD(1)),
    max Float64 CODEC(ZSTD(1)),
    last Float64 CODEC(ZSTD(1)),
    increase Float64 CODEC(ZSTD(1)),
    pair_ms UInt64 CODEC(ZSTD(1)),
    seq UInt64
)
ENGINE = ReplicatedReplacingMergeTree(
    '/clickhouse/tables/fullscore/{shard}/hours', '{replica}', seq
)
PARTITION BY toYYYYMM(ts) ORDER BY (series, ts)
TTL toDateTime(ts) + INTERVAL 1835 DAY;

CREATE TABLE IF NOT EXISTS fullscore.hours ON CLUSTER fullscore AS fullscore.hours_local
ENGINE = Distributed('fullscore', 'fullscore', 'hours_local', series);

CREATE TABLE IF NOT EXISTS fullscore.events_local ON CLUSTER fullscore (
    at DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    source Int64,
    kind String,
    severity Int64,
    text String CODEC(ZSTD(3)),
    attributes String CODEC(ZSTD(3)),
    digest String,
    seq UInt64
)
ENGINE = ReplicatedReplacingMergeTree(
    '/clickhouse/tables/fullscore/{shard}/events', '{replica}', seq
)
PARTITION BY toYYYYMM(at) ORDER BY (at, digest)
TTL toDateTime(at) + INTERVAL 40 DAY;

CREATE TABLE IF NOT EXISTS fullscore.events ON CLUSTER fullscore AS fullscore.events_local
ENGINE = Distributed('fullscore', 'fullscore', 'events_local', cityHash64(digest));

-- The drop lines: every server holds all of them, so this path has no shard in it.
CREATE TABLE IF NOT EXISTS fullscore.lines ON CLUSTER fullscore
(kind String, before_ms Int64, drawn_at DateTime64(3, 'UTC') DEFAULT now64(3))
ENGINE = ReplicatedMergeTree('/clickhouse/tables/fullscore/lines', '{shard}-{replica}')
ORDER BY (kind, before_ms);
