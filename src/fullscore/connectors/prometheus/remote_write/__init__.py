"""Remote-write 1.0: what a Prometheus, or an agent that speaks like one, sends to be stored.

A sender repeats its series: next time the same label bytes come with one new sample. So the label
bytes serve as a key, and a message that is a known key and a proper sample needs no parsing at all:
one loop finds the messages (`splitting`), and NumPy reads all their samples at once (`tails`).
Whatever is not exactly that goes to the protobuf library, one series at a time, so that memory
stays within what was sent (`parsing`).
Source: Prometheus Remote-Write 1.0 specification.
"""

from fullscore.connectors.prometheus.remote_write.contract import WriteBatch, WriteLimits
from fullscore.connectors.prometheus.remote_write.decoding import decode, labels

__all__ = ["WriteBatch", "WriteLimits", "decode", "labels"]
