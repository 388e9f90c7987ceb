"""Where cables lead: through patch panels to what is beyond them. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Record = Mapping[str, Any]
End = tuple[str, str]  # what sort of thing a cable ends on, and its id
MOST_STEPS = 1000  # of one trace; panels may be wired in circles
INTERFACE, CIRCUIT = "dcim.interface", "circuits.circuittermination"
FRONT, REAR = "dcim.frontport", "dcim.rearport"
PORT, OUTLET, FEED = "dcim.powerport", "dcim.poweroutlet", "dcim.powerfeed"
# Of what hangs on something else, whose it is.
OWNERS = {
    "dcim/power-ports": (PORT, "device", "dcim/devices"),
    "dcim/power-outlets": (OUTLET, "device", "dcim/devices"),
    "circuits/circuit-terminations": (CIRCUIT, "circuit", "circuits/circuits"),
}


def links(records: Sequence[tuple[str, Record]]) -> dict[str, list[tuple[str, str]]]:
    """Return, by ref, what things are connected to and powered by; each connection once."""
    cabling = _Cabling(records)
    made: dict[str, dict[tuple[str, str], None]] = {}
    joined: set[frozenset[str]] = set()
    for start in list(cabling.cables):
        for end in cabling.reached(start):
            one, other = cabling.ref(start), cabling.ref(end)
            if not one or not other or one == other:
                continue
            if start[0] == PORT and end[0] in (OUTLET, FEED):
                made.setdefault(one, {})["powered_by", other] = None
            is_network = start[0] == INTERFACE and end[0] in (INTERFACE, CIRCUIT)
            if is_network and frozenset((one, other)) not in joined:
                joined.add(frozenset((one, other)))
                made.setdefault(one, {})["connects", other] = None
    return {ref: list(told) for ref, told in made.items()}


class _Cabling:
    """All cables, and how the ports of patch panels go through."""

    def __init__(self, records: Sequence[tuple[str, Record]]) -> None:
        self.cables: dict[End, list[End]] = {}
        self.behind: dict[End, list[tuple[End, int]]] = {}  # front port → rear port, position
        self.fronts: dict[End, dict[int, End]] = {}  # rear port → front port by position
        self.owner: dict[End, str] = {}
        for endpoint, record in records:
            if endpoint == "dcim/cables":
                self._lay(record)
            elif endpoint == "dcim/front-ports":
                self._pass(record)
            elif endpoint in OWNERS:
                sort, name, path = OWNERS[endpoint]
                if owner := key_of(record.get(name)):
                    self.owner[sort, key_of(record)] = f"{path}/{owner}"

    def _lay(self, record: Record) -> None:
        one, other = (list(_ends(record, side)) for side in ("a", "b"))
        for a in one:
            for b in other:
                if a != b:
                    self.cables.setdefault(a, []).append(b)
                    self.cables.setdefault(b, []).append(a)

    def _pass(self, record: Record) -> None:
        """Learn which rear port a front port is behind; of NetBox 4.5 and later, which ones."""
        front = (FRONT, key_of(record))
        told = record.get("rear_ports")
        pairs = [(record.get("rear_port"), record.get("rear_port_position"))]
        if isinstance(told, list):
            pairs = [(one.get("rear_port"), one.get("rear_port_position"))
                     for one in told if isinstance(one, Mapping)]  # fmt: skip
        for port, at in pairs:
            position = int(str(at)) if str(at).isdecimal() else 1
            if key := key_of(port):
                self.behind.setdefault(front, []).append(((REAR, key), position))
                self.fronts.setdefault((REAR, key), {})[position] = front

    def ref(self, end: End) -> str:
        """Return the ref of the thing that an end is or hangs on; empty when nobody said."""
        sort, key = end
        if sort == INTERFACE:
            return f"dcim/interfaces/{key}"
        return f"dcim/power-feeds/{key}" if sort == FEED else self.owner.get(end, "")

    def reached(self, start: End) -> list[End]:
        """Return what is at the other end, however many panels lie between.

        Several front ports share the strands of one rear port: whoever goes in at a position comes
        out at that position.
        """
        found: list[End] = []
        seen: set[tuple[End, tuple[int, ...]]] = set()
        front: list[tuple[End, tuple[int, ...]]] = [(start, ())]
        while front and len(seen) < MOST_STEPS:
            at, carried = front.pop()
            for end in self.cables.get(at, ()):
                if (end, carried) in seen or end == start:
                    continue
                seen.add((end, carried))
                if end[0] not in (FRONT, REAR):
                    found.append(end)
                front += self._through(end, carried)
        return found

    def _through(self, end: End, carried: tuple[int, ...]) -> Iterator[tuple[End, tuple[int, ...]]]:
        for rear, position in self.behind.get(end, ()):
            yield rear, (*carried, position)
        ways = self.fronts.get(end, {})
        if carried and carried[-1] in ways:
            yield ways[carried[-1]], carried[:-1]
        elif not carried and len(ways) == 1:
            yield next(iter(ways.values())), ()


def key_of(value: Any) -> str:
    """Return the id of a related record, or the bare id."""
    return str(value.get("id") or "") if isinstance(value, Mapping) else str(value or "")


def _ends(record: Record, side: str) -> Iterator[End]:
    listed = record.get(f"{side}_terminations")
    if isinstance(listed, list):
        pairs = [
            (e.get("object_type"), e.get("object_id")) for e in listed if isinstance(e, Mapping)
        ]
    else:
        end = record.get(f"termination_{side}")
        number = key_of(end) or record.get(f"termination_{side}_id")
        pairs = [(record.get(f"termination_{side}_type"), number)]
    yield from ((str(sort), str(key)) for sort, key in pairs if sort and key)
