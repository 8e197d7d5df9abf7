"""Ports of this machine's own loopback that a server can keep over its restarts."""

import random
import socket
from itertools import chain, islice
from pathlib import Path

from deploy.local.errors import LocalServersError

LOOPBACK = "127.0.0.1"
LOWEST_PORT = 20_000
HIGHEST_PORT = 60_000
# The port at which RabbitMQ nodes meet: left to whoever starts one with the usual settings.
AVOIDED = {25_672}


def free_ports(count: int) -> list[int]:
    """Give different free ports, below those that the system hands to outgoing connections.

    A client that reconnects to a stopped server on one of those can get the server's port as its
    own: it then talks to itself, and the server cannot come back. They are taken only where the
    system hands out nearly all ports.
    """
    border = max(LOWEST_PORT, _first_outgoing_port())
    candidates = chain(_shuffled(LOWEST_PORT, border), _shuffled(border, HIGHEST_PORT))
    free = list(islice(filter(_is_free, candidates), count))
    if len(free) < count:
        raise LocalServersError(f"there are no {count} free ports on {LOOPBACK}")
    return free


def _shuffled(first: int, end: int) -> list[int]:
    ports = [port for port in range(first, end) if port not in AVOIDED]
    random.SystemRandom().shuffle(ports)
    return ports


def _first_outgoing_port() -> int:
    text = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii")
    return int(text.split()[0])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
