"""Make `.venv` on a machine that has Python 3.11 and nothing else: no pip, no venv, no compiler.

Usage: python3 deploy/setup.py [--group dev] [--group build]

With UV_COMPILE_BYTECODE=1 all modules are compiled at once: for a program that is run by an account
that may not write here, which else would compile them at each start.

uv does the work from `uv.lock`, whose every file is pinned by hash. Where uv is missing, its wheel
is fetched from the package index (PIP_INDEX_URL or UV_DEFAULT_INDEX, else PyPI) and checked against
the hash below.
"""

import compileall
import hashlib
import io
import json
import os
import platform
import shutil
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path
from urllib.parse import urljoin

ROOT = Path(__file__).resolve().parents[1]
UV = "0.13.9"
WHEELS = {
    "x86_64": "d7f459fe4fd247d830351c75686d3996ace3c6f3f728eb0e85a30b7ada0cef19",
    "aarch64": "ecb6028d79dc96fbeafffe5c8af62a7099487ebc05a701e76714eebcffd06375",
}
INDEX = (
    os.environ.get("UV_DEFAULT_INDEX")
    or os.environ.get("PIP_INDEX_URL")
    or "https://pypi.org/simple"
)


def main() -> None:
    """Bring `.venv` to what the lock file says."""
    if sys.version_info < (3, 11):  # noqa: UP036  runs before anything checked the interpreter
        sys.exit(f"Fullscore needs Python 3.11 or newer; this is {platform.python_version()}.")
    uv = shutil.which("uv") or fetched_uv()
    environment = {**os.environ, "UV_PYTHON": sys.executable, "UV_PYTHON_DOWNLOADS": "never"}
    environment["UV_LINK_MODE"] = "copy"
    command = [uv, "sync", "--frozen", "--no-default-groups", "--inexact", *sys.argv[1:]]
    print("Installing what uv.lock lists into .venv …", flush=True)
    done = subprocess.run(command, cwd=ROOT, env=environment)
    if done.returncode:
        sys.exit("The packages could not be installed; what uv said stands above.")
    if os.environ.get("UV_COMPILE_BYTECODE"):
        compileall.compile_dir(ROOT / "src", quiet=1, workers=0)


def fetched_uv() -> str:
    """Return the path of uv, fetched once into `.venv-tools`."""
    kept = ROOT / ".venv-tools" / f"uv-{UV}"
    if not kept.exists():
        wheel = download()
        kept.parent.mkdir(exist_ok=True)
        with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
            content = archive.read(f"uv-{UV}.data/scripts/uv")
        fresh = kept.with_suffix(f".{os.getpid()}")
        fresh.write_bytes(content)
        fresh.chmod(0o755)
        fresh.replace(kept)
    return str(kept)


def download() -> bytes:
    """Return the wheel for this machine; whatever the index sends, the hash decides."""
    wanted = WHEELS.get(platform.machine())
    if wanted is None:
        sys.exit(f"No uv is known for {platform.machine()}: install uv {UV} and run this again.")
    page = urljoin(INDEX.rstrip("/") + "/", "uv/")
    kinds = {"Accept": "application/vnd.pypi.simple.v1+json"}
    asked = urllib.request.Request(page, headers=kinds)  # noqa: S310  the operator's own index
    print(f"Fetching uv {UV} from {page} …", flush=True)
    try:
        with urllib.request.urlopen(asked, timeout=60) as answer:  # noqa: S310  the operator's own index
            files = json.load(answer)["files"]
        found = next(f for f in files if f["hashes"].get("sha256") == wanted)
        with urllib.request.urlopen(urljoin(page, found["url"]), timeout=300) as answer:  # noqa: S310
            wheel: bytes = answer.read()
    except (OSError, ValueError, KeyError, StopIteration) as error:
        sys.exit(
            f"uv {UV} could not be fetched ({error!r}): install it yourself and run this again."
        )
    if hashlib.sha256(wheel).hexdigest() != wanted:
        sys.exit("The index sent another file than the one we know: nothing was installed.")
    return wheel


if __name__ == "__main__":
    main()
