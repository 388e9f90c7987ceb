"""Every measurement, one after the other: `python -m bench`; or those named: `… telemetry`.

What begins with a dash, and all after it, is passed on: `python -m bench findings --rows 1000000`.
"""

import subprocess
import sys
from itertools import takewhile

PARTS = (
    "startup",
    "probe",
    "fleet",
    "facts",
    "samples",
    "telemetry",
    "thresholds",
    "findings",
    "graph",
    "waves",
    "patching",
    "rootcause",
    "correlation",
    "anomaly",
    "alerts",
    "paging",
    "watching",
)


def main() -> None:
    """Run each part in a process of its own, so that none warms another's caches."""
    named = list(takewhile(lambda word: not word.startswith("-"), sys.argv[1:]))
    options = sys.argv[1 + len(named) :]
    unknown = set(named) - set(PARTS)
    if unknown:
        sys.exit(f"There is no {', '.join(unknown)}; there are {', '.join(PARTS)}.")
    for part in named or PARTS:
        print(f"\n── {part} " + "─" * (60 - len(part)), flush=True)
        subprocess.run([sys.executable, "-m", f"bench.{part}", *options], check=False)


if __name__ == "__main__":
    main()
