"""Every measurement, one after the other: `python -m bench`."""

import subprocess
import sys

PARTS = ("startup", "probe", "samples", "findings", "graph", "waves")


def main() -> None:
    """Run each part in a process of its own, so that none warms another's caches."""
    for part in PARTS:
        print(f"\n── {part} " + "─" * (60 - len(part)), flush=True)
        subprocess.run([sys.executable, "-m", f"bench.{part}"], check=False)


if __name__ == "__main__":
    main()
