"""The guard of outgoing calls: an address that a person can enter is looked up once and checked.

Whoever may name an address could otherwise make this installation, which stands inside the
network, fetch for them what only insiders may see (server-side request forgery).
"""

import queue
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_network

from fullscore.connectors.addresses import Network, objection
from fullscore.connectors.base import Deadline, Refused, Unreachable

WEB_PORTS = frozenset({80, 443, 8080, 8443})
ANY_PORT = frozenset(range(1, 65536))
PRIVATE = tuple(
    map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"))
)

Lookup = Callable[[str, int], Sequence[str]]


def look_up(host: str, port: int) -> Sequence[str]:
    """Return every address the system has for a host name; raises OSError when there is none."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


@dataclass(frozen=True, slots=True)
class Guard:
    """What an operator permits to calls made for somebody: networks, ports, own authorities.

    `allowed` opens networks that are otherwise refused, `ca_bundle` is a PEM file trusted besides
    the system's authorities.
    """

    allowed: tuple[Network, ...] = ()
    ports: frozenset[int] = WEB_PORTS
    ca_bundle: str = ""
    look_up: Lookup = look_up

    def addresses(self, host: str, port: int, *, deadline: Deadline) -> Sequence[str]:
        """Return the addresses to connect to, each checked; connect to them, never to the name.

        One lookup, so that a name cannot be harmless when checked and something else when used.
        One bad answer among good ones refuses them all. Raises Refused and Unreachable.
        """
        if port not in self.ports:
            raise Refused(f"Port {port} is not among the ports that calls may go to.")
        found = self._found(host, port, deadline)
        for address in found:
            if why := objection(address, self.allowed):
                raise Refused(
                    f"{host} leads to {address}, {why}; an operator can allow that network."
                )
        return found

    def _found(self, host: str, port: int, deadline: Deadline) -> Sequence[str]:
        """Look the name up in a thread: the system's resolver has no time limit of its own."""
        answers: queue.SimpleQueue[Sequence[str] | Exception] = queue.SimpleQueue()

        def ask() -> None:
            try:
                answers.put(self.look_up(host, port))
            except (OSError, UnicodeError) as error:  # UnicodeError: not writable as a host name
                answers.put(error)

        threading.Thread(target=ask, name="look-up", daemon=True).start()
        try:
            found = answers.get(timeout=deadline.left_seconds())
        except queue.Empty as error:
            raise Unreachable(f"The name {host} could not be looked up in time.") from error
        if isinstance(found, Exception):
            raise Unreachable(f"The name {host} has no address.") from found
        if not found:
            raise Unreachable(f"The name {host} has no address.")
        return found


def for_known_hosts(allowed: str) -> Guard:
    """Return the guard for hosts that prove who they are, by a trusted key or a certificate.

    Those stand in private networks and on odd ports, so both are open; this machine and a cloud's
    metadata stay closed. `allowed` lists the operator's own networks, by commas or blanks.
    """
    own = map(ip_network, allowed.replace(",", " ").split())
    return Guard(allowed=(*own, *PRIVATE), ports=ANY_PORT)
