"""How a metric is called where suspects are ranked, and which way is worse.

The engine reads from a metric's name what kind it is: what fails or takes long, what is used up,
and what is only traffic. A metric that says how much is *left* is turned round here.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sign:
    """A metric as the engine hears of it."""

    words: str
    whole: str = ""  # the metric it is what is left of: compared is the share in use
    leaves_out: tuple[str, str] | None = None  # a label, and its value that does not count
    unit: str | None = None  # of what is compared, where it is not the metric's own


SIGNS: Mapping[str, Sign] = {
    "node_cpu_seconds_total": Sign("CPU in use, cores", leaves_out=("mode", "idle"), unit=""),
    "node_memory_MemAvailable_bytes": Sign("memory in use", "node_memory_MemTotal_bytes"),
    "node_memory_SwapFree_bytes": Sign("swap in use", "node_memory_SwapTotal_bytes"),
    "node_filesystem_avail_bytes": Sign("disk in use", "node_filesystem_size_bytes"),
    "node_filesystem_files_free": Sign("inodes of the disk in use", "node_filesystem_files"),
    "node_vmstat_oom_kill": Sign("failures for lack of memory"),
    "unit_restarts_total": Sign("failures: restarts of units"),
    "up": Sign("success of reading it"),
}
# What says how large or how old something is, or the same as another metric, is no sign.
SILENT = frozenset({
    "node_memory_MemTotal_bytes", "node_memory_SwapTotal_bytes", "node_memory_MemFree_bytes",
    "node_filesystem_size_bytes", "node_filesystem_files", "node_filefd_maximum",
    "node_boot_time_seconds", "scrape_samples_scraped", "scrape_duration_seconds",
})  # fmt: skip


def sign_of(name: str, title: str) -> Sign | None:
    """Return how a metric is told to the engine; None when it is no sign of anything."""
    if name in SILENT:
        return None
    return SIGNS.get(name) or Sign(title or name)
