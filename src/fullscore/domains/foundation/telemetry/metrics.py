"""What is known of metrics by name: title, unit and kind. Names and units are node_exporter's."""

from typing import NamedTuple


class Known(NamedTuple):
    """A metric that ships with the product."""

    title: str
    unit: str  # UCUM-like: By, s, 1, Hz, Cel
    kind: str = "gauge"


# What this program makes of each server's samples, one figure a day.
CPU_DAY = ("capacity_cpu_p50_ratio", "capacity_cpu_p95_ratio", "capacity_cpu_max_ratio")
MEMORY_DAY = ("capacity_memory_p50_ratio", "capacity_memory_p95_ratio", "capacity_memory_max_ratio")
FILESYSTEM_DAY, NETWORK_DAY = "capacity_filesystem_max_ratio", "capacity_network_bytes_rate"

# What this program measures of itself.
REFUSED = "fullscore_samples_refused_total"
LEAD = "fullscore_sender_lead_seconds"
BYTES, SAMPLES = "fullscore_store_bytes", "fullscore_store_samples"
SEGMENTS = "fullscore_store_segments"
VOLUME, FREE = "fullscore_store_volume_bytes", "fullscore_store_volume_free_bytes"

KNOWN: dict[str, Known] = {
    "node_cpu_seconds_total": Known("CPU time", "s", "counter"),
    "node_load1": Known("Load, 1 min", "1"),
    "node_load5": Known("Load, 5 min", "1"),
    "node_load15": Known("Load, 15 min", "1"),
    "node_memory_MemTotal_bytes": Known("Memory", "By"),
    "node_memory_MemAvailable_bytes": Known("Memory available", "By"),
    "node_memory_MemFree_bytes": Known("Memory free", "By"),
    "node_memory_SwapTotal_bytes": Known("Swap", "By"),
    "node_memory_SwapFree_bytes": Known("Swap free", "By"),
    "node_filesystem_size_bytes": Known("Filesystem size", "By"),
    "node_filesystem_avail_bytes": Known("Filesystem available", "By"),
    "node_filesystem_files": Known("Inodes", "1"),
    "node_filesystem_files_free": Known("Inodes free", "1"),
    "node_network_receive_bytes_total": Known("Network in", "By", "counter"),
    "node_network_transmit_bytes_total": Known("Network out", "By", "counter"),
    "node_network_receive_errs_total": Known("Network errors in", "1", "counter"),
    "node_network_transmit_errs_total": Known("Network errors out", "1", "counter"),
    "node_disk_read_bytes_total": Known("Disk read", "By", "counter"),
    "node_disk_written_bytes_total": Known("Disk written", "By", "counter"),
    "node_disk_io_time_seconds_total": Known("Disk busy", "s", "counter"),
    "node_pressure_cpu_waiting_seconds_total": Known("CPU pressure", "s", "counter"),
    "node_pressure_memory_stalled_seconds_total": Known("Memory pressure", "s", "counter"),
    "node_pressure_memory_waiting_seconds_total": Known("Memory pressure, some", "s", "counter"),
    "node_pressure_io_stalled_seconds_total": Known("I/O pressure", "s", "counter"),
    "node_pressure_io_waiting_seconds_total": Known("I/O pressure, some", "s", "counter"),
    "node_vmstat_pswpin": Known("Swapped in, pages", "1", "counter"),
    "node_vmstat_pswpout": Known("Swapped out, pages", "1", "counter"),
    "node_vmstat_pgmajfault": Known("Major page faults", "1", "counter"),
    "node_vmstat_oom_kill": Known("Killed for lack of memory", "1", "counter"),
    "node_vmstat_pgfault": Known("Page faults", "1", "counter"),
    "node_vmstat_pgpgin": Known("Paged in, KiB", "1", "counter"),
    "node_vmstat_pgpgout": Known("Paged out, KiB", "1", "counter"),
    "node_netstat_Tcp_RetransSegs": Known("TCP segments sent again", "1", "counter"),
    "node_netstat_Tcp_InSegs": Known("TCP segments in", "1", "counter"),
    "node_netstat_Tcp_OutSegs": Known("TCP segments out", "1", "counter"),
    "node_netstat_Tcp_ActiveOpens": Known("TCP connections opened", "1", "counter"),
    "node_netstat_Tcp_PassiveOpens": Known("TCP connections taken", "1", "counter"),
    "node_netstat_Tcp_CurrEstab": Known("TCP connections", "1"),
    "node_boot_time_seconds": Known("Booted at", "s"),
    "node_filefd_allocated": Known("Open files", "1"),
    "node_filefd_maximum": Known("Open files allowed", "1"),
    "unit_cpu_seconds_total": Known("CPU time of units", "s", "counter"),
    "unit_memory_bytes": Known("Memory of units", "By"),
    "unit_tasks": Known("Tasks of units", "1"),
    REFUSED: Known("Samples not taken", "1", "counter"),
    LEAD: Known("Sender's clock ahead of ours", "s"),
    BYTES: Known("Sample store", "By"),
    SAMPLES: Known("Samples kept", "1"),
    SEGMENTS: Known("Segments of the sample store", "1"),
    VOLUME: Known("Volume of the sample store", "By"),
    FREE: Known("Free on the sample store's volume", "By"),
    "unit_restarts_total": Known("Restarts of units", "1", "counter"),
    **{
        name: Known(f"CPU used, {part} of a day", "1")
        for name, part in zip(CPU_DAY, ("p50", "p95", "most"), strict=True)
    },
    **{
        name: Known(f"Memory used, {part} of a day", "1")
        for name, part in zip(MEMORY_DAY, ("p50", "p95", "most"), strict=True)
    },
    FILESYSTEM_DAY: Known("Filesystem used, most of a day", "1"),
    NETWORK_DAY: Known("Network, mean of a day", "By/s"),
}


def described(name: str) -> Known:
    """Return what is known of a metric; of a new one only what its name says by convention."""
    if name in KNOWN:
        return KNOWN[name]
    kind = "counter" if name.endswith("_total") else "gauge"
    stem = name.removesuffix("_total").removesuffix("_sum")
    unit = next((u for end, u in UNITS.items() if stem.endswith(end)), "")
    is_count = name.endswith(COUNTS) or name.startswith(COUNTED)
    return Known(name, unit or ("1" if is_count else ""), kind)


# The endings that Prometheus' naming convention gives to base units.
UNITS = {"_bytes": "By", "_seconds": "s", "_celsius": "Cel", "_hertz": "Hz", "_ratio": "1"}

# What ends so and names no unit is a number of things, by the same convention.
COUNTS = ("_total", "_count", "_bucket", "_info")
COUNTED = ("node_", "unit_")  # node_exporter names every unit but that of mere counts
