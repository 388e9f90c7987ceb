#!/usr/bin/env python3
"""Print what one Linux host is and how it fares, as one JSON object.

    probe.py --facts --samples          what the host is, and its counters now
    probe.py --root DIR --facts         the same of another root: an image, a recording
    probe.py --samples --push URL --token-file FILE
    PYTHONPATH=DIR python3 -m probe …   from a timer: Python keeps the compiled form, half the CPU

Standard library only, Python 3.6 or newer, so that it runs on any host without installing
anything, also from standard input (`ssh host python3 - --facts < probe.py`). It only reads;
the spool of `--push` is the one thing it writes. It never reads a process's environment, never
prints a password hash, and masks secrets in arguments.

A section that fails adds to `errors` and never ends the run. A reason starts with one word:
`permission`, `absent` (the host has no such thing), `time`, `cut` (a limit), `failed`.
With `--root` no program is run and no kernel is asked: files only, links resolved inside it.
Samples carry the names and units of node_exporter.
"""

import json
import os
import re
import stat
import sys
import time

FORMAT = 1
VERSION = "1.0"
SECONDS = 2.0  # the whole run; --seconds gives more to hosts whose package tool is slow
IMAGE_SECONDS = 60.0  # of `--root`: nobody works on that machine meanwhile
READING_SECONDS = 0.3  # of those, what programs may not use up
OUTPUT_BYTES = 5 * 1000 * 1000
SPOOL_BYTES = 50 * 1000 * 1000
ROWS = {"packages": 20000}
ROWS_OTHERWISE = 5000
TEXT_CHARACTERS = 1024
PROGRAM_BYTES = 4 * 1024 * 1024
PROGRAM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin"
MASK = "***"

# C0 and C1 controls, DEL, lone surrogates (undecodable bytes), and marks that reorder text.
UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
ESCAPE = re.compile("(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b\\][^\x07\x1b]*(?:\x07|\x1b\\\\)|\x1b.")
BLANKS = {9: " ", 10: " ", 13: " "}  # tab and line ends


class Unknown(Exception):
    """A section cannot be told; the message is the reason."""


# --- The host: files inside a root, programs, the clock of this run ---------------------------


class Host:
    """One root to read, with a time budget and the list of what could not be read."""

    def __init__(self, root="/", seconds=SECONDS, cloud=False, languages=False, sudo=False):
        self.root = os.path.realpath(root)
        self.is_live = self.root == "/"
        self.cloud = cloud
        self.languages = languages
        self.sudo = sudo
        self.errors = []
        self.section = ""
        self.programs = {}
        self.first_ticks = {}
        self.kept = {}
        self.started = time.time()
        self.ends = time.monotonic() + seconds

    def left(self):
        """Return the seconds this run may still take."""
        return self.ends - time.monotonic()

    def check_time(self):
        if self.left() <= 0:
            raise Unknown("time: the run's limit is spent")

    def note(self, reason):
        """Record why part of the present section is missing, each reason once."""
        error = {"section": self.section, "reason": clean(reason)}
        if error not in self.errors:
            self.errors.append(error)

    def once(self, key, make):
        """Return what `make` gave the first time: several sections share one reading."""
        if key not in self.kept:
            self.kept[key] = make(self)
        return self.kept[key]

    def path(self, path):
        """Return where `path` lies; links of another root are followed inside that root only."""
        if self.is_live:
            return path
        done, parts, hops = [], path.split("/")[::-1], 0
        while parts:
            part = parts.pop()
            if part in ("", "."):
                continue
            if part == "..":
                done = done[:-1]
                continue
            here = os.path.join(self.root, *([*done, part]))
            if not os.path.islink(here):
                done.append(part)
                continue
            hops += 1
            if hops > 40:
                raise OSError("too many links: " + path)
            target = os.readlink(here)
            if target.startswith("/"):
                done = []
            parts.extend(target.split("/")[::-1])
        return os.path.join(self.root, *done)

    def read(self, path, limit=1 << 20):
        """Return at most `limit` bytes of a regular file; devices and pipes are refused."""
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        handle = os.open(self.path(path), flags)
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise OSError("not a file: " + path)
            chunks, size = [], 0
            while size < limit:
                chunk = os.read(handle, min(65536, limit - size))
                if not chunk:
                    break
                chunks.append(chunk)
                size += len(chunk)
            return b"".join(chunks)
        finally:
            os.close(handle)

    def text(self, path, limit=1 << 20):
        return self.read(path, limit).decode("utf-8", "surrogateescape")

    def lines(self, path, limit=1 << 20):
        return self.text(path, limit).split("\n")

    def word(self, path):
        """Return a file's content stripped, or None when it cannot be read or is empty."""
        try:
            return self.text(path, 65536).strip(" \t\r\n\0") or None
        except (OSError, ValueError):
            return None

    def number(self, path):
        try:
            return int(self.word(path) or "")
        except ValueError:
            return None

    def names(self, path):
        """Return the sorted names in a folder; none when it cannot be listed."""
        try:
            return sorted(os.listdir(self.path(path)))
        except OSError:
            return []

    def files(self, folder, ending=""):
        """Return the paths of the regular files in a folder, links followed."""
        paths = [
            folder.rstrip("/") + "/" + name for name in self.names(folder) if name.endswith(ending)
        ]
        return [path for path in paths if self.is_file(path)]

    def stat(self, path):
        """Return the status of what `path` leads to, or None."""
        try:
            return os.stat(self.path(path))
        except (OSError, ValueError):
            return None

    def is_file(self, path):
        status = self.stat(path)
        return status is not None and stat.S_ISREG(status.st_mode)

    def is_folder(self, path):
        status = self.stat(path)
        return status is not None and stat.S_ISDIR(status.st_mode)

    def glob(self, pattern):
        """Return the paths that match; one `*` step at a time, inside the root."""
        found = [""]
        for step in pattern.strip("/").split("/"):
            if "*" not in step:
                found = [path + "/" + step for path in found]
                continue
            shape = re.compile(re.escape(step).replace("\\*", "[^/]*") + r"\Z")
            found = [
                path + "/" + name
                for path in found
                for name in self.names(path or "/")
                if shape.match(name)
            ]
        return [path for path in found[:500] if self.stat(path) is not None]

    # Programs are started all at once, so that their times overlap with our own reading.

    def start(self, name, arguments, as_nobody=False):
        """Start a program that only reads; `output(name)` collects it."""
        import subprocess

        program = find_program(arguments[0])
        if not self.is_live or program is None:
            return
        drop = drop_rights if as_nobody and os.geteuid() == 0 else None
        try:
            process = subprocess.Popen(
                [program, *arguments[1:]],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={"PATH": PROGRAM_PATH, "LC_ALL": "C", "TZ": "UTC"},
                cwd="/",
                preexec_fn=drop,
                start_new_session=True,
            )
        except OSError:
            return
        os.set_blocking(process.stdout.fileno(), False)
        self.programs[name] = (process, [])

    def output(self, name):
        """Return what a started program printed; raise Unknown when absent, slow or failed."""
        if name not in self.programs:
            raise Unknown("absent: no program for " + name)
        process, chunks = self.programs[name]
        if not drain(self, process, chunks):
            kill(process)
            raise Unknown("time: {} did not answer in time".format(name))
        text = b"".join(chunks).decode("utf-8", "surrogateescape")
        if process.wait() != 0 and not text:
            raise Unknown("failed: {} ended with status {}".format(name, process.returncode))
        return text

    def close(self):
        """End every program that is still running."""
        for process, _ in self.programs.values():
            kill(process)


def find_program(name):
    for folder in PROGRAM_PATH.split(":"):
        path = folder + "/" + name
        if os.access(path, os.X_OK):
            return path
    return None


def drop_rights():
    """Become nobody: a package tool run by root would refresh its cache on disk; nobody cannot."""
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)


def drain(host, process, chunks):
    """Read a program to its end; False when the time is spent or it prints too much."""
    import select

    size = sum(len(chunk) for chunk in chunks)
    handle = process.stdout.fileno()
    while size < PROGRAM_BYTES:
        ready, _, _ = select.select([handle], [], [], max(0.0, host.left() - READING_SECONDS))
        if not ready:
            return False
        chunk = os.read(handle, 65536)
        if not chunk:
            return True
        chunks.append(chunk)
        size += len(chunk)
    return False


def kill(process):
    """End a program; one that sudo made another user's ends by itself when its output is closed."""
    import signal

    if process.poll() is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        except PermissionError:
            process.returncode = -signal.SIGKILL
    process.stdout.close()


# --- Small readings every section uses --------------------------------------------------------


def clean(text):
    """Return text safe to print anywhere: no escapes, no undecodable bytes, limited length."""
    text = text[: 4 * TEXT_CHARACTERS]
    if "\x1b" in text or "\x9b" in text:
        text = ESCAPE.sub("", text)
    return UNPRINTABLE.sub("\ufffd", text.translate(BLANKS))[:TEXT_CHARACTERS]


def cleaned(value):
    """Return a value with every text in it cleaned."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(key): cleaned(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [cleaned(inner) for inner in value]
    if isinstance(value, int) and abs(value) >= 1 << 63:
        return None  # no counter and no column is that wide: a hostile file wrote it
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value


def whole(text):
    """Return a whole number, or None for what is none."""
    try:
        return int(text)
    except (TypeError, ValueError):
        return None


def settings(text):
    """Return KEY=value lines as a dict, quotes removed."""
    pairs = {}
    for line in text.split("\n"):
        key, equals, value = line.partition("=")
        if equals and not key.lstrip().startswith("#"):
            pairs[key.strip()] = value.strip().strip("\"'")
    return pairs


def natural(text):
    """Return a sort key that reads digits as numbers: 6.1.0-9 comes before 6.1.0-10."""
    return [
        (1, int(part), "") if part.isdigit() else (0, 0, part)
        for part in re.findall(r"\d+|\D+", text)
    ]


def seconds_of(stamp):
    """Return Unix seconds of systemd's `Tue 2026-11-24 00:00:00 UTC`, or None."""
    import calendar

    match = re.match(r"\w{3} (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(\.\d+)? UTC$", stamp or "")
    if not match:
        return None
    return calendar.timegm(time.strptime(match.group(1), "%Y-%m-%d %H:%M:%S")) + float(
        match.group(2) or 0
    )


SPANS = {
    "y": 31557600,
    "month": 2629800,
    "w": 604800,
    "d": 86400,
    "h": 3600,
    "min": 60,
    "s": 1,
    "ms": 1e-3,
    "us": 1e-6,
}


def span_of(words):
    """Return the seconds of systemd's `1d 2h 3min 4.5s`, or None."""
    parts = re.findall(r"([\d.]+)(month|min|ms|us|[ywdhs])\b", words or "")
    return sum(float(number) * SPANS[unit] for number, unit in parts) if parts else None


SECRET_NAME = (
    r"(?:pass(?:w(?:or)?d|phrase)?|pwd|secret|token|credential"
    r"|api[-_]?key|access[-_]?key|private[-_]?key)"
)
SECRET_PATTERNS = [
    (re.compile(r"(?i)(\b[a-z][a-z0-9+.-]*://[^/\s:@]*:)[^/\s@]+@"), r"\1" + MASK + "@"),
    (
        re.compile(
            r"(?i)([\w.-]*" + SECRET_NAME + r"[\w.-]*\s*[=:]\s*)(\"[^\"]*\"|'[^']*'|[^\s&;,]+)"
        ),
        r"\1" + MASK,
    ),
    (re.compile(r"(?i)(authorization:\s*\w+\s+|\bbearer\s+)\S+"), r"\1" + MASK),
    (
        re.compile(
            r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bgh[pousr]_\w{20,}|\bxox[abpr]-[\w-]{10,}|\bglpat-[\w-]{10,}"
        ),
        MASK,
    ),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"), MASK),
    (
        re.compile(
            r"(?<![\w/.-])[A-Fa-f0-9]{32,}(?![\w/.-])|(?<![\w/.+=-])(?=[\w+/]*\d)(?=[\w+/]*[A-Z])(?=[\w+/]*[a-z])[A-Za-z0-9+/]{40,}={0,2}"
        ),
        MASK,
    ),
]
SECRET_FLAG = re.compile(r"(?i)^--?[\w.-]*" + SECRET_NAME + r"[\w.-]*$")
GLUED_PASSWORD = re.compile(r"^(?:mysql\w*|mariadb\w*|sshpass|mongo\w*|7z\w*)$")


def masked(arguments):
    """Return a command line in which whatever looks like a secret is masked."""
    program = arguments[0].rsplit("/", 1)[-1] if arguments else ""
    words, hide = [], False
    for word in arguments:
        if hide:
            word = MASK
        hide = bool(SECRET_FLAG.match(word)) or (word in ("-u", "--user") and program == "curl")
        if GLUED_PASSWORD.match(program) and word.startswith("-p") and len(word) > 2:
            word = "-p" + MASK
        if program == "sshpass" and word == "-p":
            hide = True
        words.append(word)
    return mask_text(" ".join(words))


def mask_text(text):
    for pattern, instead in SECRET_PATTERNS:
        text = pattern.sub(instead, text)
    return text


def masked_line(command):
    """Mask a command written as one line, as in a timetable or a unit."""
    return masked(command.split(" "))


# --- Samples: counters with the names and units of node_exporter ------------------------------

