"""Remote-write bodies to measure with, and what the protobuf library takes to read them alone."""

import random
from typing import Any

import cramjam
import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from fullscore.connectors.prometheus.remote_write.tails import SAMPLE

Field = tuple[str, int, int, str]
_KIND = descriptor_pb2.FieldDescriptorProto
SHAPES: dict[str, list[Field]] = {
    "Label": [("name", 1, _KIND.TYPE_STRING, ""), ("value", 2, _KIND.TYPE_STRING, "")],
    "Sample": [("value", 1, _KIND.TYPE_DOUBLE, ""), ("timestamp", 2, _KIND.TYPE_INT64, "")],
    "TimeSeries": [
        ("labels", 1, _KIND.TYPE_MESSAGE, "Label"),
        ("samples", 2, _KIND.TYPE_MESSAGE, "Sample"),
    ],
    "WriteRequest": [("timeseries", 1, _KIND.TYPE_MESSAGE, "TimeSeries")],
}


def _class() -> Any:
    file = descriptor_pb2.FileDescriptorProto(name="plain.proto", package="plain", syntax="proto3")
    for message, fields in SHAPES.items():
        described = file.message_type.add(name=message)
        for name, number, kind, meant in fields:
            label = _KIND.LABEL_REPEATED if meant else _KIND.LABEL_OPTIONAL
            one = described.field.add(name=name, number=number, type=kind, label=label)
            if meant:
                one.type_name = f".plain.{meant}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("plain.WriteRequest"))


WriteRequest = _class()


def labels_of(number: int) -> dict[str, str]:
    """Return the labels of a series as an exporter on a host would have them."""
    return {
        "__name__": f"node_bench_{number % 300}_total",
        "cluster": "production",
        "device": f"eth{number % 300}",
        "instance": f"host-{number // 300:04d}.example.org:9100",
        "job": "node",
        "shard": str(number % 10),
        "block": str(number // 1000),
    }


def body(series: int, samples: int, *, at_ms: int) -> bytes:
    """Return a body as a Prometheus writes it, three values in ten of them 0."""
    dice, request = random.Random(1), WriteRequest()
    for number in range(series):
        one = request.timeseries.add()
        for name, value in sorted(labels_of(number).items()):
            one.labels.add(name=name, value=value)
        for step in range(samples):
            value = 0.0 if dice.random() < 0.3 else dice.random() * 1e9
            one.samples.add(value=value, timestamp=at_ms + 15_000 * step + number % 1000)
    return packed(request.SerializeToString())


def keys(series: int) -> list[bytes]:
    """Return the label bytes of so many series."""
    request = WriteRequest()
    found = []
    for number in range(series):
        one = request.timeseries.add()
        for name, value in sorted(labels_of(number).items()):
            one.labels.add(name=name, value=value)
        found.append(one.SerializeToString())
    return found


def block(names: list[bytes], ts_ms: np.ndarray, values: np.ndarray) -> bytes:
    """Return a body of the values by instant and series; for filling a peer quickly."""
    tails = np.zeros(values.T.shape, SAMPLE)
    tails["tag"], tails["size"], tails["value_tag"], tails["time_tag"] = 18, 16, 9, 16
    tails["value"] = values.T
    spread = sum((ts_ms >> 7 * place & 0x7F) << 8 * place for place in range(6))
    spread |= 0x0080_8080_8080
    tails["low"], tails["high"] = spread & 0xFFFF_FFFF, spread >> 32
    told = (key + row.tobytes() for key, row in zip(names, tails, strict=True))
    return packed(b"".join(b"\x0a" + _varint(len(one)) + one for one in told))


def packed(raw: bytes) -> bytes:
    """Return a body as it goes over the wire."""
    return bytes(cramjam.snappy.compress_raw(raw))


def plainly(received: bytes) -> tuple[list[tuple[tuple[str, str], ...]], list[int], list[float]]:
    """Return labels, instants and values by the protobuf library alone: the measure of ours."""
    request = WriteRequest.FromString(bytes(cramjam.snappy.decompress_raw(received)))
    names, ts_ms, values = [], [], []
    for one in request.timeseries:
        names.append(tuple((label.name, label.value) for label in one.labels))
        for sample in one.samples:
            ts_ms.append(sample.timestamp)
            values.append(sample.value)
    return names, ts_ms, values


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])
