"""How a figure is said: one place here, `front/js/figures.js` there, one table of tests.

Bytes count in 1024 (GiB), bits and everything else in 1000 (Gbit/s). Three significant digits, as a
person reads at a glance; the exact figure is in the hint or the table beside the chart.
"""

from math import floor, isfinite, log10

NOTHING = "–"
BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
DECIMAL = ("", "k", "M", "G", "T", "P", "E")
SPANS = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))  # seconds, word

# Codes of `telemetry.Metric.unit` that are counted in thousands, and how they are written.
SCALED = {"bit/s": "bit/s", "bit": "bit", "Hz": "Hz", "W": "W", "1": "", "": "", "1/s": "/s"}
PLAIN = {"Cel": "°C"}


def figure(value: float | None, unit: str = "") -> str:
    """Return a figure with its unit as people write it.

    `unit` is a UCUM-like code: `By`, `By/s`, `bit/s`, `s`, `%`, `ratio` (shown in percent), `Cel`,
    `1` or a word of one's own, which is written as it stands. Missing and infinite is a dash.
    """
    if value is None or not isfinite(value):
        return NOTHING
    if unit in ("By", "By/s"):
        return scaled(value, "B" + unit[2:], base=1024)
    if unit == "s":
        return duration(value)
    if unit in ("%", "ratio"):
        return percent(value / 100 if unit == "%" else value)
    if unit in SCALED:
        return scaled(value, SCALED[unit])
    return f"{rounded(value)} {PLAIN.get(unit, unit)}"


def scaled(value: float, unit: str = "", *, base: int = 1000) -> str:
    """Return `value` with the prefix that leaves three digits, or four in 1024."""
    prefixes = BINARY if base == 1024 else DECIMAL
    size, step = abs(value), 0
    # 999.5 would be written 1000: it belongs to the next prefix already.
    while size >= base * (1 - 0.0005) and step < len(prefixes) - 1:
        size, step = size / base, step + 1
    sign = "−" if value < 0 else ""
    gap = " " if prefixes[step] or unit else ""
    return f"{sign}{rounded(size)}{gap}{prefixes[step]}{unit}"


def prefix_for(size: float, unit: str) -> tuple[float, str]:
    """Return what one of the unit that fits a size is worth, and its name: (1024**3, "GiB").

    Shares are told in percent; seconds stay seconds.
    """
    if unit == "ratio":
        return 0.01, "%"
    is_binary = unit in ("By", "By/s")
    if not is_binary and not SCALED.get(unit):
        return 1.0, PLAIN.get(unit, unit)
    base, step = 1024 if is_binary else 1000, 0
    size = abs(size)
    while size >= base * (1 - 0.0005) and step < len(BINARY) - 1:
        size, step = size / base, step + 1
    word = f"B{unit[2:]}" if is_binary else SCALED[unit]
    return float(base**step), (BINARY if is_binary else DECIMAL)[step] + word


def rounded(value: float) -> str:
    """Return three significant digits, whole ones in full, no idle zeros: 0.125, 8.3, 1,234."""
    if value == 0:
        return "0"
    size = abs(value)
    places = max(0, min(6, 2 - floor(log10(size))))
    # Half away from zero, as people and the script's formatter round.
    told = f"{floor(size * 10**places + 0.5) / 10**places:,.{places}f}"
    if "." in told:
        told = told.rstrip("0").rstrip(".")
    return ("−" if value < 0 and told != "0" else "") + told


def percent(ratio: float) -> str:
    """Return a ratio in percent: two places close to all or nothing, else one."""
    value = ratio * 100
    places = 2 if 99 <= value < 100 or 0 < abs(value) < 1 else 1
    # A promise just missed must never read as kept: below 100 is cut, not rounded.
    size = floor(abs(value) * 10**places + (0 if 99 <= value < 100 else 0.5)) / 10**places
    told = f"{size:.{places}f}".rstrip("0").rstrip(".")
    return f"{'−' if value < 0 and size else ''}{told} %"


def duration(seconds: float, *, parts: int = 2) -> str:
    """Return a span in its largest words: 2 h 14 min, 3 d, 340 ms; `parts` words at most."""
    size, sign = abs(seconds), "−" if seconds < 0 else ""
    if 0 < size < 1:
        return sign + (
            f"{rounded(size * 1000)} ms" if size >= 0.001 else f"{rounded(size * 1e6)} µs"
        )
    if size < 10:
        return f"{sign}{rounded(size)} s"
    words: list[str] = []
    left = floor(size + 0.5)
    for span, word in SPANS:
        count, left = divmod(left, span)
        if count or words:
            words.append(f"{count} {word}" if count else "")
    return sign + " ".join(w for w in words[:parts] if w)