CPU_MODES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
STAT_NAMES = {
    "ctxt": "node_context_switches_total",
    "btime": "node_boot_time_seconds",
    "processes": "node_forks_total",
    "procs_running": "node_procs_running",
    "procs_blocked": "node_procs_blocked",
    "intr": "node_intr_total",
}
MEMORY_NAMES = frozenset(
    "MemTotal MemFree MemAvailable Buffers Cached SwapCached Active Inactive SwapTotal SwapFree"
    " Dirty Writeback AnonPages Mapped Shmem Slab SReclaimable SUnreclaim KernelStack PageTables"
    " CommitLimit Committed_AS HugePages_Total HugePages_Free Hugepagesize".split()
)
VMSTAT_NAMES = frozenset("pgmajfault pgfault oom_kill pswpin pswpout pgpgin pgpgout".split())
NETWORK_NAMES = (
    "receive_bytes_total receive_packets_total receive_errs_total receive_drop_total"
    " receive_fifo_total receive_frame_total receive_compressed_total receive_multicast_total"
    " transmit_bytes_total transmit_packets_total transmit_errs_total transmit_drop_total"
    " transmit_fifo_total transmit_colls_total transmit_carrier_total transmit_compressed_total"
).split()
DISK_NAMES = (  # the columns of /proc/diskstats after the name, with what turns them into the unit
    ("reads_completed_total", 1),
    ("reads_merged_total", 1),
    ("read_bytes_total", 512),
    ("read_time_seconds_total", 1e-3),
    ("writes_completed_total", 1),
    ("writes_merged_total", 1),
    ("written_bytes_total", 512),
    ("write_time_seconds_total", 1e-3),
    ("io_now", 1),
    ("io_time_seconds_total", 1e-3),
    ("io_time_weighted_seconds_total", 1e-3),
)
PART_OF_DISK = re.compile(r"^(z?ram|loop|fd|(h|s|v|xv)d[a-z]+|nvme\d+n\d+p|mmcblk\d+p)\d+$")
NO_FILESYSTEM = frozenset(
    "autofs binfmt_misc bpf cgroup cgroup2 configfs debugfs devpts devtmpfs efivarfs fusectl"
    " hugetlbfs iso9660 mqueue nsfs overlay proc procfs pstore rpc_pipefs securityfs selinuxfs"
    " squashfs erofs sysfs tracefs".split()
)
NO_MOUNT = re.compile(
    r"^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)"
)
REMOTE_FILESYSTEM = re.compile(
    r"^(nfs\d?|cifs|smb\w*|ceph|glusterfs|lustre|9p|afs|ocfs2|gfs2|fuse\..*|davfs)$"
)
MOUNT_SECONDS = 0.3  # how long a network file system may take to answer before it counts as broken

_waiting = {}  # mount → thread that asks it: a mount that hangs is asked once, not every 15 s
_restarts = {"starts": None, "rows": []}


def collect_samples(root="/", errors=None):
    """Return the counters now as [name, labels, value]; a part that fails adds to `errors`."""
    return _samples_of(Host(root), errors if errors is not None else [])


def _samples_of(host, errors):
    rows, before = [], host.errors
    host.errors = errors
    for part in SAMPLE_PARTS:
        host.section = "samples." + part.__name__.split("_")[2]
        try:
            rows.extend(part(host))
        except FileNotFoundError as error:
            host.note("absent: {}".format(error.filename))
        except PermissionError:
            host.note("permission")
        except (OSError, ValueError, IndexError, KeyError) as error:
            host.note("failed: {}".format(error))
        except Unknown as unknown:
            host.note(str(unknown))
    host.errors = before
    return [[name, labels, value] for name, labels, value in rows]


def _sample_cpu(host):
    for line in host.text("/proc/stat").split("\n"):
        key, _, rest = line.partition(" ")
        if key in STAT_NAMES:
            yield STAT_NAMES[key], {}, int(rest.split(" ", 1)[0])
        elif key.startswith("cpu") and key != "cpu":
            for mode, ticks in zip(CPU_MODES, rest.split()):
                yield "node_cpu_seconds_total", {"cpu": key[3:], "mode": mode}, int(ticks) / TICKS


def _sample_memory(host):
    for line in host.text("/proc/meminfo").split("\n"):
        key, _, rest = line.partition(":")
        if key in MEMORY_NAMES:
            amount, _, unit = rest.strip().partition(" ")
            if unit == "kB":
                yield "node_memory_{}_bytes".format(key), {}, int(amount) * 1024
            else:
                yield "node_memory_" + key, {}, int(amount)


def _sample_load(host):
    load = host.text("/proc/loadavg").split()
    for name, value in zip(("node_load1", "node_load5", "node_load15"), load):
        yield name, {}, float(value)


def _sample_disk(host):
    for line in host.text("/proc/diskstats").split("\n"):
        words = line.split()
        if len(words) < 14 or PART_OF_DISK.match(words[2]):
            continue
        for (name, unit), value in zip(DISK_NAMES, words[3:]):
            yield "node_disk_" + name, {"device": words[2]}, int(value) * unit


def _sample_network(host):
    for line in host.text("/proc/net/dev").split("\n")[2:]:
        device, colon, rest = line.strip().rpartition(":")
        if not colon:
            continue
        labels = {"device": device}
        for name, value in zip(NETWORK_NAMES, rest.split()):
            yield "node_network_" + name, labels, int(value)
        folder = "/sys/class/net/{}/".format(device)
        state, speed = host.word(folder + "operstate"), host.number(folder + "speed")
        if state:
            yield "node_network_up", labels, int(state == "up")
        if speed is not None and speed > 0:
            yield "node_network_speed_bytes", labels, speed * 1000000 // 8


def _sample_filesystem(host):
    for mount, device, kind, options in mounts_of(host):
        if kind in NO_FILESYSTEM or NO_MOUNT.match(mount):
            continue
        labels = {"device": device, "fstype": kind, "mountpoint": mount}
        yield "node_filesystem_readonly", labels, int("ro" in options.split(","))
        if not host.is_live:
            continue
        size = space_of(mount, kind)
        yield "node_filesystem_device_error", labels, int(size is None)
        if size is None:
            continue
        yield "node_filesystem_size_bytes", labels, size.f_blocks * size.f_frsize
        yield "node_filesystem_free_bytes", labels, size.f_bfree * size.f_frsize
        yield "node_filesystem_avail_bytes", labels, size.f_bavail * size.f_frsize
        yield "node_filesystem_files", labels, size.f_files
        yield "node_filesystem_files_free", labels, size.f_ffree


def mounts_of(host):
    """Return (mount, device, type, options), the newest of each mount point."""
    try:
        text = host.text("/proc/1/mounts")
    except OSError:
        text = host.text("/proc/self/mounts")
    found = {}
    for line in text.split("\n"):
        words = [unquoted(word) for word in line.split(" ")]
        if len(words) >= 4:
            found[words[1]] = (words[1], words[0], words[2], words[3])
    return list(found.values())


def unquoted(word):
    r"""Return a path of the mount table with `\040` and the like read."""
    if "\\" not in word:
        return word
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8) & 255), word)


def space_of(mount, kind):
    """Return statvfs of a mount, or None when it fails or, for a network one, does not answer."""
    if not REMOTE_FILESYSTEM.match(kind):
        try:
            return os.statvfs(mount)
        except (OSError, ValueError):
            return None
    import threading

    if mount in _waiting and _waiting[mount].is_alive():
        return None
    answer = []
    thread = threading.Thread(target=ask_space, args=(mount, answer), daemon=True)
    _waiting[mount] = thread
    thread.start()
    thread.join(MOUNT_SECONDS)
    return answer[0] if answer else None


def ask_space(mount, answer):
    try:
        answer.append(os.statvfs(mount))
    except (OSError, ValueError):
        answer.append(None)


def _sample_pressure(host):
    for resource in ("cpu", "io", "memory"):
        for line in host.text("/proc/pressure/" + resource).split("\n"):
            share, _, rest = line.partition(" ")
            if not rest or (resource, share) == (
                "cpu",
                "full",
            ):  # node_exporter leaves it out: always 0
                continue
            name = "waiting" if share == "some" else "stalled"
            total = int(rest.rpartition("total=")[2])
            yield "node_pressure_{}_{}_seconds_total".format(resource, name), {}, total / 1e6


def _sample_vmstat(host):
    for line in host.text("/proc/vmstat").split("\n"):
        key, _, value = line.partition(" ")
        if key in VMSTAT_NAMES:
            yield "node_vmstat_" + key, {}, int(value)


def _sample_handles(host):
    allocated, _, maximum = host.text("/proc/sys/fs/file-nr").split()
    yield "node_filefd_allocated", {}, int(allocated)
    yield "node_filefd_maximum", {}, int(maximum)
    for name in ("entries", "entries_limit"):
        source = "count" if name == "entries" else "max"
        value = host.number("/proc/sys/net/netfilter/nf_conntrack_" + source)
        if value is not None:
            yield "node_nf_conntrack_" + name, {}, value


def _sample_tcp(host):
    lines = [
        line.split() for line in host.text("/proc/net/snmp").split("\n") if line.startswith("Tcp:")
    ]
    counters = dict(zip(lines[0], lines[1]))
    for name in ("RetransSegs", "InSegs", "OutSegs", "ActiveOpens", "PassiveOpens", "CurrEstab"):
        if name in counters:
            yield "node_netstat_Tcp_" + name, {}, int(counters[name])


def _sample_clock(host):
    yield "node_time_seconds", {}, round(time.time(), 3)
    if not host.is_live:
        return
    clock = kernel_clock()
    if clock is not None:
        yield "node_timex_offset_seconds", {}, clock[0]
        yield "node_timex_sync_status", {}, int(clock[1])
        yield "node_timex_maxerror_seconds", {}, clock[2]


def kernel_clock():
    """Return (offset seconds, is synchronised, largest error seconds) by adjtimex, or None."""
    try:
        import ctypes

        library = ctypes.CDLL(None, use_errno=True)
        call = library.adjtimex
    except (ImportError, OSError, AttributeError):
        return None
    longs = ctypes.sizeof(ctypes.c_long)
    room = ctypes.create_string_buffer(512)  # struct timex with modes = 0: the kernel only answers
    state = call(room)
    if state < 0:
        return None

    def field(slot):
        return ctypes.c_long.from_buffer(room, slot * longs).value

    status = ctypes.c_int.from_buffer(room, 5 * longs).value
    unit = 1e-9 if status & 0x2000 else 1e-6  # STA_NANO
    return (
        field(1) * unit,
        state != 5 and not status & 0x40,
        field(3) * 1e-6,
    )  # TIME_ERROR, STA_UNSYNC


def _sample_units(host):
    base = cgroup_base(host)
    if base is None:
        raise Unknown("absent: no systemd units in cgroup v2")
    starts = []
    for unit, folder in sorted(unit_folders(host, base).items()):
        labels = {"unit": unit}
        used = re.search(r"usage_usec (\d+)", host.word(folder + "/cpu.stat") or "")
        if used:
            yield "unit_cpu_seconds_total", labels, int(used.group(1)) / 1e6
        for name, source in (
            ("unit_memory_bytes", "memory.current"),
            ("unit_tasks", "pids.current"),
        ):
            value = host.number(folder + "/" + source)
            if value is not None:
                yield name, labels, value
        starts.append((unit, invocation(host, unit)))
    for unit, count in restarts_of(host, starts):
        yield "unit_restarts_total", {"unit": unit}, count


def cgroup_base(host):
    for base in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified"):
        if host.is_folder(base + "/system.slice"):
            return base
    return None


def unit_folders(host, base):
    """Return service → folder below system.slice, at most 1,000."""
    found, slices = {}, [base + "/system.slice"]
    while slices and len(found) < 1000:
        folder = slices.pop()
        for name in host.names(folder):
            if name.endswith(".service"):
                found[name] = folder + "/" + name
            elif name.endswith(".slice"):
                slices.append(folder + "/" + name)
    return found


def invocation(host, unit):
    """Return systemd's id of the present start of a unit: another id means another start."""
    try:
        return os.readlink(host.path("/run/systemd/units/invocation:" + unit))
    except OSError:
        return None


def restarts_of(host, starts):
    """Return (unit, restarts); systemctl is only asked when some unit has started anew."""
    if not host.is_live or not host.is_folder("/run/systemd/system"):
        return []
    if _restarts["starts"] != starts:
        host.start(
            "restarts", ["systemctl", "show", "--no-pager", "--property=Id,NRestarts", "*.service"]
        )
        blocks = [settings(block) for block in host.output("restarts").split("\n\n")]
        rows = [(block["Id"], whole(block.get("NRestarts"))) for block in blocks if "Id" in block]
        _restarts["rows"] = [(unit, count) for unit, count in rows if count is not None]
        _restarts["starts"] = starts
        host.close()
    return _restarts["rows"]


SAMPLE_PARTS = (
    _sample_cpu,
    _sample_memory,
    _sample_load,
    _sample_disk,
    _sample_network,
    _sample_filesystem,
    _sample_pressure,
    _sample_vmstat,
    _sample_handles,
    _sample_tcp,
    _sample_clock,
    _sample_units,
)
TICKS = os.sysconf("SC_CLK_TCK")


# --- Facts: identity, system, hardware --------------------------------------------------------


def facts_identity(host):
    hostname = host.word("/proc/sys/kernel/hostname") or host.word("/etc/hostname") or ""
    booted = (
        re.search(r"^btime (\d+)", host.text("/proc/stat"), re.M)
        if host.stat("/proc/stat")
        else None
    )
    firmware = "/sys/class/dmi/id/"
    if (
        host.is_live
        and host.stat(firmware + "product_uuid")
        and host.word(firmware + "product_uuid") is None
    ):
        host.note("permission: system_uuid and serial")
    return {
        "hostname": hostname,
        "fqdn": full_name(host, hostname),
        "machine_id": host.word("/etc/machine-id") or host.word("/var/lib/dbus/machine-id"),
        "boot_id": host.word("/proc/sys/kernel/random/boot_id"),
        "booted_at": float(booted.group(1)) if booted else None,
        "system_uuid": host.word(firmware + "product_uuid"),
        "serial": host.word(firmware + "product_serial"),
        "vendor": host.word(firmware + "sys_vendor"),
        "product": host.word(firmware + "product_name"),
        "virtualization": virtualization(host),
        "cloud": cloud_of(host),
    }


def full_name(host, hostname):
    """Return the name with its domain as /etc/hosts says it: no name server is asked."""
    if "." in hostname:
        return hostname
    for line in (host.word("/etc/hosts") or "").split("\n"):
        names = line.partition("#")[0].split()[1:]
        if hostname in names:
            return next((name for name in names if name.startswith(hostname + ".")), None)
    return None


CONTAINER_MARKS = (
    ("docker", "docker"),
    ("kubepods", "docker"),
    ("libpod", "podman"),
    ("lxc", "lxc"),
)
VENDORS = (
    ("vmware", "vmware"),
    ("qemu", "kvm"),
    ("kvm", "kvm"),
    ("amazon ec2", "kvm"),
    ("google", "kvm"),
    ("openstack", "kvm"),
    ("digitalocean", "kvm"),
    ("hetzner", "kvm"),
    ("xen", "xen"),
    ("innotek", "virtualbox"),
    ("microsoft corporation virtual", "hyperv"),
)


