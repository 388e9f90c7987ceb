"""The messages of remote-write 1.0, as far as they are read.

Exemplars and histograms stay bytes, because they are only counted; labels within a series stay
bytes, because a series is known by them as they came.
Source: Prometheus Remote-Write 1.0 specification, section Protocol.
"""

from fullscore.connectors.protobuf.messages import BYTES, DOUBLE, INT64, MESSAGE, STRING, classes

_CLASSES = classes(
    "fullscore.prometheus",
    {
        "Label": {"name": (1, STRING, False, ""), "value": (2, STRING, False, "")},
        "Labels": {"labels": (1, MESSAGE, True, "Label")},
        "Sample": {"value": (1, DOUBLE, False, ""), "timestamp": (2, INT64, False, "")},
        "Series": {
            "labels": (1, BYTES, True, ""),
            "samples": (2, MESSAGE, True, "Sample"),
            "exemplars": (3, BYTES, True, ""),
            "histograms": (4, BYTES, True, ""),
        },
    },
)
Labels = _CLASSES["Labels"]
Series = _CLASSES["Series"]
