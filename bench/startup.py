"""How long until the first page: `python -m bench.startup`.

Cold: an empty data folder, tables made, this machine read, checks run. Warm: the same folder
again. Both end when a page answers. The limit of a first start is 60 s with set-up, of a later
one 5 s.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[1]
TARGETS = {"cold": 60.0, "warm": 5.0}


def seconds_to_page(home: Path, port: int) -> tuple[float, float]:
    """Start the program on a folder; return the seconds to the printed link and to a page."""
    environment = {**os.environ, "FULLSCORE_HOME": str(home), "PYTHONPATH": str(ROOT / "src")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # as installed: modules are compiled
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "fullscore", "up", "--port", str(port)],
        env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        for line in process.stdout or ():
            if re.search("Stop with", line):
                break
        printed = time.perf_counter() - began
        while True:
            try:
                urllib.request.urlopen(f"http://localhost:{port}/sign-in/", timeout=5)
                return printed, time.perf_counter() - began
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(40)


def main() -> None:
    """Measure a cold and some warm starts, and print them beside their targets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8590)
    parser.add_argument("--warm", type=int, default=3, help="how many warm starts")
    given = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="fullscore-bench-"))
    try:
        print(f"{'start':8}{'link, s':>10}{'page, s':>10}{'target, s':>12}")
        for name in ("cold", *["warm"] * given.warm):
            printed, page = seconds_to_page(home, given.port)
            print(f"{name:8}{printed:10.1f}{page:10.1f}{TARGETS[name]:12.0f}", flush=True)
    finally:
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