def virtualization(host):
    """Return what the host runs on: a container's name first, then a hypervisor's, else `none`."""
    if host.stat("/.dockerenv"):
        return "docker"
    if host.stat("/run/.containerenv"):
        return "podman"
    container = host.word("/run/systemd/container")
    if container:
        return container
    control = host.word("/proc/1/cgroup") or ""
    for mark, name in CONTAINER_MARKS:
        if "/" + mark in control:
            return name
    firmware = "/sys/class/dmi/id/"
    maker = " ".join(
        host.word(firmware + name) or "" for name in ("sys_vendor", "product_name")
    ).lower()
    for mark, name in VENDORS:
        if mark in maker:
            return name
    if host.word("/sys/hypervisor/type") == "xen":
        return "xen"
    is_guest = re.search(r"^flags\s*:.*\bhypervisor\b", host.word("/proc/cpuinfo") or "", re.M)
    return "unknown" if is_guest else "none"


CLOUDS = (
    ("amazon", "aws"),
    ("google", "gcp"),
    ("microsoft", "azure"),
    ("digitalocean", "digitalocean"),
    ("hetzner", "hetzner"),
    ("openstack", "openstack"),
    ("alibaba", "alibaba"),
)
METADATA = "169.254.169.254"  # link-local: never leaves the machine it runs on


def cloud_of(host):
    """Return the provider and the instance's id: by firmware, or when `--cloud` allows a question.

    AWS writes the id into the firmware of every Nitro instance.
    """
    firmware = "/sys/class/dmi/id/"
    maker = " ".join(
        host.word(firmware + name) or "" for name in ("sys_vendor", "bios_vendor")
    ).lower()
    provider = next((name for mark, name in CLOUDS if mark in maker), None)
    if (
        provider == "azure"
        and host.word(firmware + "chassis_asset_tag") != "7783-7084-3265-9085-8269-3286-77"
    ):
        provider = None  # Hyper-V on somebody's own machine has the same vendor
    if provider is None:
        return None
    tag = host.word(firmware + "board_asset_tag") or ""
    instance = tag if provider == "aws" and re.match(r"i-[0-9a-f]{8,17}$", tag) else None
    if instance is None and host.cloud and host.is_live:
        instance = ask_cloud(host, provider)
    return {"provider": provider, "instance_id": instance}


def ask_cloud(host, provider):
    import http.client

    headers, path = {}, "/latest/meta-data/instance-id"
    try:
        if provider == "aws":
            seconds = {"X-aws-ec2-metadata-token-ttl-seconds": "60"}
            headers = {
                "X-aws-ec2-metadata-token": metadata(
                    http.client, "PUT", "/latest/api/token", seconds
                )
            }
        elif provider == "gcp":
            headers, path = {"Metadata-Flavor": "Google"}, "/computeMetadata/v1/instance/id"
        elif provider == "azure":
            headers = {"Metadata": "true"}
            path = "/metadata/instance/compute/vmId?api-version=2021-02-01&format=text"
        elif provider == "digitalocean":
            path = "/metadata/v1/id"
        return metadata(http.client, "GET", path, headers)
    except (OSError, http.client.HTTPException) as error:
        host.note("failed: the cloud's metadata: {}".format(error))
        return None


def metadata(client, verb, path, headers):
    connection = client.HTTPConnection(METADATA, timeout=0.3)
    try:
        connection.request(verb, path, headers=headers)
        answer = connection.getresponse()
        text = answer.read(4096).decode("ascii", "replace").strip()
        if answer.status != 200:
            raise OSError("status {}".format(answer.status))
        return text
    finally:
        connection.close()


def facts_os(host):
    release = settings(host.word("/etc/os-release") or host.word("/usr/lib/os-release") or "")
    clock = kernel_clock() if host.is_live else None
    machine = os.uname().machine if host.is_live else None
    return {
        "id": release.get("ID"),
        "version_id": release.get("VERSION_ID") or host.word("/etc/debian_version"),
        "name": release.get("PRETTY_NAME") or release.get("NAME"),
        "codename": release.get("VERSION_CODENAME"),
        "kernel": running_kernel(host),
        "architecture": machine or architecture_by_files(host),
        "libc": libc_of(host),
        "installed_kernels": installed_kernels(host),
        "time_zone": time_zone(host),
        "time_synchronised": clock[1] if clock else None,
        "time_offset_seconds": clock[0] if clock else None,
    }


def running_kernel(host):
    if host.is_live:
        return os.uname().release
    return host.word("/proc/sys/kernel/osrelease")


def architecture_by_files(host):
    """Return the architecture by the dynamic loader's name: the kernel asked would be ours."""
    for name in host.names("/lib64") + host.names("/lib"):
        match = re.match(r"ld-(?:linux|musl)-(\w+)|ld-(?:linux)-(aarch64|armhf)", name)
        if match:
            return (match.group(1) or match.group(2)).replace("x86-64", "x86_64")
    return "x86_64" if "ld-linux-x86-64.so.2" in host.names("/lib64") else None


def libc_of(host):
    for name in host.names("/lib"):
        if name.startswith("ld-musl"):
            return "musl"
    if host.is_live:
        try:
            return os.confstr("CS_GNU_LIBC_VERSION")
        except (OSError, ValueError):
            return None
    return None


def installed_kernels(host):
    """Return kernel releases found in /boot, else in /lib/modules, oldest first."""
    found = {name[8:] for name in host.names("/boot") if re.match(r"vmlinuz-\d", name)}
    if not found:
        found = {name for name in host.names("/lib/modules") if re.match(r"\d", name)}
    return sorted((name for name in found if "rescue" not in name), key=natural)


def time_zone(host):
    try:
        target = os.readlink(host.path("/etc") + "/localtime")
        if "zoneinfo/" in target:
            return target.partition("zoneinfo/")[2]
    except OSError:
        pass  # a plain file, or none: the name may still stand beside it
    return host.word("/etc/timezone")


def facts_hardware(host):
    processors = host.text("/proc/cpuinfo", 4 << 20) if host.stat("/proc/cpuinfo") else ""
    model = re.search(r"^(?:model name|Model|cpu model)\s*:\s*(.+)$", processors, re.M)
    packages = set(re.findall(r"^physical id\s*:\s*(\d+)", processors, re.M))
    threads = len(re.findall(r"^processor\s*:", processors, re.M))
    per_package = re.search(r"^cpu cores\s*:\s*(\d+)", processors, re.M)
    total = re.search(r"^MemTotal:\s*(\d+) kB", host.word("/proc/meminfo") or "", re.M)
    sockets = len(packages) or (1 if threads else None)
    return {
        "cpu_model": model.group(1).strip() if model else None,
        "sockets": sockets,
        "cores": int(per_package.group(1)) * sockets if per_package and sockets else None,
        "threads": threads or None,
        "memory_bytes": int(total.group(1)) * 1024 if total else None,
        "bios_date": host.word("/sys/class/dmi/id/bios_date"),
        "disks": [disk_of(host, name) for name in disk_names(host)],
        "raid": raids(host),
        "sensors": sensors(host),
    }


def disk_names(host):
    names = [
        name
        for name in host.names("/sys/block")
        if not re.match(r"(loop|ram|zram|sr|fd|dm-|md|nbd)\d*", name)
    ]
    return [name for name in names if host.number("/sys/block/{}/size".format(name))]


def disk_of(host, name):
    folder = "/sys/block/{}/".format(name)
    rotational = host.number(folder + "queue/rotational")
    return {
        "name": name,
        "size_bytes": (host.number(folder + "size") or 0) * 512,
        "rotational": None if rotational is None else bool(rotational),
        "model": host.word(folder + "device/model"),
        "serial": host.word(folder + "device/serial") or serial_of_page(host, folder),
        "health": health_of(host, name),
    }


def serial_of_page(host, folder):
    """Return a SCSI disk's serial from vital product data page 0x80: four bytes, then the text."""
    try:
        return (
            host.read(folder + "device/vpd_pg80", 256)[4:].decode("ascii", "replace").strip("\0 ")
            or None
        )
    except OSError:
        return None


def health_of(host, name):
    """Return what the disk says of itself through smartctl; needs root and the program."""
    if "smart " + name not in host.programs:
        return None
    try:
        told = json.loads(host.output("smart " + name))
    except (Unknown, ValueError) as error:
        host.note("failed: health of {}: {}".format(name, error))
        return None
    raw = {
        row.get("id"): row.get("raw", {}).get("value")
        for row in told.get("ata_smart_attributes", {}).get("table", [])
    }
    memory = told.get("nvme_smart_health_information_log", {})
    return {
        "passed": told.get("smart_status", {}).get("passed"),
        "reallocated_sectors": raw.get(5),
        "pending_sectors": raw.get(197),
        "spare_percent": memory.get("available_spare"),
        "spare_threshold_percent": memory.get("available_spare_threshold"),
        "used_percent": memory.get("percentage_used"),
    }


def raids(host):
    """Return the software arrays of /proc/mdstat."""
    found = []
    for block in re.split(r"\n(?=md)", host.word("/proc/mdstat") or ""):
        head = re.match(
            r"(md\S*) : (\w+)(?: \([\w-]+\))? ?(raid\d+|linear|multipath)? ?(.*)", block
        )
        if head is None:
            continue
        members = re.search(r"\[(\d+)/(\d+)\] \[([U_]+)\]", block)
        action = re.search(r"(recovery|resync|reshape|check)\s*=\s*([\d.]+)%", block)
        found.append(
            {
                "name": head.group(1),
                "level": head.group(3),
                "state": head.group(2),
                "devices": [word.partition("[")[0] for word in head.group(4).split()],
                "failed": len(re.findall(r"\(F\)", head.group(4))),
                "is_degraded": bool(members and "_" in members.group(3)),
                "action": action.group(1) if action else None,
            }
        )
    return found


def sensors(host):
    found = []
    for chip in host.glob("/sys/class/hwmon/hwmon*")[:50]:
        for name in host.names(chip):
            value = host.number(chip + "/" + name) if re.match(r"temp\d+_input$", name) else None
            if value is not None:
                label = host.word(chip + "/" + name.replace("_input", "_label"))
                found.append(
                    {
                        "chip": host.word(chip + "/name"),
                        "label": label or name[:-6],
                        "celsius": value / 1000.0,
                    }
                )
    return found


# --- Facts: storage, network ------------------------------------------------------------------


def facts_filesystems(host):
    wanted = fstab(host)
    rows = []
    for mount, device, kind, options in mounts_of(host):
        is_special = kind in NO_FILESYSTEM or NO_MOUNT.match(mount)
        if is_special and mount not in ("/dev/shm", "/"):
            continue
        space = space_of(mount, kind) if host.is_live else None
        rows.append(
            {
                "mount": mount,
                "device": device,
                "type": kind,
                "options": options,
                "size_bytes": space.f_blocks * space.f_frsize if space else None,
                "used_bytes": (space.f_blocks - space.f_bfree) * space.f_frsize if space else None,
                "available_bytes": space.f_bavail * space.f_frsize if space else None,
                "inodes": space.f_files if space else None,
                "inodes_used": space.f_files - space.f_ffree if space else None,
                "is_read_only": "ro" in options.split(","),
                "options_wanted": wanted.get(mount),
            }
        )
    return rows


def fstab(host):
    """Return mount → options as written for boot: tells a remount from an intention."""
    wanted = {}
    for line in (host.word("/etc/fstab") or "").split("\n"):
        words = line.partition("#")[0].split()
        if len(words) >= 4:
            wanted[unquoted(words[1])] = words[3]
    return wanted


def facts_interfaces(host):
    known = (
        host.once("netlink addresses", netlink_addresses)
        if host.is_live
        else addresses_by_files(host)
    )
    rows = []
    for name in host.names("/sys/class/net"):
        folder = "/sys/class/net/{}/".format(name)
        if not host.is_folder(folder):
            continue
        speed = host.number(folder + "speed")
        rows.append(
            {
                "name": name,
                "mac": host.word(folder + "address"),
                "mtu": host.number(folder + "mtu"),
                "state": host.word(folder + "operstate"),
                "speed_bits_per_second": speed * 1000000
                if speed is not None and speed > 0
                else None,
                "addresses": known.get(name, []),
                "master": link_name(host, folder + "master"),
                "is_virtual": host.stat(folder + "device") is None,
            }
        )
    return rows


def link_name(host, path):
    folder, _, name = path.rpartition("/")
    try:
        return os.path.basename(os.readlink(host.path(folder) + "/" + name))
    except OSError:
        return None


def addresses_by_files(host):
    """Return device → IPv6 addresses: the only ones /proc names with their device."""
    import socket

    found = {}
    for line in (host.word("/proc/net/if_inet6") or "").split("\n"):
        words = line.split()
        if len(words) == 6:
            address = socket.inet_ntop(socket.AF_INET6, bytes.fromhex(words[0]))
            found.setdefault(words[5], []).append("{}/{}".format(address, int(words[2], 16)))
    return found


def netlink(request, family=0):
    """Yield the payloads of a netlink dump: the kernel's own list, no program needed."""
    import socket
    import struct

    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as channel:
        channel.settimeout(1.0)
        channel.bind((0, 0))
        body = struct.pack("=Bxxx12x", family)
        channel.send(struct.pack("=IHHII", 16 + len(body), request, 0x301, 1, 0) + body)
        while True:
            data = channel.recv(65536)
            while len(data) >= 16:
                length, kind = struct.unpack_from("=IH", data)
                if kind in (2, 3) or length < 16:  # error, done
                    return
                yield data[16:length]
                data = data[(length + 3) & ~3 :]


def attributes(data):
    """Return type → bytes of a run of netlink attributes."""
    import struct

    found = {}
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        if length < 4:
            break
        found[kind & 0x3FFF] = data[4:length]
        data = data[(length + 3) & ~3 :]
    return found


def netlink_addresses(host):
    import socket
    import struct

    found = {}
    for payload in netlink(22):  # RTM_GETADDR
        family, prefix, _, _, index = struct.unpack_from("=BBBBI", payload)
        parts = attributes(payload[8:])
        raw = parts.get(2) or parts.get(1)  # local, else address
        if raw and len(raw) in (4, 16):
            text = "{}/{}".format(socket.inet_ntop(family, raw), prefix)
            found.setdefault(device_name(socket, index), []).append(text)
    return found


def device_name(socket, index):
    try:
        return socket.if_indextoname(index)
    except OSError:
        return str(index)


