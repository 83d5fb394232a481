"""Which transport takes a channel's calls, and the transports that a process keeps."""

from collections.abc import Hashable, Iterable
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from django.conf import settings

from apps.relay.models import ChannelKind, Transport
from apps.relay.transport import RawTransport
from apps.relay.types import ChannelSnapshot, UpstreamTransport
from apps.relay.upstreams.sandbox import SandboxTransport
from apps.relay.upstreams.through_httpx import ThroughHttpx, new_httpx_transport

KeptTransport = RawTransport | ThroughHttpx | SandboxTransport


def new_transport(channel: ChannelSnapshot) -> KeptTransport:
    if channel.kind == ChannelKind.SANDBOX:
        return SandboxTransport()
    if channel.transport == Transport.HTTPX:
        proxy, allow_private = _proxy_for(channel.base_url), settings.ALLOW_PRIVATE_UPSTREAMS
        return ThroughHttpx(channel.base_url, new_httpx_transport(proxy=proxy, allow_private=allow_private))
    return RawTransport(channel.base_url, allow_private=settings.ALLOW_PRIVATE_UPSTREAMS)


def _proxy_for(url: str) -> str | None:
    """What HTTPS_PROXY and NO_PROXY say."""
    parts = urlsplit(url)
    return None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)


class Transports:
    """One transport a channel, made when first asked for and let go when its channel's address changes."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, KeptTransport] = {}

    def __call__(self, channel: ChannelSnapshot) -> UpstreamTransport:
        key = _way(channel)
        transport = self._kept.get(key)
        if transport is None:
            transport = self._kept[key] = new_transport(channel)
        return transport

    def keep_only(self, channels: Iterable[ChannelSnapshot]) -> None:
        """Lets go of the others without closing them: calls under way finish, idle connections age out."""
        wanted = set(map(_way, channels))
        self._kept = {key: transport for key, transport in self._kept.items() if key in wanted}

    async def aclose(self) -> None:
        for transport in self._kept.values():
            await transport.aclose()
        self._kept.clear()


def _way(channel: ChannelSnapshot) -> Hashable:
    return channel.id, channel.kind, channel.base_url, channel.transport
