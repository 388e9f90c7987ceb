"""From a body to its samples, whatever its format."""

from collections.abc import Container

from fullscore.connectors.otlp import binary, text
from fullscore.connectors.otlp.answers import Format
from fullscore.connectors.otlp.contract import OtlpBatch, OtlpLimits


def decode(
    body: bytes,
    format: Format,
    *,
    known: Container[bytes] = frozenset(),
    limits: OtlpLimits = OtlpLimits(),
) -> OtlpBatch:
    """Return the samples of an unpacked ExportMetricsServiceRequest. Raises Garbled.

    Keys in `known` are of an earlier batch; they are not named again. Instants are as they were
    sent, whatever they are. Points that cannot be kept are left out and counted.
    """
    reading = text.Reading if format is Format.JSON else binary.Reading
    return reading(body, known, limits).request().read()
