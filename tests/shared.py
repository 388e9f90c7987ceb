"""Where the shared cases and public data lie.

A test that needs them skips only when they are absent.
"""

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("FULLSCORE_SHARED", Path(__file__).parents[2] / "shared"))


def shared_data(*parts: str) -> Path:
    """Return the path of one shared data file, or skip the test that asked for it."""
    path = SHARED.joinpath("data", *parts)
    if not path.exists():
        pytest.skip(
            f"shared data {'/'.join(parts)} is not here: set FULLSCORE_SHARED to its folder"
        )
    return path
