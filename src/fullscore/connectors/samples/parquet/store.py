"""The store of one host: any number of processes append, ask and keep it up side by side."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from fullscore.connectors.base import Refused
from fullscore.connectors.samples.contract import (
    Event,
    Maintenance,
    Retention,
    Samples,
    StoreStats,
    checked,
    chosen,
    settled,
)
from fullscore.connectors.samples.parquet.asking import Asking
from fullscore.connectors.samples.parquet.duck import Duck
from fullscore.connectors.samples.parquet.events import Events
from fullscore.connectors.samples.parquet.files import Files
from fullscore.connectors.samples.parquet.manifest import RAW, ROLLED, Manifest, Segment
from fullscore.connectors.samples.parquet.steps import reached
from fullscore.connectors.samples.parquet.upkeep import Upkeep
from fullscore.connectors.samples.parquet.writing import parquet


class ParquetStore(Asking):
    """Samples in one folder; see `contract.SampleStore` for the rules."""

    def __init__(self, folder: str, retention: Retention) -> None:
        self.folder, self.retention = Path(folder), retention
        try:
            self.folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        except OSError as error:
            raise Refused(f"The sample store's folder {folder} cannot be made: {error}.") from error
        super().__init__(Manifest(self.folder), Files(self.folder), Duck(self.folder))
        self.events = Events(self.folder)
        self._refuse_old_manifest()
        for name in self.files.missized(self.manifest.live()):
            self.manifest.quarantine(name)

    @property
    def place(self) -> str:
        """Which store this is and where."""
        return f"Parquet files in {self.folder}"

    def _refuse_old_manifest(self) -> None:
        """Refuse a manifest restored from an older copy than the segments beside it."""
        # Looked at in this order, because a number is durable before its file appears.
        on_disk = max(self.files.numbers(), default=0)
        if on_disk > (known := self.manifest.number()):
            self.close()
            raise Refused(
                f"The manifest in {self.folder} is older than the segments beside it (it knows"
                f" {known} files, there is number {on_disk}). Restore the whole folder from one"
                " backup; or move the files with higher numbers away to go on without them."
            )

    def append(self, samples: Samples) -> int:
        """Store samples durably; return how many are not below the drop line."""
        samples = checked(samples)
        kept = samples.ts_ms >= self.manifest.snapshot(()).raw_floor_ms
        times = samples.ts_ms[kept]
        if not times.size:
            return 0
        rows = settled(Samples(samples.series[kept], times, samples.values[kept]))
        number = self.manifest.next_number()
        reached("numbered")
        floor = self._listed(self._written(rows, number))
        return int(np.count_nonzero(times >= floor))

    def _written(self, rows: Samples, number: int) -> Segment:
        """Return the hot segment of some settled rows; durable, not yet listed."""
        name = self.files.name("hot", number)
        content = parquet({
            "series": rows.series, "ts_ms": rows.ts_ms, "value": rows.values,
            "seq": np.full(len(rows), number, dtype=np.int64),
        })  # fmt: skip
        digest = self.files.write(name, content)
        first, last = int(rows.ts_ms.min()), int(rows.ts_ms.max())
        low, high = int(rows.series[0]), int(rows.series[-1])
        return Segment(name, "hot", first, last, low, high, len(rows), len(content), digest)

    def _listed(self, segment: Segment) -> int:
        """List a segment and return the drop line at that instant; a file not listed goes."""
        try:
            return self.manifest.add(segment)
        except Refused:
            with suppress(Refused):  # when even looking fails, the sweep removes it later
                if segment.name not in self.manifest.listed():
                    self.files.unlink(segment.name)
            raise

    def drop_before(self, before_ms: int) -> None:
        """Forget everything before an instant, at once; files go at the next upkeep."""
        self.manifest.raise_floor(int(before_ms))

    def maintain(self, *, now_ms: int) -> Maintenance:
        """Compact, roll up and drop what is old."""
        upkeep = Upkeep(self.manifest, self.files, self.duck, self.events, self.retention)
        return upkeep.run(int(now_ms))

    def stats(self) -> StoreStats:
        """Return what the store holds; repeats count until compaction has settled them."""
        there = self.manifest.snapshot((*RAW, *ROLLED))
        raw = there.of(*RAW)
        return StoreStats(
            samples=sum(s.rows for s in raw),
            bytes=sum(s.bytes for s in there.segments),
            segments=len(there.segments),
            oldest_ms=min((max(s.first_ms, there.floor_ms) for s in raw), default=None),
            newest_ms=max((s.last_ms for s in raw), default=None),
            quarantined=self.manifest.quarantined(),
        )

    def write_events(self, events: Sequence[Event]) -> int:
        """Keep the events durably and return how many are not below the drop line."""
        return self.events.write(events, floor_ms=self.manifest.snapshot(()).floor_ms)

    def find_events(
        self,
        *,
        start_ms: int,
        end_ms: int,
        text: str = "",
        kinds: Collection[str] = (),
        sources: ArrayLike = (),
        limit: int = 500,
    ) -> list[Event]:
        """Return the newest events of [start, end) that hold the text, newest first."""
        start = max(start_ms, self.manifest.snapshot(()).floor_ms)
        return self.events.find(
            start_ms=start, end_ms=end_ms, text=text, kinds=kinds,
            sources=chosen(sources).tolist(), limit=limit,
        )  # fmt: skip

    def close(self) -> None:
        """Let go of files, memory and connections."""
        self.duck.close()
        self.manifest.close()
        self.events.close()
