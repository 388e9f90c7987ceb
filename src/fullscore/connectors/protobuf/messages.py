"""Messages described in a table, as classes of the protobuf library; no generated code.

Only what is read need be described: what is not is passed over, and makes no objects.
"""

from collections.abc import Mapping
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_FIELD = descriptor_pb2.FieldDescriptorProto
STRING, BYTES, MESSAGE, BOOL = (
    _FIELD.TYPE_STRING,
    _FIELD.TYPE_BYTES,
    _FIELD.TYPE_MESSAGE,
    _FIELD.TYPE_BOOL,
)
DOUBLE, INT32, INT64, UINT32 = (
    _FIELD.TYPE_DOUBLE,
    _FIELD.TYPE_INT32,
    _FIELD.TYPE_INT64,
    _FIELD.TYPE_UINT32,
)
FIXED64, SFIXED64 = _FIELD.TYPE_FIXED64, _FIELD.TYPE_SFIXED64

# Message → field → (number, type, is repeated, message meant)
Shapes = Mapping[str, Mapping[str, tuple[int, int, bool, str]]]


def classes(package: str, shapes: Shapes, *, has_presence: bool = False) -> dict[str, Any]:
    """Return a class for each message of the table.

    With `has_presence` every field knows whether it was sent, as in proto2; texts are then best
    described as bytes, because that version does not check that they are UTF-8.
    """
    # A pool of its own, so that no other package's messages can clash with these.
    pool = descriptor_pool.DescriptorPool()
    pool.Add(_file(package, shapes, "proto2" if has_presence else "proto3"))
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.{name}"))
        for name in shapes
    }


def _file(package: str, shapes: Shapes, syntax: str) -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(
        name=f"{package}.proto", package=package, syntax=syntax
    )
    for message, shape in shapes.items():
        described = file.message_type.add(name=message)
        for name, (number, kind, is_repeated, meant) in shape.items():
            label = _FIELD.LABEL_REPEATED if is_repeated else _FIELD.LABEL_OPTIONAL
            one = described.field.add(name=name, number=number, type=kind, label=label)
            if meant:
                one.type_name = f".{package}.{meant}"
    return file
