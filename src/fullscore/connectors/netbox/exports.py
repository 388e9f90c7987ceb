"""A folder of exports, zipped: JSON as the interface gives it, or CSV as the lists export it."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any
from zipfile import BadZipFile, ZipFile

from fullscore.connectors.base import Garbled
from fullscore.connectors.netbox.parse import ENDPOINTS

MOST_ENTRIES, MOST_RATIO, MOST_UNPACKED = 10_000, 200, 512 * 1024 * 1024
# A file is known by the last word of its endpoint: devices.json, netbox_devices.csv
NAMES = {path.split("/")[1].replace("-", "_"): path for path in reversed(ENDPOINTS)} | {
    "vm_interfaces": "virtualization/interfaces",
    "virtualization_interfaces": "virtualization/interfaces",
}


def records(content: bytes) -> list[tuple[str, Mapping[str, Any]]]:
    """Return (endpoint, record) pairs of a zipped folder, in the order of the endpoints.

    Raises Garbled for what is no archive, unpacks to too much, or holds no export.
    """
    try:
        with ZipFile(io.BytesIO(content)) as archive:
            _refuse_bomb(archive, len(content))
            files = {i.filename: archive.read(i) for i in archive.infolist() if not i.is_dir()}
    except (BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError) as error:
        raise Garbled(f"The archive cannot be read: {error}.") from error
    found = [(path, one) for name, text in sorted(files.items())
             if (path := endpoint_of(name)) for one in read(name, text)]  # fmt: skip
    if not found:
        wanted = ", ".join(f"{name}.json" for name in ("sites", "racks", "devices", "interfaces"))
        raise Garbled(f"There is no export in it: files are called {wanted} …, or .csv.")
    order = {path: place for place, path in enumerate(ENDPOINTS)}
    return sorted(found, key=lambda pair: order[pair[0]])


def endpoint_of(name: str) -> str:
    """Return the endpoint that a file was exported from; empty when its name does not say."""
    stem = PurePosixPath(name).stem.lower().replace("-", "_").replace(" ", "_")
    for known, path in sorted(NAMES.items(), key=lambda pair: -len(pair[0])):
        if stem == known or stem.endswith(f"_{known}"):
            return path
    return ""


def _refuse_bomb(archive: ZipFile, size: int) -> None:
    entries = archive.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > MOST_ENTRIES or unpacked > min(MOST_UNPACKED, MOST_RATIO * max(size, 1)):
        raise Garbled(f"The archive unpacks to {unpacked / 2**20:,.0f} MiB, more than is taken.")


def read(name: str, content: bytes) -> Sequence[Mapping[str, Any]]:
    """Return the records of one file."""
    try:
        text = content.decode("utf-8-sig")
        if name.lower().endswith(".csv"):
            return list(_rows(text))
        told = json.loads(text)
    except (UnicodeDecodeError, ValueError, RecursionError, csv.Error) as error:
        raise Garbled(f"{name[:80]} cannot be read: {error}.") from error
    listed = told.get("results") if isinstance(told, dict) else told
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise Garbled(f"{name[:80]} is no list of records.")
    return listed


def _rows(text: str) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of a list's CSV: plain names where the interface has objects."""
    for row in csv.DictReader(io.StringIO(text)):
        told: dict[str, Any] = {
            (key or "").strip().lower().replace(" ", "_"): (value or "").strip()
            for key, value in row.items()
            if isinstance(value, str)
        }
        if told.get("manufacturer"):
            model = told.get("device_type") or told.get("type") or ""
            told["device_type"] = {"model": model, "manufacturer": {"name": told["manufacturer"]}}
        told.setdefault("id", told.get("name") or told.get("cid") or "")
        yield told
