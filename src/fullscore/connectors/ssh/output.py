"""What a host printed, as text that can be stored and shown: untrusted until it went through."""

import re

# Escape sequences of terminals (ECMA-48: CSI, OSC and the short ones), then whatever controls.
_SEQUENCES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def plain(output: bytes) -> str:
    """Return an output as UTF-8 lines without control characters and terminal escapes."""
    text = _SEQUENCES.sub("", output.decode("utf-8", "replace")).replace("\r\n", "\n")
    return _CONTROLS.sub("", text)
