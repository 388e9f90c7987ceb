"""Names of the code as people read them."""

ACRONYMS = {
    "api", "cpu", "csv", "dns", "gid", "http", "https", "id", "ip", "json", "os", "ram", "smart",
    "snmp", "ssh", "tls", "uid", "uri", "url", "uuid", "vm", "xlsx",
}  # fmt: skip


def titled(name: str) -> str:
    """Return a name as a heading: `ssh_port` becomes “SSH port”, “API token” stays."""
    words = " ".join(w.upper() if w in ACRONYMS else w for w in name.replace("_", " ").split())
    return words[:1].upper() + words[1:]


IRREGULAR = {
    "run": "ran", "say": "said", "see": "saw", "send": "sent", "leave": "left", "undo": "undid",
    "take": "took", "write": "wrote", "hold": "held", "give": "gave", "begin": "began",
    "set": "set", "let": "let", "put": "put", "cut": "cut", "shut": "shut", "split": "split",
    "read": "read", "keep": "kept", "make": "made", "plan": "planned", "stop": "stopped",
    "skip": "skipped", "submit": "submitted", "override": "overrode", "withdraw": "withdrew",
}  # fmt: skip


def past(name: str) -> str:
    """Return a verb as what was done: `acknowledge` becomes “acknowledged”."""
    first, *rest = name.split("_")
    stem = first[:-1] + "i" if first.endswith("y") else first.removesuffix("e")
    return " ".join([IRREGULAR.get(first, f"{stem}ed"), *rest])
