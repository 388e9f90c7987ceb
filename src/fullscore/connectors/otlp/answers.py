"""What a sender is told, in the format it speaks: taken, taken in part, or not and why.

Source: OpenTelemetry Protocol specification 1.x, sections Partial Success and Failures.
"""

import json
from enum import StrEnum

from fullscore.connectors.otlp import messages

# google.rpc.Code by HTTP status, as google/rpc/code.proto pairs them.
CODES = {400: 3, 401: 16, 403: 7, 404: 5, 413: 3, 415: 3, 429: 8, 500: 13, 503: 14}
UNKNOWN = 2


class Format(StrEnum):
    """How a body is written, by its content type."""

    PROTOBUF = "application/x-protobuf"
    JSON = "application/json"


def format_of(content_type: str) -> Format | None:
    """Return the format a content type names; None for any other."""
    named = content_type.partition(";")[0].strip().lower()
    return next((one for one in Format if one == named), None)


def accepted(format: Format, *, rejected: int = 0, why: str = "") -> bytes:
    """Return an ExportMetricsServiceResponse; whole success is an empty one."""
    if format is Format.JSON:
        told = {"rejectedDataPoints": str(rejected), "errorMessage": why}
        return json.dumps({"partialSuccess": told} if rejected else {}).encode()
    answer = messages.Response()
    if rejected:
        answer.partial_success.rejected_data_points = rejected
        answer.partial_success.error_message = why.encode()
    return bytes(answer.SerializeToString())


def failed(format: Format, *, status: int, why: str) -> bytes:
    """Return a google.rpc.Status."""
    code = CODES.get(status, UNKNOWN)
    if format is Format.JSON:
        return json.dumps({"code": code, "message": why}).encode()
    return bytes(messages.Status(code=code, message=why.encode()).SerializeToString())
