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
    place = shared_memory if shared_memory.is_dir() else None
    with tempfile.TemporaryDirectory(dir=place) as folder:
        yield lambda: f"parquet://{tempfile.mkdtemp(dir=folder)}"


def examples(many: int) -> int:
    """Return how many histories to invent: on ClickHouse each takes seconds."""
    return max(3, many // 10) if os.environ.get(VARIABLE) else many