def facts_neighbours(host):
    if not host.is_live:
        return neighbours_by_file(host)
    import socket
    import struct

    rows = []
    for payload in netlink(30):  # RTM_GETNEIGH
        family, index, state = struct.unpack_from("=Bxxxi H", payload)
        parts = attributes(payload[12:])
        address, mac = parts.get(1), parts.get(2)
        is_useful = state & 0x9E and family in (
            socket.AF_INET,
            socket.AF_INET6,
        )  # not failed, noarp, incomplete
        if is_useful and address and mac and any(mac):
            rows.append(
                {
                    "address": socket.inet_ntop(family, address),
                    "mac": ":".join("%02x" % byte for byte in mac),
                    "device": device_name(socket, index),
                }
            )
    return rows


def neighbours_by_file(host):
    rows = [line.split() for line in host.lines("/proc/net/arp")[1:]]
    return [
        {"address": row[0], "mac": row[3], "device": row[5]}
        for row in rows
        if len(row) == 6 and row[3] != "00:00:00:00:00:00"
    ]


def facts_routes(host):
    import socket

    rows = []
    for line in host.lines("/proc/net/route")[1:]:
        words = line.split()
        if len(words) >= 8 and int(words[3], 16) & 1:  # up
            mask = bin(int(words[7], 16)).count("1")
            gateway = little_endian(words[2])
            rows.append(
                {
                    "prefix": "{}/{}".format(little_endian(words[1]), mask),
                    "device": words[0],
                    "via": None if gateway == "0.0.0.0" else gateway,
                    "metric": int(words[6]),
                }
            )
    for line in (host.word("/proc/net/ipv6_route") or "").split("\n"):
        words = line.split()
        if len(words) != 10 or words[9] == "lo" or words[0].startswith("ff"):
            continue
        prefix, via = (
            socket.inet_ntop(socket.AF_INET6, bytes.fromhex(words[slot])) for slot in (0, 4)
        )
        rows.append(
            {
                "prefix": "{}/{}".format(prefix, int(words[1], 16)),
                "device": words[9],
                "via": None if via == "::" else via,
                "metric": int(words[5], 16),
            }
        )
    return rows


def little_endian(word):
    return ".".join(str(byte) for byte in bytes.fromhex(word)[::-1])


LISTENING = (("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07"))


def facts_listeners(host):
    return host.once("listeners", listeners)


def listeners(host):
    sockets = {}
    for table, state in LISTENING:
        for line in (
            host.text("/proc/net/" + table, 8 << 20) if host.stat("/proc/net/" + table) else ""
        ).split("\n")[1:]:
            words = line.split()
            if len(words) >= 10 and words[3] == state:
                address, _, port = words[1].rpartition(":")
                sockets[words[9]] = (table[:3], kernel_address(address), int(port, 16), words[7])
    owners = socket_owners(host, set(sockets))
    if any(inode not in owners for inode in sockets) and os.geteuid() != 0:
        host.note("permission: processes of other users")
    names = user_names(host)
    rows = []
    for inode, (transport, address, port, uid) in sockets.items():
        pid = owners.get(inode)
        rows.append(
            {
                "transport": transport,
                "address": address,
                "port": port,
                "pid": pid,
                "command": host.word("/proc/{}/comm".format(pid)) if pid else None,
                "unit": unit_of(host, pid) if pid else None,
                "user": names.get(int(uid), uid),
            }
        )
    return sorted(rows, key=lambda row: (row["transport"], row["port"], row["address"]))


def kernel_address(word):
    """Return an address as /proc/net writes it: hex of 32-bit words in the host's byte order."""
    import socket

    raw = bytes.fromhex(word)
    if sys.byteorder == "little":
        raw = b"".join(raw[slot : slot + 4][::-1] for slot in range(0, len(raw), 4))
    return socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw)


def socket_owners(host, wanted):
    """Return inode → lowest pid that holds it: the process that opened it, not its children."""
    owners = {}
    for pid in pids(host):
        host.check_time()
        folder = "/proc/{}/fd".format(pid)
        for name in host.names(folder):
            try:
                target = os.readlink(host.path(folder) + "/" + name)
            except OSError:
                continue
            inode = target[8:-1] if target.startswith("socket:[") else None
            if inode in wanted and inode not in owners:
                owners[inode] = pid
    return owners


def pids(host):
    return sorted(int(name) for name in host.names("/proc") if name.isdigit())


def unit_of(host, pid):
    """Return the systemd unit a process belongs to, by its control group."""
    for line in (host.word("/proc/{}/cgroup".format(pid)) or "").split("\n"):
        for part in reversed(line.rpartition(":")[2].split("/")):
            if part.endswith((".service", ".scope", ".socket", ".mount")):
                return part
    return None


DATABASE_PROGRAMS = {
    "postgres": "postgresql",
    "postmaster": "postgresql",
    "mysqld": "mysql",
    "mariadbd": "mariadb",
    "mongod": "mongodb",
    "mongos": "mongodb",
    "redis-server": "redis",
    "valkey-server": "redis",
    "memcached": "memcached",
    "clickhouse-serv": "clickhouse",
    "clickhouse": "clickhouse",
    "tnslsnr": "oracle",
    "sqlservr": "sqlserver",
    "influxd": "influxdb",
    "etcd": "etcd",
    "cockroach": "cockroachdb",
    "slapd": "ldap",
}
DATABASE_PORTS = {
    5432: "postgresql",
    3306: "mysql",
    27017: "mongodb",
    6379: "redis",
    11211: "memcached",
    9200: "elasticsearch",
    9042: "cassandra",
    1521: "oracle",
    1433: "sqlserver",
    8086: "influxdb",
    5984: "couchdb",
    2379: "etcd",
    26257: "cockroachdb",
    50000: "db2",
}


def facts_databases(host):
    rows = []
    for row in host.once("listeners", listeners):
        by_name = DATABASE_PROGRAMS.get((row["command"] or "").lower())
        kind = by_name or DATABASE_PORTS.get(row["port"])
        if kind and row["transport"] == "tcp":
            rows.append(
                {
                    "kind": kind,
                    "address": row["address"],
                    "port": row["port"],
                    "pid": row["pid"],
                    "unit": row["unit"],
                    "user": row["user"],
                    "is_certain": by_name is not None,
                }
            )
    return rows


# --- Facts: packages and what waits for them --------------------------------------------------


def facts_packages(host):
    rows = deb_packages(host) + rpm_packages(host) + apk_packages(host)
    if host.languages:
        rows += pip_packages(host)
    if not rows:
        raise Unknown("absent: no package database of dpkg, rpm or apk")
    return rows


def package(manager, name, version, architecture, source=None, source_version=None, state=None):
    return {
        "manager": manager,
        "name": name,
        "version": version,
        "architecture": architecture,
        "source": source or name,
        "source_version": source_version or version,
        "state": state or "installed",
    }


def deb_packages(host):
    """Read dpkg's status file; images without dpkg keep one file per package in status.d."""
    return host.once("deb packages", read_deb_packages)


def read_deb_packages(host):
    texts = [host.text("/var/lib/dpkg/status", 64 << 20)] if host.stat(DPKG_STATUS) else []
    texts += [host.text(path) for path in host.files("/var/lib/dpkg/status.d")]
    rows = []
    for block in "\n\n".join(texts).split("\n\n"):
        fields = dict(DEB_FIELD.findall(block))
        if "Package" not in fields or "Version" not in fields:
            continue
        want, _, state = ([*fields.get("Status", "install ok installed").split(), "", "", ""])[:3]
        source = re.match(r"(\S+)(?: \((.+)\))?", fields.get("Source", ""))
        name, source_version = source.groups() if source else (None, None)
        rows.append(
            package(
                "deb",
                fields["Package"],
                fields["Version"],
                fields.get("Architecture"),
                name,
                source_version,
                "held" if want == "hold" else state,
            )
        )
    return rows


DPKG_STATUS = "/var/lib/dpkg/status"
DEB_FIELD = re.compile(r"^(Package|Status|Version|Architecture|Source): (.+)$", re.M)
RPM_FORMAT = r"%{NAME}\t%{EPOCH}\t%{VERSION}\t%{RELEASE}\t%{ARCH}\t%{SOURCERPM}\n"
RPM_DATABASE = "/var/lib/rpm/rpmdb.sqlite"
RPM_FOLDERS = ("/var/lib/rpm/", "/usr/lib/sysimage/rpm/")


def rpm_packages(host):
    folder = next((path for path in RPM_FOLDERS if host.names(path)), None)
    if folder is None:
        return []
    if "rpm" in host.programs:
        lines = [line.split("\t") for line in host.output("rpm").split("\n")]
    elif host.stat(folder + "rpmdb.sqlite"):
        lines = rpm_headers(host.path(folder + "rpmdb.sqlite"))
    else:
        raise Unknown("absent: no rpm program, and an rpm database that only it can read")
    return [rpm_package(*line) for line in lines if len(line) == 6 and line[0] != "gpg-pubkey"]


def rpm_package(name, epoch, version, release, architecture, source):
    number = version + "-" + release
    match = re.match(r"(.+)-([^-]+-[^-]+)\.(?:no)?src\.rpm$", source)
    if epoch not in ("", "0", "(none)"):
        number = epoch + ":" + number
    names = match.groups() if match else (None, None)
    return package("rpm", name, number, architecture, *names)


def rpm_headers(path):
    """Yield the fields of RPM_FORMAT from rpm's SQLite database: images have no rpm to run."""
    import sqlite3

    connection = sqlite3.connect("file:{}?mode=ro&immutable=1".format(path), uri=True)
    try:
        for (blob,) in connection.execute("SELECT blob FROM Packages"):
            fields = rpm_header(blob)
            yield [fields.get(tag, "") for tag in (1000, 1003, 1001, 1002, 1022, 1044)]
    except sqlite3.Error as error:
        raise Unknown("failed: {}".format(error))
    finally:
        connection.close()


def rpm_header(blob):
    """Return tag → text of one header: index of (tag, type, offset, count), then the values."""
    import struct

    entries, _ = struct.unpack_from(">II", blob)
    values = 8 + 16 * entries
    fields = {}
    for slot in range(min(entries, 1000)):
        tag, kind, offset, _ = struct.unpack_from(">IIII", blob, 8 + 16 * slot)
        if kind == 4:  # 32-bit number
            fields[tag] = str(struct.unpack_from(">I", blob, values + offset)[0])
        elif kind in (6, 9):  # text
            end = blob.index(b"\0", values + offset)
            fields[tag] = blob[values + offset : end].decode("utf-8", "surrogateescape")
    return fields


def apk_packages(host):
    rows = []
    path = next((path for path in APK_DATABASES if host.stat(path)), None)
    for block in (host.text(path, 64 << 20) if path else "").split("\n\n"):
        fields = dict(re.findall(r"^([PVAo]):(.+)$", block, re.M))
        if "P" in fields and "V" in fields:
            rows.append(package("apk", fields["P"], fields["V"], fields.get("A"), fields.get("o")))
    return rows


APK_DATABASES = ("/lib/apk/db/installed", "/usr/lib/apk/db/installed")
PYTHON_FOLDERS = (
    "/usr/lib/python3*/dist-packages",
    "/usr/lib/python3*/site-packages",
    "/usr/local/lib/python3*/dist-packages",
    "/usr/local/lib/python3*/site-packages",
    "/opt/*/lib/python3*/site-packages",
    "/srv/*/lib/python3*/site-packages",
)


def pip_packages(host):
    """Return Python distributions of the host's usual places, by their folder's name."""
    found = set()
    for folder in PYTHON_FOLDERS:
        for place in host.glob(folder):
            for name in host.names(place):
                match = re.match(r"(.+)-(\d[^-]*)\.(?:dist|egg)-info$", name)
                if match:
                    found.add((match.group(1).replace("_", "-").lower(), match.group(2)))
    return [package("pip", name, version, None) for name, version in sorted(found)]


def facts_updates(host):
    """Return the updates the local package lists offer, and how old those lists are."""
    if host.is_folder("/var/lib/apt/lists"):
        stamps, rows = APT_STAMPS, apt_updates(host)
    elif host.is_folder("/var/cache/dnf"):
        stamps, rows = host.glob("/var/cache/dnf/*/repodata/repomd.xml"), dnf_updates(host)
    elif host.is_folder("/etc/apk"):
        stamps, rows = host.glob("/var/cache/apk/APKINDEX.*"), apk_updates(host)
    else:
        raise Unknown("absent: no package lists")
    changed = [status.st_mtime for status in map(host.stat, stamps) if status is not None]
    if not changed:
        raise Unknown("absent: the package lists were never fetched")
    return {"age_seconds": round(max(0.0, host.started - max(changed)), 1), "rows": rows}


APT_STAMPS = (  # the list files themselves carry the repository's time, not ours
    "/var/lib/apt/periodic/update-success-stamp",
    "/var/lib/apt/lists/partial",
    "/var/lib/apt/lists",
)
UPGRADABLE = re.compile(r"^([^/\s]+)/(\S+) (\S+) (\S+) \[upgradable from: ([^\]]+)\]$", re.M)


def update(manager, name, installed, candidate, architecture, origin, is_security):
    return {
        "manager": manager,
        "name": name,
        "installed": installed,
        "candidate": candidate,
        "architecture": architecture,
        "origin": origin,
        "is_security": is_security,
    }


def apt_updates(host):
    lists = [name for name in host.names("/var/lib/apt/lists") if "_Packages" in name]
    if not lists:
        raise Unknown("absent: the package lists were never fetched")
    if not host.is_live:
        return apt_updates_by_files(host, lists)
    return [
        update("deb", name, old, new, architecture, suites, "-security" in suites)
        for name, suites, new, architecture, old in UPGRADABLE.findall(host.output("apt"))
    ]


def apt_updates_by_files(host, lists):
    """Compare dpkg's status with the lists of an image; pins and phases are not considered."""
    wanted = {
        (row["name"], row["architecture"]): row["version"]
        for row in deb_packages(host)
        if row["state"] == "installed"
    }
    best = {}
    for name in lists:
        suite = name.partition("_dists_")[2].partition("_")[0] or name
        for fields in apt_stanzas(host, "/var/lib/apt/lists/" + name):
            key = (fields.get("Package"), fields.get("Architecture"))
            version = fields.get("Version")
            if key not in wanted or version is None:
                continue
            order = deb_order(version)
            if order > deb_order(wanted[key]) and (key not in best or order > best[key][0]):
                best[key] = (order, version, suite)
    return [
        update("deb", key[0], wanted[key], version, key[1], suite, "-security" in suite)
        for key, (_, version, suite) in sorted(best.items())
    ]


