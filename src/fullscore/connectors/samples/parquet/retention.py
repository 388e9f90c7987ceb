"""Growing old: a day's raw samples are summed up the moment they go, and rollups go in their turn.

Rollups are made once, from all corrections that ever came: until its raw samples go, a day is
answered from them.
"""

from collections.abc import Iterator

from fullscore.connectors.samples.contract import LOOKBACK_MS, Retention
from fullscore.connectors.samples.parquet import questions
from fullscore.connectors.samples.parquet.manifest import RAW, ROLLED, Manifest, Segment, Snapshot
from fullscore.connectors.samples.parquet.packing import Packing, Span

DAY_MS = 86_400_000


class Retiring:
    """Moves the drop lines to where a retention puts them at some instant."""

    def __init__(
        self, manifest: Manifest, packing: Packing, retention: Retention, *, holder: str
    ) -> None:
        self.manifest, self.packing, self.retention = manifest, packing, retention
        self.holder = holder

    def line_ms(self, days: int, now_ms: int) -> int:
        """Return the start of the first day that is kept."""
        return max(0, (now_ms // DAY_MS - days) * DAY_MS)

    def roll_up(self, now_ms: int) -> int:
        """Put rollups in the place of raw samples past their days; return how many days."""
        line, done = self.line_ms(self.retention.raw_days, now_ms), 0
        there = self.manifest.snapshot(RAW, end_ms=line)
        for day in _days(there, line):
            if not self._roll_up_day(Span(day, day + DAY_MS)):
                return done  # somebody corrected the day meanwhile: next time
            done += 1
        if line > self.manifest.snapshot(()).raw_floor_ms:
            self.manifest.close_raw((), (), (), until_ms=line, holder=self.holder)
        return done

    def _roll_up_day(self, day: Span) -> bool:
        """Sum up one day and close it, in one transaction."""
        before = day.start_ms - LOOKBACK_MS  # the day's first pairs begin on the day before
        there = self.manifest.snapshot(RAW, start_ms=before, end_ms=day.end_ms)
        old = self.manifest.snapshot(ROLLED, start_ms=day.start_ms, end_ms=day.end_ms)
        span = Span(max(before, there.floor_ms), day.end_ms)
        fives = self._fives(there, span, day)
        hours: list[Segment] = []
        for five in fives:
            source = f"SELECT * FROM read_parquet({self.packing.files.quoted([five.name])})"  # noqa: S608
            hours += self.packing.write("r60", questions.coarser(source, step_ms=ROLLED["r60"]))
        closed = self.manifest.close_raw(
            there.segments, old.segments, [*fives, *hours], until_ms=day.end_ms, holder=self.holder
        )
        if not closed:
            for segment in (*fives, *hours):
                self.packing.files.unlink(segment.name)
        return closed

    def _fives(self, there: Snapshot, span: Span, day: Span) -> list[Segment]:
        """Write a day's five-minute figures, in parts by series."""
        new = []
        for part in self.packing.parts(there.segments, span):
            source = questions.source(self.packing.files, there.segments, part)
            new += self.packing.write(
                "r5",
                questions.partials(
                    source, start_ms=day.start_ms, step_ms=ROLLED["r5"], lookback_ms=LOOKBACK_MS
                ),
            )
        return new

    def drop(self, now_ms: int) -> int:
        """Bury the segments that lie wholly before their line; return how many."""
        there = self.manifest.snapshot((*RAW, *ROLLED))
        # The last minutes of the day before the line stay readable: pairs begin there.
        lines = dict.fromkeys(RAW, max(there.floor_ms, there.raw_floor_ms - LOOKBACK_MS))
        lines["r5"] = max(there.floor_ms, self.line_ms(self.retention.five_minute_days, now_ms))
        lines["r60"] = max(there.floor_ms, self.line_ms(self.retention.hourly_days, now_ms))
        return self.manifest.bury([s for s in there.segments if s.last_ms < lines[s.level]])


def _days(there: Snapshot, line_ms: int) -> Iterator[int]:
    """Return the starts of the days before a line that may have raw samples, oldest first."""
    days = set[int]()
    for segment in there.segments:
        begin = max(segment.first_ms, there.raw_floor_ms) // DAY_MS * DAY_MS
        days.update(range(begin, min(segment.last_ms + 1, line_ms), DAY_MS))
    yield from sorted(days)
