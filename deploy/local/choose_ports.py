"""On which ports the services of a run listen: the usual ones, or where those are taken, others."""

import os
import socket
from collections.abc import Callable

from deploy.local.errors import RunError
from deploy.local.free_ports import LOOPBACK, free_ports

USUAL_PORTS = {
    "ingress": ("INGRESS_PORT", 8001),
    "agent_desk": ("DESK_PORT", 8002),
    "whatsapp_simulator": ("SIMULATOR_PORT", 8003),
}
WORKERS = ("ticket_router", "media_validator", "status_tracker", "sender", "scheduler")

# Only their health is asked for there.
WORKER_PORT_VARIABLE = "HEALTH_PORT"
HIGHEST_PORT = 65_535


def choose_ports(say: Callable[[str], None]) -> dict[str, int]:
    """Give a port for each service; say which of the usual ones are taken."""
    spare = iter(free_ports(len(USUAL_PORTS) + len(WORKERS)))
    ports = {}
    for service, (variable, usual) in USUAL_PORTS.items():
        wanted = _read_port(variable, usual)
        ports[service] = wanted if _can_listen(wanted) else next(spare)
        if ports[service] != wanted:
            say(f"port {wanted} is taken: {service} listens on {ports[service]} instead")
    return ports | {service: next(spare) for service in WORKERS}


def port_variable(service: str) -> str:
    """Give the variable that tells a service its port."""
    return USUAL_PORTS[service][0] if service in USUAL_PORTS else WORKER_PORT_VARIABLE


def _read_port(variable: str, usual: int) -> int:
    text = os.environ.get(variable, "").strip() or str(usual)
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= HIGHEST_PORT:
        raise RunError(f"{variable} must be a port, 1 to {HIGHEST_PORT}")
    return int(text)


def _can_listen(port: int) -> bool:
    # As the services do it: connections of an earlier run that linger are no hindrance.
    try:
        with socket.create_server((LOOPBACK, port)):
            return True
    except OSError:
        return False
