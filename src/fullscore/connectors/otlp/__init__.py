"""OTLP metrics, version 1: what an OpenTelemetry SDK or Collector sends, as protobuf or as JSON.

Two readers (`binary`, `text`) walk a request to its points; one place (`gathering`) makes samples
of them, so that both formats mean the same. A point is known by a digest of everything that names
it, so one that came before is not named again.
Source: OpenTelemetry Protocol specification 1.x and opentelemetry-proto 1.x.
"""

from fullscore.connectors.otlp.answers import Format, accepted, failed, format_of
from fullscore.connectors.otlp.contract import Named, OtlpBatch, OtlpLimits
from fullscore.connectors.otlp.parse import decode

__all__ = [
    "Format",
    "Named",
    "OtlpBatch",
    "OtlpLimits",
    "accepted",
    "decode",
    "failed",
    "format_of",
]