def apt_stanzas(host, path):
    import bz2
    import gzip
    import lzma

    unpack = {"gz": gzip.decompress, "xz": lzma.decompress, "bz2": bz2.decompress}
    ending = path.rpartition(".")[2]
    if ending == "lz4":
        host.note("absent: nothing in Python reads the lz4 list " + path)
        return
    data = host.read(path, 256 << 20)
    text = unpack[ending](data) if ending in unpack else data
    for block in text.decode("utf-8", "replace").split("\n\n"):
        yield dict(DEB_FIELD.findall(block))


def deb_order(version):
    """Return a key that sorts as dpkg does: `~` before the end, the end before letters.

    Source: Debian policy manual, section 5.6.12.
    """
    epoch, colon, rest = version.partition(":")
    if not colon:
        epoch, rest = "0", version
    upstream, _, revision = rest.rpartition("-") if "-" in rest else (rest, "", "")
    return whole(epoch) or 0, part_order(upstream), part_order(revision)


def part_order(part):
    order = []
    for signs, digits in re.findall(r"(\D*)(\d*)", part):
        weights = [-1 if c == "~" else ord(c) + (0 if c.isalpha() else 256) for c in signs]
        order.append(([*weights, 0], int(digits or 0)))
    return order


def dnf_updates(host):
    """Read `dnf repoquery --upgrades` (the newest stands last) and what of it is security."""
    builds = re.findall(r"^\S+\s+\S*Sec\S*\s+(\S+)\s*$", host.output("dnf security"), re.M)
    security = {re.sub(r"-\d+:", "-", build) for build in builds}
    installed = {(row["name"], row["architecture"]): row["version"] for row in rpm_packages(host)}
    rows = {}
    for line in host.output("dnf").split("\n"):
        words = line.split()
        if len(words) == 4:
            name, version, architecture, origin = words
            build = "{}-{}.{}".format(name, version.rpartition(":")[2], architecture)
            version = version[2:] if version.startswith("0:") else version
            old = installed.get((name, architecture))
            is_security = build in security
            new = update("rpm", name, old, version, architecture, origin, is_security)
            rows[name, architecture] = new
    return list(rows.values())


def apk_updates(host):
    """Read `apk version`; Alpine's repositories do not mark security updates: None."""
    rows = []
    for label, new in re.findall(r"^(\S+)\s+<\s+(\S+)\s*$", host.output("apk"), re.M):
        name, old = re.match(r"(.+)-(\d.*)$", label).groups()
        rows.append(update("apk", name, old, new, None, None, None))
    return rows


# --- Facts: services, timers, timetables ------------------------------------------------------

UNIT_PROPERTIES = (
    "Id,Type,LoadState,ActiveState,SubState,UnitFileState,NRestarts,MainPID,StateChangeTimestamp,"
    "Result,ConditionResult,FragmentPath,User,ExecStart"
)
TIMER_PROPERTIES = (
    "Id,Unit,ActiveState,UnitFileState,LastTriggerUSec,NextElapseUSecRealtime,"
    "NextElapseUSecMonotonic,TimersCalendar,TimersMonotonic"
)
UNIT_KINDS = ["*.service", "*.socket", "*.mount", "*.path", "*.target"]


def systemd_blocks(host, name):
    if not host.is_live or not host.is_folder("/run/systemd/system"):
        raise Unknown("absent: systemd does not run here")
    blocks = []
    for text in host.output(name).split("\n\n"):
        block = settings(text)
        if block.get("Id"):
            block["ExecStart"] = " ".join(re.findall(r"^ExecStart=(.*)$", text, re.M))
            blocks.append(block)
    return blocks


def facts_units(host):
    return [unit_row(host, block) for block in systemd_blocks(host, "units")]


def unit_row(host, block):
    path = block.get("FragmentPath") or None
    status = host.stat(path) if path else None
    programs = sorted(set(re.findall(r"\bpath=(/[^ ;]+)", block.get("ExecStart", ""))))
    paths = programs + ([path] if path else [])
    return {
        "name": block["Id"],
        "type": block.get("Type") or None,
        "load": block.get("LoadState"),
        "active": block.get("ActiveState"),
        "sub": block.get("SubState"),
        "enabled": block.get("UnitFileState") or None,
        "restarts": whole(block.get("NRestarts")),
        "main_pid": whole(block.get("MainPID")) or None,
        "since": seconds_of(block.get("StateChangeTimestamp")),
        "result": block.get("Result") or None,
        "condition_met": block.get("ConditionResult") != "no",
        "user": block.get("User") or "root",
        "path": path,
        "path_changed_at": status.st_mtime if status else None,
        "programs": programs,
        "writable": [path for path in paths if is_writable(host, path)],
    }


def is_writable(host, path):
    """Say whether everybody may replace this file: it, or a folder above without sticky bit."""
    status = host.stat(path)
    if status is not None and status.st_mode & 0o002:
        return True
    while path.strip("/"):
        path = path.rpartition("/")[0]
        status = host.stat(path or "/")
        if status is not None and status.st_mode & 0o002 and not status.st_mode & stat.S_ISVTX:
            return True
    return False


def facts_timers(host):
    booted = re.search(r"^btime (\d+)", host.text("/proc/stat"), re.M)
    rows = []
    for block in systemd_blocks(host, "timers"):
        after_boot = span_of(block.get("NextElapseUSecMonotonic"))
        next_at = seconds_of(block.get("NextElapseUSecRealtime"))
        if next_at is None and after_boot is not None and booted:
            next_at = float(booted.group(1)) + after_boot
        schedule = block.get("TimersCalendar") or block.get("TimersMonotonic") or ""
        shape = re.search(r"\bOn\w+=([^;}]+)", schedule)
        rows.append(
            {
                "name": block["Id"],
                "unit": block.get("Unit"),
                "active": block.get("ActiveState"),
                "enabled": block.get("UnitFileState") or None,
                "schedule": shape.group(0).strip() if shape else None,
                "last_at": seconds_of(block.get("LastTriggerUSec")),
                "next_at": next_at,
            }
        )
    return rows


PERIODS = ("hourly", "daily", "weekly", "monthly")


def facts_cron(host):
    rows = []
    for path in ["/etc/crontab", "/etc/anacrontab", *host.files("/etc/cron.d")]:
        if host.is_file(path):
            rows += cron_rows(host, path, None, has_user="anacrontab" not in path)
    for folder in ("/var/spool/cron/crontabs", "/var/spool/cron"):
        if host.stat(folder) and not os.access(host.path(folder), os.R_OK):
            host.note("permission: timetables of users")
        for path in host.files(folder):
            rows += cron_rows(host, path, path.rpartition("/")[2], has_user=False)
    for period in PERIODS:
        for path in host.files("/etc/cron." + period):
            if not path.endswith("/.placeholder"):
                rows.append(cron_row(host, path, None, "@" + period, "root", path))
    return rows


def cron_rows(host, path, user, has_user):
    """Read a timetable: five fields or one @word, then the user when the file names it."""
    rows, is_anacron = [], "anacrontab" in path
    try:
        lines = host.lines(path)
    except PermissionError:
        host.note("permission: " + path)
        return []
    for number, line in enumerate(lines, 1):
        line = line.strip()
        if not line or line.startswith("#") or re.match(r"\w+\s*=", line):
            continue
        fields = 3 if is_anacron else 1 if line.startswith("@") else 5
        words = line.split(None, fields + has_user)
        if len(words) != fields + has_user + 1:
            continue
        who = words[fields] if has_user else user or "root"
        when = " ".join(words[:fields])
        rows.append(cron_row(host, path, number, when, who, words[-1]))
    return rows


def cron_row(host, path, line, schedule, user, command):
    named = re.findall(r"(?<![\w.=:-])/[\w./+-]+", command)
    return {
        "file": path,
        "line": line,
        "schedule": schedule,
        "user": user,
        "command": masked_line(command)[:500],
        "writable": [
            name for name in [path, *named] if host.is_file(name) and is_writable(host, name)
        ],
    }


# --- Facts: processes -------------------------------------------------------------------------

TOP = 30
ARGUMENT_CHARACTERS = 200


def facts_processes(host):
    found = [row for row in map(lambda pid: process_of(host, pid), pids(host)) if row]
    if not found:
        raise Unknown("absent: no processes to read")
    counts = {}
    for row in found:
        counts[row["state"]] = counts.get(row["state"], 0) + 1
    by_cpu = sorted(found, key=lambda row: (row["cpu_percent"] or 0, row["cpu_seconds"]))[-TOP:]
    by_memory = sorted(found, key=lambda row: row["memory_bytes"])[-TOP:]
    stuck = [row for row in found if row["state"] in ("D", "Z") or is_near_limit(row)]
    listed = {row["pid"]: row for row in by_cpu + by_memory + stuck[:1000]}
    users = user_names(host)
    for row in listed.values():
        row["user"] = users.get(row["user"], str(row["user"]))
        row["arguments"] = arguments_of(host, row["pid"])
        row["unit"] = unit_of(host, row["pid"])
    rows = sorted(listed.values(), key=lambda row: row["pid"])
    return {"total": len(found), "states": counts, "rows": rows}


def process_of(host, pid):
    """Return one process from its stat line, or None when it has just ended."""
    folder = "/proc/{}/".format(pid)
    line = host.word(folder + "stat")
    status = host.stat(folder + "stat")
    if line is None or status is None:
        return None
    name = line[line.index("(") + 1 : line.rindex(")")]
    words = line[line.rindex(")") + 2 :].split()
    ticks = int(words[11]) + int(words[12])
    before = host.first_ticks.get(pid)
    passed = time.monotonic() - host.first_ticks["at"] if before is not None else 0
    handles, limit = handles_of(host, folder)
    return {
        "pid": pid,
        "parent": int(words[1]),
        "command": name,
        "state": words[0],
        "user": status.st_uid,
        "threads": int(words[17]),
        "cpu_seconds": ticks / TICKS,
        "cpu_percent": round(100.0 * (ticks - before) / TICKS / passed, 1)
        if passed > 0.2
        else None,
        "memory_bytes": int(words[21]) * PAGE_BYTES,
        "started_at": booted_at(host) + int(words[19]) / TICKS,
        "handles": handles,
        "handles_limit": limit,
    }


PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def booted_at(host):
    return host.once(
        "booted", lambda host: float(re.search(r"btime (\d+)", host.text("/proc/stat")).group(1))
    )


def handles_of(host, folder):
    """Return (open files, their limit); the limit only of processes that hold many."""
    try:
        count = len(os.listdir(host.path(folder + "fd")))
    except OSError:
        return None, None
    if count < 200:
        return count, None
    limit = re.search(r"^Max open files\s+(\d+)", host.word(folder + "limits") or "", re.M)
    return count, int(limit.group(1)) if limit else None


def is_near_limit(row):
    return bool(row["handles_limit"]) and row["handles"] > 0.8 * row["handles_limit"]


def arguments_of(host, pid):
    """Return a process's arguments, secrets masked before anything is cut off."""
    try:
        text = host.text("/proc/{}/cmdline".format(pid), 4096)
    except OSError:
        return None
    words = text.rstrip("\0").split("\0")
    return masked(words if len(words) > 1 else words[0].split(" "))[:ARGUMENT_CHARACTERS]


def first_ticks(host):
    """Return pid → CPU ticks now, so that a second reading tells who is busy at present."""
    ticks = {"at": time.monotonic()}
    for pid in pids(host) if host.is_live else []:
        line = host.word("/proc/{}/stat".format(pid))
        if line:
            words = line[line.rindex(")") + 2 :].split()
            ticks[pid] = int(words[11]) + int(words[12])
    return ticks


# --- Facts: who can come in, and become root --------------------------------------------------


def accounts(host):
    """Return the rows of /etc/passwd with seven fields; a hostile line is left out."""
    rows = [line.split(":") for line in host.lines("/etc/passwd", 4 << 20)]
    return [row for row in rows if len(row) == 7 and is_id(row[2]) and is_id(row[3])]


def is_id(word):
    """Say whether a word is a uid or gid: both are 32 bits."""
    return word.isdecimal() and len(word) <= 10 and int(word) < 1 << 32


def user_names(host):
    """Return uid → name; the first name counts when several share a uid."""
    if not host.is_file("/etc/passwd"):
        return {}
    return {int(row[2]): row[0] for row in reversed(host.once("accounts", accounts))}


def facts_users(host):
    passwords, logins = host.once("shadow", shadow), last_logins(host)
    members = memberships(host)
    rows = []
    for name, _, uid, gid, comment, home, shell in host.once("accounts", accounts):
        host.check_time()
        password = passwords.get(name, {}) if passwords is not None else {}
        rows.append(
            {
                "name": name,
                "uid": int(uid),
                "gid": int(gid),
                "full_name": comment.split(",")[0] or None,
                "home": home,
                "shell": shell,
                "groups": members.get(name, []),
                "is_locked": password.get("is_locked"),
                "has_empty_password": password.get("has_empty_password"),
                "password_changed_on": password.get("changed_on"),
                "expires_on": password.get("expires_on"),
                "last_login_at": max(logins.get(name, 0.0), logins.get(int(uid), 0.0)) or None,
                "keys": keys_of(host, name, home),
            }
        )
    return rows


def shadow(host):
    """Return what /etc/shadow says of each account, never a hash; None when unreadable."""
    if "passwords" in host.programs:
        return shadow_by_passwd(host.output("passwords"))
    try:
        lines = host.lines("/etc/shadow", 4 << 20)
    except PermissionError:
        host.note("permission: locks and ages of passwords")
        return None
    except OSError:
        return None
    found = {}
    for row in (line.split(":") for line in lines):
        if len(row) >= 8:
            found[row[0]] = {
                "is_locked": row[1][:1] in ("!", "*"),
                "has_empty_password": row[1] == "",
                "changed_on": day(whole(row[2])),
                "expires_on": day(whole(row[7])),
            }
    return found


def shadow_by_passwd(text):
    """Read `passwd -S -a`: name, state (L, NP, P), day of the last change, ages."""
    found = {}
    for words in (line.split() for line in text.split("\n")):
        if len(words) >= 3:
            date = re.match(r"(?:(\d\d)/(\d\d)/(\d{4})|(\d{4}-\d\d-\d\d))$", words[2])
            month, dom, year, iso = date.groups() if date else (None, None, None, None)
            found[words[0]] = {
                "is_locked": words[1] in ("L", "LK"),
                "has_empty_password": words[1] == "NP",
                "changed_on": iso or (year and "-".join((year, month, dom))),
            }
    return found


