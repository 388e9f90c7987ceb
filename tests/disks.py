"""Volumes that are really small."""

import subprocess

import pytest


@pytest.fixture
def small_disk(tmp_path):
    """Return a folder on a file system of 1 MB, where this machine lets us mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(place)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("this machine lets us mount no file system")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)
