"""Compaction and retention: hot files become hours, hours become days, days grow old.

DuckDB sorts, and writes days; Python holds one file of an hour at most, and every swap is one
transaction, so it may end anywhere.
"""

from collections.abc import Sequence
from itertools import compress
from uuid import uuid4

from fullscore.connectors.samples.contract import Maintenance, Retention
from fullscore.connectors.samples.parquet import questions
from fullscore.connectors.samples.parquet.damage import set_aside
from fullscore.connectors.samples.parquet.duck import Duck
from fullscore.connectors.samples.parquet.events import Events
from fullscore.connectors.samples.parquet.files import Files, is_full
from fullscore.connectors.samples.parquet.manifest import RAW, Manifest, Segment
from fullscore.connectors.samples.parquet.packing import Packing, Span
from fullscore.connectors.samples.parquet.retention import DAY_MS, Retiring
from fullscore.connectors.samples.parquet.steps import reached

HOUR_MS = 3_600_000
LEASE_SECONDS = 60
GRACE_SECONDS = 120  # longer than the longest question, which is cut at 60 s
ORPHAN_SECONDS = 3600
MANY_HOT = 16  # 240 uncompacted files make a query four times slower (measured)
MANY_LATE = 8  # late files beside a merged hour or day: merged with it when there are so many
MOST_FILES = 512  # merged in one swap
SETTLED_MS = 600_000  # a day is over this long after midnight


class Lost(Exception):
    """The lease is somebody else's now."""


