"""Which sample store the rules are tested on: Parquet, or the ClickHouse the environment names."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

VARIABLE = "FULLSCORE_TEST_SAMPLES"  # chdb:///folder or clickhouse://host:port


@contextmanager
def addresses() -> Iterator[Callable[[], str]]:
    """Yield what returns the address of an empty store, each time of another one."""
    if base := os.environ.get(VARIABLE):
        yield lambda: f"{base}?database=test_{uuid4().hex}"
        return
    shared_memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared_memory if shared_memory.is_dir() else None) as base:
        yield lambda: f"parquet://{tempfile.mkdtemp(dir=base)}"
