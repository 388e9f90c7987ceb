"""Names of metrics and labels, texts of attribute values, units: as all else here says them.

Dots and whatever else Prometheus does not allow in a name become underscores; no unit and no
`_total` is appended, because unit and kind stand in the metric.
"""

import base64
import json
import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

_NOT_IN_NAMES, _NOT_IN_LABELS = re.compile(r"[^a-zA-Z0-9_:]"), re.compile(r"[^a-zA-Z0-9_]")
_ANNOTATION = re.compile(r"\{[^{}]*\}")
UNIT_LETTERS = 12
SCOPE = "otel_scope_name"

# What describes a resource and never tells it from another: as a label it would only make new
# series with each update. By OpenTelemetry's conventions for resources.
DESCRIPTIVE = (
    "telemetry.",
    "os.",
    "process.command",
    "process.runtime.",
    "process.executable.path",
    "process.owner",
    "process.parent_pid",
    "process.creation.time",
    "host.arch",
    "host.type",
    "host.image.",
    "host.cpu.",
    "host.ip",
    "host.mac",
    "container.image.",
    "container.runtime",
    "container.command",
    "service.version",
    "k8s.pod.start_time",
    "webengine.",
    "faas.version",
)

Attributes = Iterable[tuple[str, Any]]


def metric(name: str) -> str:
    """Return a metric's name with nothing in it but letters, digits, underscores and colons."""
    return _NOT_IN_NAMES.sub("_", name)


def unit(code: str) -> str:
    """Return a UCUM code without its annotations: `{request}` is 1, `{packet}/s` is 1/s.

    Empty for one that is longer than any that is known here.
    """
    plain = _ANNOTATION.sub("", code).strip()
    if plain.startswith("/") or (code and not plain):
        plain = f"1{plain}"
    return plain if len(plain) <= UNIT_LETTERS and plain.isprintable() else ""


def labels(attributes: Attributes) -> dict[str, str]:
    """Return labels; where two attributes become one label their values are joined by “;”."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, value in sorted(attributes, key=lambda pair: pair[0]):
        if name and (told := text(value)):
            found[_NOT_IN_LABELS.sub("_", name)].append(told)
    return {name: ";".join(values) for name, values in found.items()}


def telling(attributes: Attributes) -> list[tuple[str, Any]]:
    """Return the attributes that tell a resource from others."""
    return [(name, value) for name, value in attributes if not name.startswith(DESCRIPTIVE)]


def text(value: Any) -> str:
    """Return an attribute's value as text: lists and maps as JSON, bytes in base64."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bytes):
        return _in_base64(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_in_base64)


def bound(value: float) -> str:
    """Return the upper bound of a bucket as Prometheus writes it: 0.005, 10, +Inf."""
    return "+Inf" if value == float("inf") else repr(value).removesuffix(".0")


def _in_base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