class Upkeep:
    """One round of upkeep under the lease."""

    def __init__(
        self, manifest: Manifest, files: Files, duck: Duck, events: Events, retention: Retention
    ) -> None:
        self.manifest, self.files, self.events = manifest, files, events
        self.holder = uuid4().hex
        self.packing = Packing(manifest, files, duck, alive=self._renew)
        self.retiring = Retiring(manifest, self.packing, retention, holder=self.holder)
        self.event_days = retention.raw_days
        self.compacted = self.rolled_up = self.dropped = self.unlinked = 0

    def run(self, now_ms: int) -> Maintenance:
        """Do what is due; nothing when another process is at it."""
        if not self.manifest.take_lease(self.holder, seconds=LEASE_SECONDS):
            return Maintenance()
        import duckdb

        try:
            self._work(now_ms)
        except Lost:
            pass  # another process took over: what is swapped is done, the rest is its work
        except duckdb.Error as error:
            self._explain(error)
        finally:
            self.manifest.end_lease(self.holder)
        return Maintenance(self.compacted, self.rolled_up, self.dropped, self.unlinked)

    def _work(self, now_ms: int) -> None:
        self._merge_hot(now_ms)
        self._merge_hours(now_ms)
        self._merge_days(now_ms)
        self.rolled_up = self.retiring.roll_up(now_ms)
        self.dropped = self.retiring.drop(now_ms)
        floor = self.manifest.snapshot(()).floor_ms
        self.events.drop_before(max(floor, self.retiring.line_ms(self.event_days, now_ms)))
        self._tidy()

    def _renew(self) -> None:
        if not self.manifest.take_lease(self.holder, seconds=LEASE_SECONDS):
            raise Lost

    def _explain(self, error: Exception) -> None:
        """Set damaged segments aside, for the next round to go on without; else raise Refused."""
        raw = self.manifest.snapshot(RAW).segments
        if is_full(error) or not set_aside(self.manifest, self.files, raw):
            raise self.files.sentence(error) from error

    def _merge_hot(self, now_ms: int) -> None:
        """Merge hot files once there are many."""
        hot = self.manifest.snapshot(["hot"]).segments
        while len(hot) >= MANY_HOT:
            self._cut(hot[:MOST_FILES], now_ms)
            hot = hot[MOST_FILES:]

    def _cut(self, hot: Sequence[Segment], now_ms: int) -> None:
        """Merge hot files into one per hour their samples are of; one per day that is over."""
        starts = self.packing.spans(hot, HOUR_MS)
        over = {start // DAY_MS * DAY_MS for start in starts if _is_over(start, now_ms)}
        spans = [Span(day, day + DAY_MS) for day in sorted(over)]
        spans += [Span(h, h + HOUR_MS) for h in starts if h // DAY_MS * DAY_MS not in over]
        self._merge(hot, "hour", spans)

    def _merge_hours(self, now_ms: int) -> None:
        """Merge the files of an hour that is over, or has many that share series."""
        hours: dict[int, list[Segment]] = {}
        for segment in self.manifest.snapshot(["hour"]).segments:
            hour = segment.first_ms // HOUR_MS * HOUR_MS
            if segment.last_ms < hour + HOUR_MS:
                hours.setdefault(hour, []).append(segment)
        for hour, segments in hours.items():
            shared = list(compress(segments, questions.contested(segments, any_time=True)))
            is_over = hour + HOUR_MS + SETTLED_MS <= now_ms
            if len(shared) >= MANY_LATE or (is_over and _are_worth_it(shared)):
                self._merge(shared, "hour", [Span(hour, hour + HOUR_MS)])

    def _merge_days(self, now_ms: int) -> None:
        """Make day segments of the days that are over."""
        due = [Span(day, day + DAY_MS) for day in self._days_due(now_ms)]
        hot = self.manifest.snapshot(["hot"]).segments
        spanning = [h for h in hot if any(day.meets(h) and not day.holds(h) for day in due)]
        if spanning:
            self._cut(spanning, now_ms)
        for day in due:
            there = self.manifest.snapshot(RAW, start_ms=day.start_ms, end_ms=day.end_ms)
            self._merge([s for s in there.segments if day.holds(s)], "day", [day])

    def _days_due(self, now_ms: int) -> list[int]:
        """Return the days that are over and not yet, or no longer, in day segments."""
        days: dict[int, list[Segment]] = {}
        for segment in self.manifest.snapshot(RAW).segments:
            first = segment.first_ms // DAY_MS * DAY_MS
            for day in range(first, segment.last_ms + 1, DAY_MS):
                if _is_over(day, now_ms):
                    days.setdefault(day, []).append(segment)
        return sorted(day for day, segments in days.items() if _is_due(segments))

    def _merge(self, old: Sequence[Segment], level: str, spans: Sequence[Span]) -> None:
        """Write the samples of some segments anew and swap them in; or leave nothing behind."""
        new: list[Segment] = []
        is_swapped = False
        try:
            for span in spans:
                new += self.packing.pack(old, level, span)
            is_swapped = self.manifest.swap(old, new, holder=self.holder)
        finally:
            if not is_swapped:
                for segment in new:
                    self.files.unlink(segment.name)
        if not is_swapped:
            raise Lost
        self.compacted += len(old)

    def _tidy(self) -> None:
        """Remove the files no question can still be reading, and those nobody listed."""
        names = self.manifest.dead_for(GRACE_SECONDS)
        for name in names:
            self.files.unlink(name)
        reached("unlinked")
        self.manifest.forget(names)
        swept = self.files.sweep(listed=self.manifest.listed(), older_than_seconds=ORPHAN_SECONDS)
        self.unlinked = len(names) + swept


def _is_over(instant_ms: int, now_ms: int) -> bool:
    """Return whether the day of an instant ended long enough ago for its samples to be here."""
    return (instant_ms // DAY_MS + 1) * DAY_MS + SETTLED_MS <= now_ms


def _is_due(segments: Sequence[Segment]) -> bool:
    """Return whether a day wants merging: never was, or enough came late to be worth it."""
    late = [segment.rows for segment in segments if segment.level != "day"]
    settled_rows = sum(segment.rows for segment in segments if segment.level == "day")
    return bool(late) and (len(late) >= MANY_LATE or sum(late) * 10 >= settled_rows)


def _are_worth_it(shared: Sequence[Segment]) -> bool:
    """Return whether the smaller of some files are a tenth of the largest: not a mere trickle."""
    rows = sorted(segment.rows for segment in shared)
    return len(rows) > 1 and sum(rows[:-1]) * 10 >= rows[-1]
