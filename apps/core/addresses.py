"""Which network addresses our own requests may reach: never metadata services, private networks only when allowed."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

# Metadata and host agents of the clouds that lie outside the link-local range.
_METADATA = frozenset(map(ip_address, ("100.100.100.200", "168.63.129.16", "fd00:ec2::254", "192.0.0.192")))
_METADATA_NAMES = frozenset(
    ("metadata", "metadata.goog", "metadata.google.internal", "metadata.tencentyun.com", "instance-data")
)
# An IPv4 address stands in the last 32 bits: NAT64, and the old "compatible" form.
_EMBEDDING = (ip_network("64:ff9b::/96"), ip_network("::/96"))
# Inside networks of others, and yet global for the standard library: NAT64 of one's own, and site-local addresses.
_INSIDE = (ip_network("64:ff9b:1::/48"), ip_network("fec0::/10"))


def is_reachable(text: str, *, allow_private: bool) -> bool:
    """True if a connection to this literal address is permitted."""
    address = _unwrapped(ip_address(text.partition("%")[0]))
    if address in _METADATA or address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    if any(address in network for network in _INSIDE):
        return allow_private
    return address.is_global or (allow_private and (address.is_private or _is_shared(address)))


def is_metadata_name(host: str) -> bool:
    """True for the names by which clouds call their metadata services."""
    name = host.lower().rstrip(".")
    return name in _METADATA_NAMES or name.startswith("instance-data.")


def _unwrapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address inside an IPv6 form that routes to it."""
    if isinstance(address, IPv4Address):
        return address
    if address.is_loopback or address.is_unspecified:
        return address
    if any(address in network for network in _EMBEDDING):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _is_shared(address: IPv4Address | IPv6Address) -> bool:
    """Carrier-grade NAT (100.64.0.0/10): neither global nor private for the standard library."""
    return isinstance(address, IPv4Address) and address in ip_network("100.64.0.0/10")