def day(number):
    """Return the ISO date of a count of days since 1970, None for none."""
    if number is None or not 0 < number < 200000:
        return None
    return time.strftime("%Y-%m-%d", time.gmtime(number * 86400))


def memberships(host):
    """Return account → sorted names of its groups, the primary one included."""
    found, names = {}, {}
    for group in host.once("groups", facts_groups):
        names[group["gid"]] = group["name"]
        for member in group["members"]:
            found.setdefault(member, set()).add(group["name"])
    for row in host.once("accounts", accounts):
        if int(row[3]) in names:
            found.setdefault(row[0], set()).add(names[int(row[3])])
    return {name: sorted(groups) for name, groups in found.items()}


def facts_groups(host):
    rows = [line.split(":") for line in host.lines("/etc/group", 4 << 20)]
    return [
        {
            "name": row[0],
            "gid": int(row[2]),
            "members": [name for name in row[3].split(",") if name],
        }
        for row in rows
        if len(row) == 4 and is_id(row[2])
    ]


def last_logins(host):
    """Return name or uid → moment of the last login, from wtmp, lastlog2 or lastlog (by uid)."""
    import struct

    found = {}
    if host.is_file("/var/log/lastlog"):
        with open(host.path("/var/log/lastlog"), "rb") as file:  # sparse: 292 bytes for each uid
            for row in host.once("accounts", accounts):
                if int(row[2]) < 1 << 24:
                    file.seek(int(row[2]) * 292)
                    record = file.read(4)
                    if len(record) == 4 and any(record):
                        found[int(row[2])] = float(struct.unpack("=I", record)[0])
    if host.is_file("/var/lib/lastlog/lastlog2.db"):
        found.update(last_logins_of_database(host.path("/var/lib/lastlog/lastlog2.db")))
    if host.is_file("/var/log/wtmp"):
        data = host.read("/var/log/wtmp", 4 << 20)
        for offset in range(0, len(data) - 383, 384):
            (kind,) = struct.unpack_from("=h", data, offset)
            name = data[offset + 44 : offset + 76].split(b"\0")[0].decode("utf-8", "replace")
            if kind == 7:  # a user's session began
                at = float(struct.unpack_from("=I", data, offset + 340)[0])
                found[name] = max(at, found.get(name, 0.0))
    return found


def last_logins_of_database(path):
    import sqlite3

    connection = sqlite3.connect("file:{}?mode=ro&immutable=1".format(path), uri=True)
    try:
        rows = connection.execute("SELECT Name, Time FROM Lastlog2 WHERE Time > 0").fetchall()
        return {name: float(at) for name, at in rows}
    except sqlite3.Error:
        return {}
    finally:
        connection.close()


KEY = re.compile(
    r"(?:^|(?<=\s))(ssh-rsa|ssh-dss|ssh-ed25519|ecdsa-sha2-nistp\d+|sk-[\w-]+@openssh\.com"
    r"|[\w-]+-cert-v01@openssh\.com)\s+([A-Za-z0-9+/]+={0,2})(?:\s+(.*))?$"
)


def keys_of(host, name, home):
    """Return the keys that may log in as this account; None when they cannot be read."""
    rows = []
    for pattern in key_files(host):
        path = pattern.replace("%h", home).replace("%u", name).replace("%%", "%")
        path = path if path.startswith("/") else home.rstrip("/") + "/" + path
        try:
            lines = host.lines(path)
        except PermissionError:
            host.note("permission: authorized keys of users")
            return None
        except (OSError, ValueError):
            continue
        rows += [key for key in (key_of(line, path) for line in lines) if key]
    return rows


def key_files(host):
    told = host.once("sshd", sshd_settings)["settings"].get("authorizedkeysfile")
    return (told or ".ssh/authorized_keys .ssh/authorized_keys2").split()


def key_of(line, path):
    """Read one line of an authorized_keys file: options, type, key, comment."""
    import base64
    import hashlib

    match = KEY.search(line.strip())
    if match is None or line.lstrip().startswith("#"):
        return None
    try:
        blob = base64.b64decode(match.group(2))
    except ValueError:
        return None
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode("ascii").rstrip("=")
    return {
        "type": match.group(1),
        "bits": key_bits(blob),
        "fingerprint": "SHA256:" + digest,
        "comment": match.group(3),
        "options": line.strip()[: match.start()].strip() or None,
        "file": path,
    }


def key_bits(blob):
    """Return the length of an SSH public key in bits (RFC 4253, 5656, 8709), or None."""
    import struct

    fields = []
    while len(blob) >= 4 and len(fields) < 4:
        (length,) = struct.unpack_from(">I", blob)
        fields.append(blob[4 : 4 + length])
        blob = blob[4 + length :]
    kind = fields[0] if fields else b""
    if b"ed25519" in kind:
        return 256
    curve = re.search(rb"nistp(\d+)", kind)
    if curve:
        return int(curve.group(1))
    slot = {b"ssh-rsa": 2, b"ssh-dss": 1}.get(kind)
    if slot is None or len(fields) <= slot:
        return None
    return int.from_bytes(fields[slot], "big").bit_length()


def facts_sudo(host):
    """Return each rule of sudoers with its file and line, aliases expanded."""
    if "sudoers" in host.programs:
        numbered = sudoers_by_grep(host.output("sudoers"))
        lines = sudoers_lines(host, "/etc/sudoers", 0, numbered.get)
    elif host.stat("/etc/sudoers") is None:
        raise Unknown("absent: no sudoers file")
    else:
        lines = sudoers_lines(
            host, "/etc/sudoers", 0, lambda path: list(enumerate(host.lines(path), 1))
        )
    return sudo_rules(host, lines)


def sudoers_by_grep(text):
    """Read `grep -rn . /etc/sudoers /etc/sudoers.d`: path → numbered lines."""
    found = {}
    for line in text.split("\n"):
        path, _, rest = line.partition(":")
        number, colon, content = rest.partition(":")
        if colon and number.isdigit():
            found.setdefault(path, []).append((int(number), content))
    return found


INCLUDE = re.compile(r"\s*[@#](include|includedir)\s+\"?([^\"]+?)\"?\s*$")


def sudoers_lines(host, path, depth, read):
    """Yield (file, line number, text), continued lines joined and included files followed."""
    if depth > 16:
        raise Unknown("failed: sudoers files include each other")
    host.check_time()
    pending, first = "", None
    for number, line in read(path) or []:
        first = first or number
        pending += line
        if pending.endswith("\\"):
            pending = pending[:-1] + " "
            continue
        include = INCLUDE.match(pending)
        if include:
            target = include.group(2).replace("%h", os.uname()[1].partition(".")[0])
            target = target if target.startswith("/") else path.rpartition("/")[0] + "/" + target
            for inner in sudo_includes(host, include.group(1), target):
                for row in sudoers_lines(host, inner, depth + 1, read):
                    yield row
        else:
            text = re.sub(r"(?<!\\)#(?!\d).*$", "", pending).strip()
            if text:
                yield path, first, text
        pending, first = "", None


def sudo_includes(host, word, target):
    """Return the files an include names; sudo skips names with a dot or a tilde at the end."""
    if word == "include":
        return [target]
    names = [name for name in host.names(target) if "." not in name and not name.endswith("~")]
    return [target.rstrip("/") + "/" + name for name in names]


ALIAS = re.compile(r"(User|Runas|Host|Cmnd|Cmd)_Alias\s+(.+)$")
TAG = re.compile(
    r"^\s*((?:NO)?(?:PASSWD|EXEC|SETENV|LOG_INPUT|LOG_OUTPUT|MAIL|FOLLOW|INTERCEPT))\s*:\s*"
)


def sudo_rules(host, lines):
    aliases, rules, is_free = {}, [], False
    for path, number, text in lines:
        alias = ALIAS.match(text)
        if alias:
            for one in split_plain(alias.group(2), ":"):
                name, _, members = one.partition("=")
                aliases[alias.group(1)[0] + name.strip()] = split_plain(members, ",")
        elif text.startswith("Defaults"):
            is_free = is_free or bool(re.match(r"Defaults\s.*!\s*authenticate\b", text))
        else:
            rules.append((path, number, text))
    rows = []
    for path, number, text in rules:
        rows += sudo_rule(host, path, number, text, aliases)
    for row in rows:
        if is_free and not {"PASSWD", "NOPASSWD"} & set(row["tags"]):
            row["tags"].append("NOPASSWD")
    return rows


def split_plain(text, sign):
    r"""Split at `sign` where no backslash or quote protects it; parts stripped, none empty."""
    parts = re.findall(r'((?:\\.|"[^"]*"|[^\\%s])+)' % sign, text)
    return [part.strip() for part in parts if part.strip()]


def expanded(words, letter, aliases, depth=0):
    """Return words with aliases replaced by what they stand for; `!` before one is kept."""
    found = []
    for word in words:
        negation, name = re.match(r"(!*)\s*(.*)", word).groups()
        members = aliases.get(letter + name) if depth < 16 else None
        if members is None:
            found.append(word)
        else:
            found += [negation + inner for inner in expanded(members, letter, aliases, depth + 1)]
    return found


def sudo_rule(host, path, number, text, aliases):
    """Read `who hosts = (run_as) TAGS: commands : hosts = …` into one row per run_as and tags."""
    head, equals, rest = text.partition("=")
    match = re.match(r"(.+?[^,\s])\s+(\S(?:.*\S)?)\s*$", re.sub(r"\s*,\s*", ",", head))
    if not equals or match is None:
        host.note("failed: {} line {} is not understood".format(path, number))
        return []
    who = expanded(split_plain(match.group(1), ","), "U", aliases)
    rows, hosts, run_as, tags, last = [], match.group(2), "root", [], None
    rest, *others = re.split(r"\s+:\s+(?=[\w!, .-]+=)", rest)
    for command in split_plain(re.sub(r"\([^)]*\)", keep_commas, rest), ","):
        named = re.match(r"\(([^)]*)\)\s*", command)
        if named:
            run_as, command = named.group(1).strip() or "root", command[named.end() :]
        command = re.sub(
            r"^(?:(?:ROLE|TYPE|CWD|CHROOT|TIMEOUT|NOTBEFORE|NOTAFTER)=\S+\s+)+", "", command
        )
        command, found = sudo_tags(command)
        tags = [tag for tag in tags if opposite(tag) not in found and tag not in found] + found
        if (run_as, tags) != last:
            last = (run_as, tags)
            rows.append(sudo_row(who, hosts, run_as, tags, path, number, aliases))
        commands = expanded([command], "C", aliases)
        rows[-1]["commands"] += commands
        rows[-1]["writable"] += writable_programs(host, commands)
    for other in others:
        rows += sudo_rule(host, path, number, match.group(1) + " " + other, aliases)
    return rows


def keep_commas(match):
    r"""Protect the commas of a `(run_as, list)` from being read as ends of commands."""
    return match.group(0).replace(",", "\\,")


def sudo_tags(command):
    found = []
    while True:
        match = TAG.match(command)
        if match is None:
            return command.strip(), found
        found.append(match.group(1))
        command = command[match.end() :]


def opposite(tag):
    return tag[2:] if tag.startswith("NO") else "NO" + tag


def sudo_row(who, hosts, run_as, tags, path, number, aliases):
    users, _, groups = run_as.replace("\\,", ",").partition(":")
    runs = expanded(split_plain(users, ","), "R", aliases) + [
        ":" + g for g in split_plain(groups, ",")
    ]
    return {
        "who": who,
        "hosts": expanded(split_plain(hosts, ","), "H", aliases),
        "run_as": runs,
        "tags": list(tags),
        "commands": [],
        "writable": [],
        "file": path,
        "line": number,
    }


def writable_programs(host, commands):
    programs = [command.lstrip("!").split(" ")[0] for command in commands]
    return [
        name
        for name in programs
        if name.startswith("/") and host.is_file(name) and is_writable(host, name)
    ]


# --- Facts: sshd, firewall --------------------------------------------------------------------


def facts_sshd(host):
    told = host.once("sshd", sshd_settings)
    if not told["settings"]:
        raise Unknown(told["reason"])
    return {key: told[key] for key in ("source", "settings", "matches")}


def sshd_settings(host):
    """Return the effective settings by `sshd -T`, else what the files say, marked so."""
    told = {"source": "files", "settings": {}, "matches": [], "reason": ""}
    try:
        read_sshd_file(host, "/etc/ssh/sshd_config", told, [None], 0)
    except PermissionError:
        told["reason"] = "permission: /etc/ssh/sshd_config"
    except OSError:
        told["reason"] = "absent: no sshd"
    try:
        lines = host.output("sshd").split("\n")
    except Unknown:
        return told
    effective = {}
    for line in lines:
        key, _, value = line.partition(" ")
        if key:
            effective[key] = effective[key] + " " + value if key in effective else value
    return dict(told, source="sshd -T", settings=effective) if effective else told


SSHD_REPEATED = ("port", "listenaddress", "hostkey", "acceptenv", "hostcertificate", "setenv")


def read_sshd_file(host, path, told, match, depth):
    """Add one file's settings: the first value counts; those after Match stand apart."""
    host.check_time()
    for line in host.lines(path):
        words = re.match(r"\s*(\w+)(?:\s*=\s*|\s+)\"?(.*?)\"?\s*$", line.partition(" #")[0])
        if words is None:
            continue
        key, value = words.group(1).lower(), words.group(2)
        if key == "include" and depth < 16:
            for pattern in value.split():
                pattern = pattern if pattern.startswith("/") else "/etc/ssh/" + pattern
                for inner in host.glob(pattern):
                    read_sshd_file(host, inner, told, match, depth + 1)
        elif key == "match":
            match[0] = {} if value.lower() != "all" else None
            if match[0] is not None:
                told["matches"].append({"criteria": value, "settings": match[0]})
        else:
            place = told["settings"] if match[0] is None else match[0]
            if key in place and key in SSHD_REPEATED:
                place[key] += " " + value
            place.setdefault(key, value)


def facts_firewall(host):
    """Return the chains with their rules, as the program prints them."""
    if not host.is_live:
        return firewall_by_files(host)
    for name, read in (("nft", nft_chains), ("iptables", iptables_chains)):
        if name in host.programs:
            chains = read(host.output(name))
            if chains or name == "iptables":
                return {
                    "kind": "nftables" if name == "nft" else name,
                    "source": name,
                    "chains": chains,
                }
    if os.geteuid() != 0 and (find_program("nft") or find_program("iptables-save")):
        raise Unknown("permission: the firewall's rules")
    raise Unknown("absent: neither nft nor iptables-save is installed")


