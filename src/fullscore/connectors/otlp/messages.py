"""The messages of OTLP metrics, as far as they are read, and those of the answers.

Attributes of points and resources stay bytes, because a series is known by them as they came; of
exemplars nothing is read. Every field knows whether it was sent; texts are bytes, checked by us.
Source: opentelemetry-proto 1.x (common, metrics and collector), and google.rpc.Status.
"""

from fullscore.connectors.protobuf.messages import (
    BOOL,
    BYTES,
    DOUBLE,
    FIXED64,
    INT32,
    INT64,
    MESSAGE,
    SFIXED64,
    UINT32,
    classes,
)

_CLASSES = classes(
    "fullscore.otlp",
    {
        "Resource": {"attributes": (1, BYTES, True, "")},
        "Scope": {"name": (1, BYTES, False, "")},
        "NumberDataPoint": {
            "start_time_unix_nano": (2, FIXED64, False, ""),
            "time_unix_nano": (3, FIXED64, False, ""),
            "as_double": (4, DOUBLE, False, ""),
            "as_int": (6, SFIXED64, False, ""),
            "attributes": (7, BYTES, True, ""),
            "flags": (8, UINT32, False, ""),
        },
        "HistogramDataPoint": {
            "start_time_unix_nano": (2, FIXED64, False, ""),
            "time_unix_nano": (3, FIXED64, False, ""),
            "count": (4, FIXED64, False, ""),
            "sum": (5, DOUBLE, False, ""),
            "bucket_counts": (6, FIXED64, True, ""),
            "explicit_bounds": (7, DOUBLE, True, ""),
            "attributes": (9, BYTES, True, ""),
            "flags": (10, UINT32, False, ""),
        },
        "KeyValue": {"key": (1, BYTES, False, ""), "value": (2, MESSAGE, False, "AnyValue")},
        "AnyValue": {
            "string_value": (1, BYTES, False, ""),
            "bool_value": (2, BOOL, False, ""),
            "int_value": (3, INT64, False, ""),
            "double_value": (4, DOUBLE, False, ""),
            "array_value": (5, MESSAGE, False, "ArrayValue"),
            "kvlist_value": (6, MESSAGE, False, "KeyValueList"),
            "bytes_value": (7, BYTES, False, ""),
        },
        "ArrayValue": {"values": (1, MESSAGE, True, "AnyValue")},
        "KeyValueList": {"values": (1, MESSAGE, True, "KeyValue")},
        "Response": {"partial_success": (1, MESSAGE, False, "PartialSuccess")},
        "PartialSuccess": {
            "rejected_data_points": (1, INT64, False, ""),
            "error_message": (2, BYTES, False, ""),
        },
        "Status": {"code": (1, INT32, False, ""), "message": (2, BYTES, False, "")},
    },
    has_presence=True,
)
Resource, Scope = _CLASSES["Resource"], _CLASSES["Scope"]
NumberDataPoint, HistogramDataPoint = _CLASSES["NumberDataPoint"], _CLASSES["HistogramDataPoint"]
KeyValue, Response, Status = _CLASSES["KeyValue"], _CLASSES["Response"], _CLASSES["Status"]
