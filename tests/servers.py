"""Real servers for tests, on loopback, each with a data folder of its own."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

POSTGRESQL_FOLDERS = [Path("/usr/lib/postgresql"), Path("/usr/local/pgsql")]
UNSAFE_BUT_FAST = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]


def free_port() -> int:
    """Return a TCP port on loopback that nobody listens on now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def postgresql() -> Iterator[str]:
    """Run a PostgreSQL server and yield the URL of an empty database; skip where there is none.

    The server refuses to run as root, so then it runs as `postgres` (Debian's account).
    """
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="fullscore-postgresql-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        port = free_port()
        _run(
            [
                programs / "initdb",
                *("--pgdata", folder / "data", "--username", "fullscore"),
                *("--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync"),
            ]
        )
        settings = [
            f"port={port}",
            "listen_addresses=127.0.0.1",
            f"unix_socket_directories={folder}",
        ]
        options = " ".join(f"-c {setting}" for setting in [*settings, *UNSAFE_BUT_FAST])
        control = [programs / "pg_ctl", "--pgdata", folder / "data", "-w"]
        _run([*control, "--log", folder / "log", "--options", options, "start"])
        try:
            yield f"postgresql://fullscore@127.0.0.1:{port}/postgres"
        finally:
            _run([*control, "--mode", "immediate", "stop"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    for folder in POSTGRESQL_FOLDERS:
        for initdb in sorted(folder.glob("**/bin/initdb"), reverse=True):
            return initdb.parent
    pytest.skip("PostgreSQL is not installed here")


def _run(command: list[str | Path]) -> None:
    drop = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    prefix = drop if os.geteuid() == 0 else []
    # Output to a file, not a pipe: the server inherits it and would keep a pipe open.
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(
            [*prefix, *map(str, command)], stdout=output, stderr=output, cwd="/", timeout=60
        )
        output.seek(0)
        assert done.returncode == 0, output.read()