FIREWALL_FILES = (
    ("/etc/nftables.conf", "nftables"),
    ("/etc/iptables/rules.v4", "iptables"),
    ("/etc/sysconfig/iptables", "iptables"),
)


def firewall_by_files(host):
    for path, kind in FIREWALL_FILES:
        if host.is_file(path):
            read = nft_chains if kind == "nftables" else iptables_chains
            return {"kind": kind, "source": path, "chains": read(host.text(path))}
    raise Unknown("absent: no saved rules")


def nft_chains(text):
    """Read `nft list ruleset`: tables hold chains, chains hold one rule a line."""
    chains, table, chain = [], None, None
    for line in (line.strip() for line in text.split("\n")):
        head = re.match(r"table (\w+) (\S+) \{", line)
        opened = re.match(r"chain (\S+) \{", line)
        if head:
            table = head.groups()
        elif opened and table:
            chain = chain_row(table[0], table[1], opened.group(1))
            chains.append(chain)
        elif line == "}":
            chain = None
        elif chain is not None and line.startswith("type "):
            hook = re.search(r"\bhook (\w+)", line)
            policy = re.search(r"\bpolicy (\w+)", line)
            chain["hook"] = hook.group(1) if hook else None
            chain["policy"] = policy.group(1) if policy else "accept"
        elif chain is not None and line and not line.startswith("#"):
            chain["rules"].append(line)
    return chains


def chain_row(family, table, name):
    return {
        "family": family,
        "table": table,
        "chain": name,
        "hook": None,
        "policy": None,
        "rules": [],
    }


def iptables_chains(text):
    """Read `iptables-save`: `*table`, `:CHAIN POLICY [counters]`, `-A CHAIN rule`."""
    chains, table = {}, "filter"
    for line in text.split("\n"):
        words = line.split(" ", 2)
        if line.startswith("*"):
            table = line[1:].strip()
        elif line.startswith(":") and len(words) >= 2:
            chain = chain_row("ip", table, words[0][1:])
            is_built_in = words[1] != "-"
            chain["hook"] = words[0][1:].lower() if is_built_in else None
            chain["policy"] = words[1].lower() if is_built_in else None
            chains[table, words[0][1:]] = chain
        elif words[0] == "-A" and len(words) == 3 and (table, words[1]) in chains:
            chains[table, words[1]]["rules"].append(words[2])
    return list(chains.values())


# --- Facts: kernel, restart, containers -------------------------------------------------------

SYSCTLS = (
    "fs.file-max fs.nr_open fs.protected_fifos fs.protected_hardlinks fs.protected_regular"
    " fs.protected_symlinks fs.suid_dumpable kernel.core_pattern kernel.dmesg_restrict"
    " kernel.kptr_restrict kernel.modules_disabled kernel.panic kernel.panic_on_oops kernel.pid_max"
    " kernel.randomize_va_space kernel.sysrq kernel.threads-max kernel.unprivileged_bpf_disabled"
    " kernel.unprivileged_userns_clone kernel.yama.ptrace_scope net.core.somaxconn"
    " net.ipv4.conf.all.accept_redirects net.ipv4.conf.all.accept_source_route"
    " net.ipv4.conf.all.log_martians net.ipv4.conf.all.rp_filter net.ipv4.conf.all.send_redirects"
    " net.ipv4.conf.all.secure_redirects net.ipv4.icmp_echo_ignore_broadcasts net.ipv4.ip_forward"
    " net.ipv4.ip_local_port_range net.ipv4.tcp_congestion_control net.ipv4.tcp_max_syn_backlog"
    " net.ipv4.tcp_syncookies net.ipv6.conf.all.accept_redirects net.ipv6.conf.all.disable_ipv6"
    " net.ipv6.conf.all.forwarding net.netfilter.nf_conntrack_max vm.overcommit_memory"
    " vm.panic_on_oom vm.swappiness"
).split()


def facts_kernel(host):
    sysctls = {name: host.word("/proc/sys/" + name.replace(".", "/")) for name in SYSCTLS}
    weaknesses = "/sys/devices/system/cpu/vulnerabilities"
    handles = (host.word("/proc/sys/fs/file-nr") or "").split()
    if not host.stat("/proc/sys/kernel"):
        raise Unknown("absent: no kernel runs in this root")
    return {
        "sysctls": {name: value for name, value in sysctls.items() if value is not None},
        "modules": sorted(
            line.split(" ")[0] for line in (host.word("/proc/modules") or "").split("\n") if line
        ),
        "taint": host.number("/proc/sys/kernel/tainted"),
        "mitigations": {
            name: host.word(weaknesses + "/" + name) for name in host.names(weaknesses)
        },
        "file_handles": int(handles[0]) if handles else None,
        "file_handles_limit": int(handles[2]) if len(handles) == 3 else None,
        "command_line": mask_text(host.word("/proc/cmdline") or "") or None,
    }


def facts_restart(host):
    kernels, running = installed_kernels(host), running_kernel(host)
    newest = kernels[-1] if kernels else None
    marks = ("/run/reboot-required", "/var/run/reboot-required")
    marked = any(host.stat(mark) for mark in marks)
    names = next((text for text in (host.word(mark + ".pkgs") for mark in marks) if text), "")
    reasons = ["packages"] if marked else []
    if newest and running and natural(newest) > natural(running) and running in kernels:
        reasons.append("kernel")
    return {
        "reboot_required": bool(reasons),
        "reasons": reasons,
        "packages": sorted(set(names.split())),
        "running_kernel": running,
        "newest_kernel": newest,
        "processes": processes_on_deleted(host) if host.is_live else [],
    }


DELETED = re.compile(
    r"^\S+ ..x\S* \S+ \S+ \d+ +(/(?:usr|lib|lib64|opt|bin|sbin)[^\n]*) \(deleted\)$", re.M
)


def processes_on_deleted(host):
    """Return the processes that run code whose file is gone: an update they have not taken."""
    rows, is_refused = [], False
    for pid in pids(host):
        if host.left() < 0.3:
            host.note("time: not every process was looked at")
            break
        try:
            files = sorted(set(DELETED.findall(host.text("/proc/{}/maps".format(pid), 4 << 20))))
        except OSError as error:
            is_refused = is_refused or isinstance(error, PermissionError)
            continue
        if files:
            command = host.word("/proc/{}/comm".format(pid))
            rows.append(
                {"pid": pid, "command": command, "unit": unit_of(host, pid), "files": files[:20]}
            )
    if is_refused:
        host.note("permission: processes of other users")
    return rows


CONTAINER_SOCKETS = (("docker", "/run/docker.sock"), ("podman", "/run/podman/podman.sock"))


def facts_containers(host):
    rows = []
    for runtime, path in CONTAINER_SOCKETS:
        if host.is_live and host.stat(path) is not None:
            rows += [container_row(runtime, row) for row in ask_runtime(host, path)]
    return rows


def ask_runtime(host, path):
    """Ask a container engine for its list: the one GET this file sends to its socket."""
    import http.client
    import socket

    connection = http.client.HTTPConnection("localhost", timeout=max(0.1, min(1.0, host.left())))
    connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.sock.settimeout(connection.timeout)
    try:
        connection.sock.connect(path)
        connection.request("GET", "/containers/json?all=1")
        answer = connection.getresponse()
        if answer.status != 200:
            raise Unknown("failed: {} answered {}".format(path, answer.status))
        return json.loads(answer.read(PROGRAM_BYTES).decode("utf-8", "replace"))
    except http.client.HTTPException as error:
        raise Unknown("failed: {}: {}".format(path, error))
    finally:
        connection.close()


def container_row(runtime, row):
    image = row.get("Image") or ""
    return {
        "runtime": runtime,
        "id": row.get("Id"),
        "name": (row.get("Names") or [""])[0].lstrip("/"),
        "image": image.partition("@")[0],
        "digest": image.partition("@")[2] or row.get("ImageID"),
        "state": row.get("State"),
        "created_at": row.get("Created"),
    }


# --- Facts: logs ------------------------------------------------------------------------------


def facts_logs(host):
    journal = [line.strip() for path in journal_files(host) for line in host.lines(path)]
    limits = [
        line.partition("=")[2].strip() for line in journal if re.match(r"SystemMaxUse\s*=", line)
    ]
    size, is_whole = folder_bytes(host, "/var/log", 20000)
    if not is_whole:
        host.note("cut: /var/log holds more than 20,000 files")
    return {
        "path": "/var/log",
        "size_bytes": size,
        "mount": mount_of(host, "/var/log"),
        "journal_is_persistent": host.is_folder("/var/log/journal"),
        "journal_limit": limits[-1] if limits and limits[-1] else None,
    }


def journal_files(host):
    parts = []
    for folder in ("/usr/lib/systemd", "/etc/systemd"):
        parts += [folder + "/journald.conf", *host.files(folder + "/journald.conf.d", ".conf")]
    return [path for path in parts if host.is_file(path)]


def folder_bytes(host, folder, limit):
    """Return (bytes on disk below a folder, whether everything was counted)."""
    size, count = 0, 0
    for place, _, names in os.walk(host.path(folder)):
        for name in names:
            count += 1
            if count > limit:
                return size, False
            try:
                size += os.lstat(os.path.join(place, name)).st_blocks * 512
            except OSError:
                continue  # rotated away meanwhile
    return size, True


def mount_of(host, path):
    try:
        mounts = [row[0] for row in mounts_of(host)]
    except OSError:
        return None
    above = [mount for mount in mounts if (path + "/").startswith(mount.rstrip("/") + "/")]
    return max(above, key=len) if above else None


# --- Facts: certificates ----------------------------------------------------------------------

CERTIFICATE_NAMED = re.compile(
    r"^[ \t]*(?:ssl_certificate|SSLCertificateFile|(?:smtpd?_)?tls_(?:cert|chain)_files?"
    r"|smtpd?_tls_cert_file|smtpd?_tls_chain_files|ssl_cert(?:_file)?|ssl[-_]cert|ssl_server_cert_file|tls_certificate"
    r"|TLSCertificateFile|olcTLSCertificateFile:?|rsa_cert_file|tls-cert-file|certfile|cert|crt"
    r"|bind\b.*?\bcrt)\b[ \t]*[=:]?[ \t]*[<\"']?[ \t]*(/[^\s;,\"']+)",
    re.M,
)
CERTIFICATE_CONFIGS = (
    "/etc/nginx/nginx.conf /etc/nginx/conf.d/*.conf /etc/nginx/sites-enabled/*"
    " /etc/nginx/snippets/*.conf /etc/apache2/sites-enabled/*.conf /etc/apache2/mods-"
    " enabled/ssl.conf /etc/httpd/conf/httpd.conf /etc/httpd/conf.d/*.conf /etc/postfix/main.cf"
    " /etc/dovecot/dovecot.conf /etc/dovecot/conf.d/10-ssl.conf"
    " /etc/postgresql/*/*/postgresql.conf /var/lib/pgsql/data/postgresql.conf /etc/mysql/my.cnf"
    " /etc/mysql/*.conf.d/*.cnf /etc/my.cnf /etc/my.cnf.d/*.cnf /etc/haproxy/haproxy.cfg"
    " /etc/exim4/exim4.conf* /etc/ldap/slapd.conf /etc/vsftpd.conf /etc/redis/redis.conf"
    " /etc/mosquitto/conf.d/*.conf /etc/mosquitto/mosquitto.conf /etc/stunnel/*.conf"
    " /etc/proftpd/tls.conf"
).split()
CERTIFICATE_PLACES = (
    "/etc/letsencrypt/live/*/fullchain.pem /etc/kubernetes/pki/*.crt"
    " /etc/pki/tls/certs/localhost.crt /etc/cockpit/ws-certs.d/*.cert /etc/cockpit/ws-"
    " certs.d/*.crt"
).split()
PEM = re.compile(rb"-----BEGIN (?:TRUSTED )?CERTIFICATE-----\s+([A-Za-z0-9+/=\s]+?)-----END")


def facts_certificates(host):
    """Return the first certificate of each file a service's settings name: the service's own."""
    rows = []
    for path, named_by in sorted(certificate_files(host).items()):
        try:
            data = host.read(path)
        except OSError as error:
            host.note(("permission: " if isinstance(error, PermissionError) else "failed: ") + path)
            continue
        try:
            fields = certificate(first_certificate(data))
        except (ValueError, IndexError) as error:
            host.note("failed: {}: {}".format(path, error))
            continue
        rows.append(dict(fields, path=path, named_by=named_by))
    return rows


def certificate_files(host):
    """Return path → the settings file that names it; None for a place known by itself."""
    found = {path: None for place in CERTIFICATE_PLACES for path in host.glob(place)}
    for pattern in CERTIFICATE_CONFIGS:
        for config in host.glob(pattern):
            try:
                text = host.text(config)
            except PermissionError:
                host.note("permission: " + config)
                continue
            except OSError:
                continue
            for path in CERTIFICATE_NAMED.findall(text):
                if "$" not in path and host.is_file(path):
                    found[path] = config
    return dict(list(found.items())[:1000])


def first_certificate(data):
    import base64

    match = PEM.search(data)
    if match:
        return base64.b64decode(b"".join(match.group(1).split()))
    if data[:1] == b"\x30":
        return data
    raise ValueError("no certificate in it")


# X.509 is read here, as DER (ITU-T X.690; RFC 5280 section 4.1), because neither the standard
# library nor every host has a reader.

SIGNATURES = {
    "1.2.840.113549.1.1.4": "md5-rsa",
    "1.2.840.113549.1.1.5": "sha1-rsa",
    "1.2.840.113549.1.1.10": "rsa-pss",
    "1.2.840.113549.1.1.11": "sha256-rsa",
    "1.2.840.113549.1.1.12": "sha384-rsa",
    "1.2.840.113549.1.1.13": "sha512-rsa",
    "1.2.840.10045.4.1": "sha1-ecdsa",
    "1.2.840.10045.4.3.2": "sha256-ecdsa",
    "1.2.840.10045.4.3.3": "sha384-ecdsa",
    "1.2.840.10045.4.3.4": "sha512-ecdsa",
    "1.3.101.112": "ed25519",
    "1.3.101.113": "ed448",
}
KEYS = {"1.2.840.113549.1.1.1": "rsa", "1.2.840.10045.2.1": "ec", "1.2.840.10040.4.1": "dsa"}
CURVES = {"1.2.840.10045.3.1.7": 256, "1.3.132.0.34": 384, "1.3.132.0.35": 521}
NAME_PARTS = {
    "2.5.4.3": "CN",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
}


