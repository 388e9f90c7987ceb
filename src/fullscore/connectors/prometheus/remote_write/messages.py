"""The messages of remote-write 1.0 as classes of the protobuf library; no generated code.

Only what is read has fields. Exemplars and histograms stay bytes, because they are only counted;
labels within a series stay bytes, because a series is known by them as they came.
Source: Prometheus Remote-Write 1.0 specification, section Protocol.
"""

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "fullscore.prometheus"
_FIELD = descriptor_pb2.FieldDescriptorProto
STRING, BYTES = _FIELD.TYPE_STRING, _FIELD.TYPE_BYTES
DOUBLE, INT64, MESSAGE = _FIELD.TYPE_DOUBLE, _FIELD.TYPE_INT64, _FIELD.TYPE_MESSAGE
# Message → field → (number, type, is repeated, message meant)
SHAPES: dict[str, dict[str, tuple[int, int, bool, str]]] = {
    "Label": {"name": (1, STRING, False, ""), "value": (2, STRING, False, "")},
    "Labels": {"labels": (1, MESSAGE, True, "Label")},
    "Sample": {"value": (1, DOUBLE, False, ""), "timestamp": (2, INT64, False, "")},
    "Series": {
        "labels": (1, BYTES, True, ""),
        "samples": (2, MESSAGE, True, "Sample"),
        "exemplars": (3, BYTES, True, ""),
        "histograms": (4, BYTES, True, ""),
    },
}


def _pool() -> descriptor_pool.DescriptorPool:
    """Return a pool of our own, so that no other package's messages can clash with these."""
    file = descriptor_pb2.FileDescriptorProto(name="write.proto", package=PACKAGE, syntax="proto3")
    for message, shape in SHAPES.items():
        described = file.message_type.add(name=message)
        for name, (number, kind, is_repeated, meant) in shape.items():
            label = _FIELD.LABEL_REPEATED if is_repeated else _FIELD.LABEL_OPTIONAL
            one = described.field.add(name=name, number=number, type=kind, label=label)
            if meant:
                one.type_name = f".{PACKAGE}.{meant}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return pool


def _class(pool: descriptor_pool.DescriptorPool, name: str) -> Any:
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.{name}"))


_POOL = _pool()
Labels = _class(_POOL, "Labels")
Series = _class(_POOL, "Series")
