"""Where files may be fetched from: hosts that may see the token, and where their names may lead."""

import ipaddress
import re
import socket

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

# Networks through which IPv6 reaches an IPv4 address that stands in the last 32 bits (RFC 6052).
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")


class HostRefusedError(Exception):
    """An address that the token may not go to, or that is none."""


class PrivateAddressError(OSError):
    """The name of a host that only a `*.domain` allows leads into a private network."""


class MediaHosts:
    """The Graph host, and `host[:port]` or `*.domain` of the setting."""

    def __init__(self, graph_url: URL, allowed: frozenset[str]) -> None:
        self._graph = graph_url.origin()
        self._allowed = allowed
        named = {one.partition(":")[0] for one in allowed if not one.startswith("*.")}
        self._named = frozenset({self._graph.raw_host, *named})

    def checked(self, address: object) -> URL:
        """Give the address if the token may go there; raise HostRefusedError otherwise."""
        try:
            url = URL(str(address))
            origin = url.origin()
        except ValueError:
            raise HostRefusedError from None
        # What stands before an @ would be sent in place of the token.
        if url.raw_user is not None or url.raw_password is not None:
            raise HostRefusedError
        if url.scheme not in {"https", self._graph.scheme} or not self._may_see_token(origin):
            raise HostRefusedError
        return url

    def may_be_private(self, host: str) -> bool:
        """Tell whether this host is named whole, and not only by a `*.domain`."""
        return host.rstrip(".") in self._named

    def _may_see_token(self, origin: URL) -> bool:
        if origin == self._graph:
            return True
        host = origin.raw_host or ""
        found = {f"{host}:{origin.port}"}
        if origin.is_default_port():
            found.add(host)
            found |= {f"*.{part}" for part in _domains_of(host)}
        return bool(found & self._allowed)


class PublicResolver(AbstractResolver):
    """Finds the addresses of hosts, and only public ones for those that are not named whole.

    A connection is made to what this gives and to nothing else, so that a name cannot lead
    elsewhere between the check and its use.
    """

    def __init__(self, hosts: MediaHosts) -> None:
        self._hosts = hosts
        self._resolver = aiohttp.DefaultResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Give the addresses; raise PrivateAddressError where one of them is private."""
        found = await self._resolver.resolve(host, port, family)
        if not self._hosts.may_be_private(host) and not all(
            is_public(one["host"]) for one in found
        ):
            raise PrivateAddressError
        return found

    async def close(self) -> None:
        """End what this began."""
        await self._resolver.close()


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of the internet's, and no IPv4 in disguise is private."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        inside = ip.ipv4_mapped or ip.sixtofour
        if inside is not None:
            return is_public(str(inside))
        if ip.is_site_local:
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _domains_of(host: str) -> list[str]:
    """Give the domains that a name lies in; none for an IP address or what is no name."""
    labels = host.split(".")
    if not _NAME.fullmatch(host) or labels[-1].isdecimal():
        return []
    return [".".join(labels[place:]) for place in range(1, len(labels))]
