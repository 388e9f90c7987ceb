"""Every measurement, one after the other: `python -m bench`; or those named: `… telemetry`."""

import subprocess
import sys

PARTS = ("startup", "probe", "samples", "telemetry", "findings", "graph", "waves")


def main() -> None:
    """Run each part in a process of its own, so that none warms another's caches."""
    unknown = set(sys.argv[1:]) - set(PARTS)
    if unknown:
        sys.exit(f"There is no {', '.join(unknown)}; there are {', '.join(PARTS)}.")
    for part in sys.argv[1:] or PARTS:
        print(f"\n── {part} " + "─" * (60 - len(part)), flush=True)
        subprocess.run([sys.executable, "-m", f"bench.{part}"], check=False)


if __name__ == "__main__":
    main()
