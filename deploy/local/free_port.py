"""A port of this machine's own loopback that a server can keep over its restarts."""

import random
import socket
from pathlib import Path

LOOPBACK = "127.0.0.1"
LOWEST_PORT = 20_000
TRIES = 100
# RabbitMQ's own distribution port: left free for an instance that somebody else starts.
TAKEN_BY_CUSTOM = {25_672}


def free_port() -> int:
    """Give a free port below those that the system hands to outgoing connections.

    A client that reconnects to a stopped server on one of those can get the server's port as its
    own: it then talks to itself, and the server cannot come back.
    """
    ports = range(LOWEST_PORT, _first_outgoing_port())
    choice = random.SystemRandom()
    for _ in range(TRIES if ports else 0):
        port = choice.choice(ports)
        if port not in TAKEN_BY_CUSTOM and _is_free(port):
            return port
    with socket.create_server((LOOPBACK, 0)) as anywhere:
        return int(anywhere.getsockname()[1])


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
