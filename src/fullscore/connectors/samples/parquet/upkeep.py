"""Compaction, rollups and retention: hot files become hours, hours become days, days grow old."""

import time
from collections.abc import Sequence
from uuid import uuid4

import numpy as np

from fullscore.connectors.samples.contract import LOOKBACK_MS, Maintenance, Retention, Samples
from fullscore.connectors.samples.parquet.manifest import Manifest, Segment
from fullscore.connectors.samples.parquet.rollups import LEVELS, rolled
from fullscore.connectors.samples.parquet.segments import ENDING, Broken, Files, Vanished
from fullscore.connectors.samples.parquet.steps import reached
from fullscore.connectors.samples.reckoning import without_repeats

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
RAW = ("hot", "hour", "day")
COLUMNS = ("series", "ts_ms", "value", "seq")
LEASE_SECONDS = 60
GRACE_SECONDS = 120  # longer than the longest query, which is cut at 60 s
ORPHAN_SECONDS = 3600
MANY_HOT = 16  # 240 uncompacted files make a query four times slower (measured)
MOST_ROWS = 8_000_000  # held in memory at once: 256 MB
SETTLED_MS = 600_000  # a day is over this long after midnight


class Upkeep:
    """One round of upkeep under the lease.

    Every swap is one transaction, so it may end anywhere.
    """

    def __init__(self, manifest: Manifest, files: Files, retention: Retention) -> None:
        self.manifest, self.files, self.retention = manifest, files, retention
        self.holder = uuid4().hex
        self.compacted = self.rolled_up = self.dropped = 0

    def run(self, now_ms: int) -> Maintenance:
        """Do what is due; nothing when another process is at it."""
        if not self._has_lease():
            return Maintenance()
        try:
            self._compact_hot()
            for day in self._days_due(now_ms):
                if not self._has_lease():
                    break
                self._compact_day(day)
            self._drop(now_ms)
            unlinked = self._unlink() + self._sweep()
        finally:
            self.manifest.end_lease(self.holder)
        return Maintenance(self.compacted, self.rolled_up, self.dropped, unlinked)

    def _has_lease(self) -> bool:
        return self.manifest.take_lease(self.holder, seconds=LEASE_SECONDS)

    def _compact_hot(self) -> None:
        """Merge hot files by the hour their samples belong to."""
        hot = self.manifest.segments(["hot"])
        while len(hot) >= MANY_HOT:
            taken: list[Segment] = []
            rows = 0
            for segment in hot:
                if taken and rows + segment.rows > MOST_ROWS:
                    break
                taken.append(segment)
                rows += segment.rows
            hot = hot[len(taken) :]
            if not self._has_lease() or not self._merge(taken, "hour", HOUR_MS):
                return

    def _merge(self, old: Sequence[Segment], level: str, span_ms: int) -> bool:
        """Write the rows of some segments anew, one file per span, and swap them in."""
        told = self._rows(old)
        if told is None:
            return False
        samples, seq = told
        new = []
        spans = samples.ts_ms // span_ms
        for span in np.unique(spans):
            inside = spans == span
            arrays = {
                "series": samples.series[inside], "ts_ms": samples.ts_ms[inside],
                "value": samples.values[inside], "seq": seq[inside],
            }  # fmt: skip
            new.append(self.files.write(level, arrays, number=self.manifest.sequence()))
            reached("merged")
        if not self.manifest.swap(old, new, holder=self.holder):
            for segment in new:
                self.files.unlink(segment.name)
            return False
        self.compacted += len(old)
        return True

    def _rows(
        self, segments: Sequence[Segment], *, start_ms: int = 0, end_ms: int = 2**62
    ) -> tuple[Samples, np.ndarray] | None:
        """Return the rows of some segments, sorted, each instant once, with their numbers."""
        floor = max(self.manifest.floor_ms(), start_ms)
        try:
            series, ts_ms, value, seq = self.files.read(
                segments, COLUMNS, series=None, start_ms=floor, end_ms=end_ms
            )
        except Broken as broken:
            self.manifest.quarantine(broken.name)
            return None
        except Vanished:
            return None
        order = np.lexsort((seq, ts_ms, series))
        series, ts_ms, value, seq = series[order], ts_ms[order], value[order], seq[order]
        is_last = np.ones(len(series), dtype=bool)
        is_last[:-1] = (series[1:] != series[:-1]) | (ts_ms[1:] != ts_ms[:-1])
        kept = Samples(series[is_last], ts_ms[is_last], value[is_last])
        return kept, seq[is_last]

    def _days_due(self, now_ms: int) -> list[int]:
        """Return the days that are over and have anything but one whole day segment."""
        today = (now_ms - SETTLED_MS) // DAY_MS
        found: dict[int, list[str]] = {}
        for segment in self.manifest.segments(RAW):
            for day in range(segment.first_ms // DAY_MS, segment.last_ms // DAY_MS + 1):
                found.setdefault(day, []).append(segment.level)
        return sorted(d for d, levels in found.items() if d < today and levels != ["day"])

    def _compact_day(self, day: int) -> None:
        """Make one segment of a day that is over, and roll it up again."""
        start, end = day * DAY_MS, (day + 1) * DAY_MS
        old = self.manifest.segments(RAW, start_ms=start, end_ms=end)
        spanning = [s for s in old if s.first_ms < start or s.last_ms >= end]
        if spanning:
            # Hot files of late samples reach over several days: cut them first.
            self._merge(spanning, "hour", HOUR_MS)
            old = self.manifest.segments(RAW, start_ms=start, end_ms=end)
        if old and self._merge(old, "day", DAY_MS):
            self._roll_up(day)

    def _roll_up(self, day: int) -> None:
        start, end = day * DAY_MS, (day + 1) * DAY_MS
        segments = self.manifest.segments(RAW, start_ms=start - LOOKBACK_MS, end_ms=end)
        told = self._rows(segments, start_ms=start - LOOKBACK_MS, end_ms=end)
        if told is None:
            return
        rows = without_repeats(told[0].series, told[0].ts_ms, told[0].values, told[1])
        for level, step in LEVELS.items():
            old = self.manifest.segments([level], start_ms=start, end_ms=end)
            arrays = rolled(rows, step, start_ms=start, end_ms=end)
            if arrays is None:
                continue
            new = self.files.write(level, arrays, number=self.manifest.sequence())
            if self.manifest.swap(old, [new], holder=self.holder):
                self.rolled_up += 1
            else:
                self.files.unlink(new.name)

    def _drop(self, now_ms: int) -> None:
        """Bury what is older than its resolution is kept, whole segments at a time."""
        kept = self.retention
        raw_line = (now_ms // DAY_MS - kept.raw_days) * DAY_MS
        if raw_line > 0 and self.manifest.segments(RAW, start_ms=0, end_ms=raw_line):
            self.manifest.raise_floor(raw_line, raw_only=True)
        floor, raw_floor = self.manifest.floors()
        lines = {
            "r5": max(floor, (now_ms // DAY_MS - kept.five_minute_days) * DAY_MS),
            "r60": max(floor, (now_ms // DAY_MS - kept.hourly_days) * DAY_MS),
            **dict.fromkeys(RAW, max(floor, raw_floor)),
        }
        for level, line in lines.items():
            old = [
                s.name
                for s in self.manifest.segments([level], end_ms=max(0, line))
                if s.last_ms < line
            ]
            self.dropped += self.manifest.bury(old) if old else 0

    def _unlink(self) -> int:
        """Remove the files no query can still be reading."""
        names = self.manifest.dead_for(GRACE_SECONDS)
        for name in names:
            self.files.unlink(name)
        reached("unlinked")
        self.manifest.forget(names)
        return len(names)

    def _sweep(self) -> int:
        """Remove files that a killed process left unlisted."""
        listed, gone = self.manifest.listed(), 0
        oldest = time.time() - ORPHAN_SECONDS
        for path in [
            *self.files.folder.glob(f"*{ENDING}"),
            *self.files.folder.glob(f".*{ENDING}.tmp"),
        ]:
            if path.name in listed:
                continue
            try:
                if path.stat().st_mtime < oldest:
                    path.unlink()
                    gone += 1
            except FileNotFoundError:
                continue
        return gone
