"""Remote-write bodies byte by byte, and what the protobuf library makes of them by itself."""

import struct

import cramjam
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

T0 = 1_780_000_000_000
STALE = struct.unpack("<d", (0x7FF0000000000002).to_bytes(8, "little"))[0]


def varint(number):
    out, number = bytearray(), number % 2**64
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def counted(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def label(name, value):
    return counted(1, counted(1, name.encode()) + counted(2, value.encode()))


def key(*names, **values):
    told = {**{name: "x" for name in names}, **values}
    return b"".join(label(name, value) for name, value in told.items())


def sample(ts_ms=T0, value=1.0):
    bits = struct.pack("<d", value)
    told = b"" if bits == bytes(8) else b"\x09" + bits
    return counted(2, told + b"\x10" + varint(ts_ms))


def series(*parts):
    return counted(1, b"".join(parts))


def packed(raw):
    return bytes(cramjam.snappy.compress_raw(raw))


def _plain_class():
    kind = descriptor_pb2.FieldDescriptorProto
    shapes = {
        "Label": [("name", 1, kind.TYPE_STRING, ""), ("value", 2, kind.TYPE_STRING, "")],
        "Sample": [("value", 1, kind.TYPE_DOUBLE, ""), ("timestamp", 2, kind.TYPE_INT64, "")],
        "TimeSeries": [
            ("labels", 1, kind.TYPE_MESSAGE, "Label"),
            ("samples", 2, kind.TYPE_MESSAGE, "Sample"),
            ("exemplars", 3, kind.TYPE_BYTES, ""),
            ("histograms", 4, kind.TYPE_BYTES, ""),
        ],
        "WriteRequest": [("timeseries", 1, kind.TYPE_MESSAGE, "TimeSeries")],
    }
    file = descriptor_pb2.FileDescriptorProto(name="plain.proto", package="plain", syntax="proto3")
    for message, fields in shapes.items():
        described = file.message_type.add(name=message)
        for name, number, type_, meant in fields:
            is_many = name.endswith("s") or meant in ("TimeSeries",)
            one = described.field.add(
                name=name, number=number, type=type_, label=3 if is_many else 1
            )
            if meant:
                one.type_name = f".plain.{meant}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("plain.WriteRequest"))


Plain = _plain_class()


def plainly(raw):
    """Return the samples and what is skipped by the library alone; None when it refuses."""
    try:
        request = Plain.FromString(raw)
    except DecodeError:
        return None
    samples, skipped = [], 0
    for one in request.timeseries:
        names = [label.name for label in one.labels]
        told = {label.name: label.value for label in one.labels}
        if len(set(names)) < len(names) or "" in told or not told.get("__name__"):
            return None
        labels = tuple(sorted((name, value) for name, value in told.items() if value))
        samples += [(labels, s.timestamp, struct.pack("<d", s.value)) for s in one.samples]
        skipped += len(one.exemplars) + len(one.histograms)
    return samples, skipped
