"""Who is believed about what: the record, or what is seen. One table, one place.

The record is *intended*; *actual* is what a source sees. Where they differ, the attribute's policy
decides: `observed` takes over what is seen, `ask` opens a difference that a person decides, and
for what is not named here the record stands: nobody but people knows an owner or a criticality.
"""

from typing import Any, Literal

Policy = Literal["observed", "ask"]

POLICIES: dict[str, Policy] = {
    "os": "observed",
    "os_version": "observed",
    "kernel": "observed",
    "cpu_count": "observed",
    "memory_bytes": "observed",
    "serial": "observed",
    "name": "ask",
    "identity": "ask",
}
# What may be written into the record when a difference is accepted.
WRITABLE = frozenset({"name"})


def agrees(attribute: str, intended: Any, actual: Any) -> bool:
    """Say whether two values mean the same; a host may be recorded by its short or full name."""
    if attribute != "name":
        return bool(intended == actual)
    one, other = str(intended).lower().rstrip("."), str(actual).lower().rstrip(".")
    return one == other or one.startswith(f"{other}.") or other.startswith(f"{one}.")
