"""Which addresses a request made for somebody may not reach. Pure: no lookup, no socket.

Source: IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890 and its updates). Written
out because Python's own `is_private` and `is_global` changed their meaning between releases.
"""

from collections.abc import Iterable, Iterator
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_SPECIAL: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("this machine", ("127.0.0.0/8", "::1/128")),
    ("an unspecified address", ("0.0.0.0/8", "::/128")),
    (
        "a private network",
        ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"),
    ),
    ("a link-local address", ("169.254.0.0/16", "fe80::/10")),
    ("a multicast address", ("224.0.0.0/4", "ff00::/8")),
    (
        "a reserved address",
        (
            "192.0.0.0/24",  # protocol assignments
            "192.0.2.0/24",  # documentation, as the next two
            "198.51.100.0/24",
            "203.0.113.0/24",
            "192.88.99.0/24",  # 6to4 relays, withdrawn by RFC 7526
            "198.18.0.0/15",  # benchmarks
            "240.0.0.0/4",  # future use and broadcast
            "2001::/23",  # protocol assignments, among them Teredo, which hides an IPv4 address
            "2001:db8::/32",  # documentation, as the next
            "3fff::/20",
        ),
    ),
)
_KINDS: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(network), kind) for kind, networks in _SPECIAL for network in networks
)
_IPV6_IN_USE = IPv6Network("2000::/3")  # all that IANA has given out as global unicast

# What a cloud tells its own machines: keys, among other things. The last has a public address.
METADATA: frozenset[Address] = frozenset(
    ip_address(text)
    for text in (
        "169.254.169.254",
        "fd00:ec2::254",  # Amazon
        "fd20:ce::254",  # Google
        "100.100.100.200",  # Alibaba
        "192.0.0.192",  # Oracle
        "168.63.129.16",  # Azure
    )
)

# Where an IPv6 address carries an IPv4 one: the network, and the bits right of the carried part.
_CARRIERS: tuple[tuple[IPv6Network, int], ...] = (
    (IPv6Network("::/96"), 0),  # IPv4-compatible, RFC 4291
    (IPv6Network("::ffff:0:0:0/96"), 0),  # IPv4-translated, RFC 2765
    (IPv6Network("64:ff9b::/96"), 0),  # NAT64, RFC 6052
    (IPv6Network("2002::/16"), 80),  # 6to4, RFC 3056
)
_NAT64 = IPv6Network("64:ff9b::/96")


def read(text: str) -> Address | None:
    """Return the address written in `text` as the system connects to it, None for a name.

    An IPv4-mapped address (`::ffff:10.0.0.1`) is the IPv4 address: the kernel speaks IPv4 to it.
    """
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


def lies_in(address: Address, networks: Iterable[Network]) -> bool:
    """Say whether any of the networks holds the address."""
    return any(address in network for network in networks)


def objection(text: str, allowed: Iterable[Network] = ()) -> str | None:
    """Return what speaks against connecting to an address, as `a private network`; None if nothing.

    `allowed` holds the networks an operator has opened. A metadata service is open only where it
    is named alone (/32, /128): nobody who opens 169.254.0.0/16 means to give away the keys.
    """
    address = read(text)
    if address is None:
        return "not an address"
    opened = tuple(allowed)
    meanings = (address, *_carried(address))
    if METADATA.intersection(map(_without_zone, meanings)):
        alone = [network for network in opened if network.num_addresses == 1]
        return None if lies_in(address, alone) else "a cloud's metadata service"
    if lies_in(address, opened):
        return None
    return next(filter(None, map(_kind, meanings)), None)


def _carried(address: Address) -> Iterator[IPv4Address]:
    """Yield the IPv4 address that a translator or tunnel would make of an IPv6 one."""
    if isinstance(address, IPv6Address):
        for network, shift in _CARRIERS:
            if address in network:
                yield IPv4Address(int(address) >> shift & 0xFFFFFFFF)


def _kind(address: Address) -> str | None:
    """Return the special use of an address, None for an ordinary public one."""
    for network, kind in _KINDS:
        if address in network:
            return kind
    is_ordinary = address.version == 4 or address in _IPV6_IN_USE or address in _NAT64
    return None if is_ordinary else "a reserved address"


def _without_zone(address: Address) -> Address:
    """Return `fe80::1` for `fe80::1%eth0`: the zone makes them unequal."""
    return IPv6Address(int(address)) if isinstance(address, IPv6Address) else address