def der(data, at=0):
    """Return (tag, content, end) of the element at `at`."""
    tag, length = data[at], data[at + 1]
    at += 2
    if length & 0x80:
        size = length & 0x7F
        if not 1 <= size <= 4:
            raise ValueError("length of {} bytes".format(size))
        length = int.from_bytes(data[at : at + size], "big")
        at += size
    if at + length > len(data):
        raise ValueError("cut short")
    return tag, data[at : at + length], at + length


def der_all(data):
    """Return the elements one after another as (tag, content)."""
    rows, at = [], 0
    while at < len(data):
        tag, content, at = der(data, at)
        rows.append((tag, content))
    return rows


def der_name(data):
    """Return an object identifier in dots."""
    numbers, value = [], 0
    for byte in data:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(value)
            value = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(str(number) for number in [first, numbers[0] - 40 * first, *numbers[1:]])


def certificate(data):
    import hashlib

    _, whole_of_it, end = der(data)
    body, algorithm, _ = der_all(whole_of_it)
    parts = der_all(body[1])
    if parts[0][0] == 0xA0:  # the version, absent in version 1
        parts = parts[1:]
    serial, _, issuer, times, subject, key = (content for _, content in parts[:6])
    begins, ends = (der_time(*row) for row in der_all(times))
    kind, bits = certificate_key(key)
    extensions = next((content for tag, content in parts[6:] if tag == 0xA3), b"")
    signed = der_name(der(algorithm[1])[1])
    return {
        "fingerprint": hashlib.sha256(data[:end]).hexdigest(),
        "subject": certificate_name(subject),
        "names": certificate_names(extensions),
        "issuer": certificate_name(issuer),
        "is_self_signed": issuer == subject,
        "serial": "%x" % int.from_bytes(serial, "big"),
        "not_before": begins,
        "ends_at": ends,
        "key_kind": kind,
        "key_bits": bits,
        "signature": SIGNATURES.get(signed, signed),
    }


def der_time(tag, content):
    """Return Unix seconds of a UTCTime (two-digit year, 1950-2049) or a GeneralizedTime."""
    import calendar

    text = content.decode("ascii")
    if tag == 0x17:
        text = ("19" if text[:2] >= "50" else "20") + text
    return float(calendar.timegm(time.strptime(text, "%Y%m%d%H%M%SZ")))


def certificate_name(data):
    parts = []
    for _, group in der_all(data):
        for _, pair in der_all(group):
            (_, kind), (tag, value) = der_all(pair)
            text = value.decode("utf-16-be" if tag == 0x1E else "utf-8", "replace")
            kind = der_name(kind)
            parts.append(NAME_PARTS.get(kind, kind) + "=" + text)
    return ", ".join(parts)


def certificate_names(extensions):
    """Return the DNS names and addresses of the subject alternative name."""
    import socket

    names = []
    for _, extension in der_all(der(extensions)[1]) if extensions else []:
        fields = der_all(extension)
        if der_name(fields[0][1]) != "2.5.29.17":
            continue
        for tag, value in der_all(der(fields[-1][1])[1]):
            if tag == 0x82:
                names.append(value.decode("ascii", "replace"))
            elif tag == 0x87 and len(value) in (4, 16):
                family = socket.AF_INET if len(value) == 4 else socket.AF_INET6
                names.append(socket.inet_ntop(family, value))
    return names


def certificate_key(data):
    """Return (kind, bits) of a subject public key."""
    (_, algorithm), (_, bits) = der_all(data)
    fields = der_all(algorithm)
    name = der_name(fields[0][1])
    kind = KEYS.get(name) or SIGNATURES.get(name, name)
    if kind == "rsa":
        modulus = der_all(der(bits[1:])[1])[0][1]
        return kind, int.from_bytes(modulus, "big").bit_length()
    if kind == "ec" and len(fields) > 1 and fields[1][0] == 0x06:
        curve = der_name(fields[1][1])
        return kind, CURVES.get(curve)
    if kind == "dsa" and len(fields) > 1:
        return kind, int.from_bytes(der_all(fields[1][1])[0][1], "big").bit_length()
    return kind, {"ed25519": 256, "ed448": 456}.get(kind)


# --- The run ----------------------------------------------------------------------------------

SECTIONS = (  # what programs tell comes late, so that they work while files are read
    ("identity", facts_identity),
    ("os", facts_os),
    ("filesystems", facts_filesystems),
    ("interfaces", facts_interfaces),
    ("routes", facts_routes),
    ("neighbours", facts_neighbours),
    ("groups", facts_groups),
    ("sudo", facts_sudo),
    ("kernel", facts_kernel),
    ("cron", facts_cron),
    ("certificates", facts_certificates),
    ("logs", facts_logs),
    ("containers", facts_containers),
    ("listeners", facts_listeners),
    ("databases", facts_databases),
    ("hardware", facts_hardware),
    ("sshd", facts_sshd),
    ("users", facts_users),
    ("firewall", facts_firewall),
    ("packages", facts_packages),
    ("units", facts_units),
    ("timers", facts_timers),
    ("updates", facts_updates),
    ("processes", facts_processes),  # late: its CPU shares are those of this run
    ("restart", facts_restart),
)

# name → command that only reads; those of GRANTS need root, or `--sudo` and a sudoers line each.
# They are exact: no wildcard, nothing that takes a path from us.
GRANTS = {
    "sshd": ["sshd", "-T"],
    "nft": ["nft", "list", "ruleset"],
    "iptables": ["iptables-save"],
    "passwords": ["passwd", "-S", "-a"],
    "sudoers": ["grep", "-rn", ".", "/etc/sudoers", "/etc/sudoers.d"],
}
FILES_OF_ROOT = ("passwords", "sudoers")  # root reads the files themselves
DNF_FORMAT = r"%{name} %{evr} %{arch} %{repoid}\n"
DNF = ["dnf", "-q", "-C", "--setopt=cachedir=/var/cache/dnf"]


def start_programs(host):
    """Start every program at once; those for package lists run as nobody and refresh nothing."""
    if not host.is_live:
        return
    if host.is_folder("/var/lib/apt/lists"):
        host.start("apt", ["apt", "list", "--upgradable"], as_nobody=True)
    if any(host.names(folder) for folder in RPM_FOLDERS):  # rpm on Debian has an empty one
        host.start("rpm", ["rpm", "-qa", "--qf", RPM_FORMAT])
    if host.is_folder("/var/cache/dnf"):
        host.start("dnf", [*DNF, "repoquery", "--upgrades", "--qf", DNF_FORMAT], as_nobody=True)
        host.start("dnf security", [*DNF, "updateinfo", "list", "--security"], as_nobody=True)
    if host.is_folder("/etc/apk"):
        host.start("apk", ["apk", "version", "-l", "<"], as_nobody=True)
    if host.is_folder("/run/systemd/system"):
        show = ["systemctl", "show", "--no-pager", "--property="]
        host.start("units", [*show[:-1], show[-1] + UNIT_PROPERTIES, *UNIT_KINDS])
        host.start("timers", [*show[:-1], show[-1] + TIMER_PROPERTIES, "*.timer"])
    start_privileged(host)


def start_privileged(host):
    is_root = os.geteuid() == 0
    if not is_root and not host.sudo:
        return
    for name, command in sorted(GRANTS.items()):
        program = find_program(command[0])
        if program and not (is_root and name in FILES_OF_ROOT):
            host.start(name, command if is_root else ["sudo", "-n", program, *command[1:]])
    for name in disk_names(host)[:64] if is_root else []:
        host.start("smart " + name, ["smartctl", "--json", "-n", "standby", "-HA", "/dev/" + name])


def collect(host, facts=True, samples=True):
    """Return the whole report; it never raises for what the host is like."""
    report = {"format": FORMAT, "probe": VERSION, "at": round(host.started, 3)}
    begun, rows, told = time.monotonic(), [], {}
    if samples:
        rows = _samples_of(host, host.errors)
    if facts:
        host.first_ticks = first_ticks(host)
        start_programs(host)
        for name, read in SECTIONS:
            read_section(host, name, read, told)
        host.close()
    told = cleaned(told)
    fit(host, told)
    rows = [[name, cleaned(labels), value] for name, labels, value in rows]
    is_whole = not any(
        error["reason"].startswith(("time", "cut", "failed")) for error in host.errors
    )
    report.update(took_ms=int(1000 * (time.monotonic() - begun)), complete=is_whole)
    report.update(facts=told, samples=rows, errors=host.errors)
    return report


def read_section(host, name, read, told):
    """Add one section; one that cannot be told is left out and its reason noted."""
    host.section = name
    try:
        host.check_time()
        told[name] = limited(host, read(host), ROWS.get(name, ROWS_OTHERWISE))
    except Unknown as unknown:
        host.note(str(unknown))
    except FileNotFoundError as error:
        host.note("absent: {}".format(error.filename))
    except PermissionError as error:
        host.note("permission: {}".format(error.filename))
    except Exception as error:  # whatever a strange host provokes costs this section alone
        host.note("failed: {}: {}".format(type(error).__name__, error))


def limited(host, value, rows):
    """Return a section with every list in it cut to `rows`."""
    if isinstance(value, list):
        if len(value) > rows:
            host.note("cut: {} of {} rows".format(rows, len(value)))
        return value[:rows]
    if isinstance(value, dict):
        return {key: limited(host, inner, rows) for key, inner in value.items()}
    return value


def fit(host, told):
    """Leave out the largest sections until the report is small enough to send."""
    sizes = {name: len(json.dumps(value)) for name, value in told.items()}
    while sum(sizes.values()) > OUTPUT_BYTES - 500000:  # room for samples and errors
        host.section = max(sizes, key=sizes.get)
        host.note("cut: {} bytes are too many".format(sizes.pop(host.section)))
        del told[host.section]


def printed(report):
    return json.dumps(report, separators=(",", ":"), allow_nan=False)


# --- Pushing: what cannot be sent now waits in the spool ---------------------------------------


def push(report, url, token, spool):
    """Send the spooled reports and this one, oldest first; return why the rest waits, or None."""
    import gzip

    keep(spool, gzip.compress(printed(report).encode("ascii"), 6))
    for name in spooled(spool):
        path = os.path.join(spool, name)
        try:
            with open(path, "rb") as file:
                reason = send(file.read(), url, token)
        except FileNotFoundError:
            continue  # another run of ours has just sent it
        if reason is not None:
            return reason
        remove(path)
    return None


def spooled(spool):
    return sorted(name for name in os.listdir(spool) if name.endswith(".json.gz"))


def remove(path):
    try:
        os.unlink(path)
    except FileNotFoundError:
        return  # another run of ours was faster


def keep(spool, body):
    """Put one report into the spool; the oldest make room for it."""
    os.makedirs(spool, mode=0o700, exist_ok=True)
    name = "{:020.6f}-{}".format(time.time(), os.getpid())
    part = os.path.join(spool, name + ".part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(body)
    os.rename(part, os.path.join(spool, name + ".json.gz"))
    paths = [os.path.join(spool, name) for name in spooled(spool)]
    sizes = [os.path.getsize(path) for path in paths]
    while sum(sizes) > SPOOL_BYTES:
        remove(paths.pop(0))
        sizes.pop(0)


def send(body, url, token):
    """Send one body; return None when it is done with, else why it must wait.

    400, 413 and 422 will be answered again the next time: such a report is given up, and said so.
    """
    import urllib.error
    import urllib.request

    class NoRedirect(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None  # the token is for this address alone

    headers = {
        "Authorization": "Bearer " + token,
        "Content-Type": "application/json",
        "Content-Encoding": "gzip",
        "User-Agent": "fullscore-probe/" + VERSION,
    }
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")
    try:
        urllib.request.build_opener(NoRedirect).open(request, timeout=20).close()
    except urllib.error.HTTPError as error:
        error.close()
        if error.code not in (400, 413, 422):
            return "the server answered {}".format(error.code)
        sys.stderr.write("a report was refused with {} and is given up\n".format(error.code))
    except OSError as error:
        return str(error)
    return None


def read_token(path):
    """Return the token; a file that everybody can read is refused."""
    if os.stat(path).st_mode & 0o007:
        raise SystemExit("Everybody may read {}: chmod 600 it, then try again.".format(path))
    with open(path) as file:
        return file.read().strip()


def check_address(url):
    """Refuse to send the token in the clear to another machine."""
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    is_loopback = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback):
        raise SystemExit("Push to an https:// address: the token must not travel in the clear.")


# --- Command line -----------------------------------------------------------------------------

SWITCHES = ("--facts", "--samples", "--languages", "--cloud", "--sudo")
OPTIONS = ("--root", "--push", "--token-file", "--spool", "--seconds")


def options_of(words):
    """Return the options of a command line; argparse alone would cost a fifth of the samples."""
    options, words = {}, list(words)
    while words:
        word, equals, value = words.pop(0).partition("=")
        if word in SWITCHES and not equals:
            options[word] = True
        elif word in OPTIONS and (equals or words):
            options[word] = value if equals else words.pop(0)
        else:
            raise SystemExit(__doc__ if word in ("-h", "--help") else "Unknown option: " + word)
    return options


def main(words):
    options = options_of(words)
    root = options.get("--root", "/")
    host = Host(
        root,
        seconds=float(options.get("--seconds", SECONDS if root == "/" else IMAGE_SECONDS)),
        cloud="--cloud" in options,
        languages="--languages" in options,
        sudo="--sudo" in options,
    )
    is_plain = "--facts" not in options and "--samples" not in options
    if "--push" not in options:
        report = collect(host, is_plain or "--facts" in options, is_plain or "--samples" in options)
        sys.stdout.write(printed(report) + "\n")
        return 0
    check_address(options["--push"])
    if "--token-file" not in options:
        raise SystemExit("--push needs --token-file: each host pushes with a token of its own.")
    token = read_token(options["--token-file"])
    report = collect(host, is_plain or "--facts" in options, is_plain or "--samples" in options)
    spool = (
        options.get("--spool") or os.environ.get("STATE_DIRECTORY") or "/var/lib/fullscore-probe"
    )
    reason = push(report, options["--push"], token, spool)
    if reason is not None:
        sys.stderr.write("Kept for later: {}\n".format(reason))
    return 0 if reason is None else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
