"""Peers, seen from outside: processes of another environment, started by one command."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.benchmarks.bench.stage import answer_of, helper
from tests.servers import ROOT
from tests.system import APP_SECRET, System, free_port

PYTHON = ROOT / ".local" / "peers" / "bin" / "python"
SERVE = "tests.benchmarks.peers.serve"
PUBLISH = "tests.benchmarks.peers.publish"


@dataclass(frozen=True)
class Peer:
    """One configuration of a peer in a role."""

    role: str
    name: str
    configuration: str
    settings: str
    page: str

    @property
    def title(self) -> str:
        return f"{self.name} ({self.configuration})"


async def find_peers(role: str) -> list[Peer]:
    """Give the configurations of all peers in a role; none where they are not installed."""
    if not PYTHON.exists():
        return []
    listed = json.loads(await answer_of(SERVE, "--list", python=str(PYTHON)))
    return [
        Peer(role, name, one["name"], one["words"], one["page"])
        for name, configurations in listed[role].items()
        for one in configurations
    ]


@asynccontextmanager
async def serving(peer: Peer, system: System) -> AsyncIterator[int]:
    """Run a peer on a database and a vhost; give its port where it is an ingress."""
    port = free_port()
    environment = {**_environment(system), "PORT": str(port)}
    async with helper(
        SERVE, peer.role, peer.name, peer.configuration,
        python=str(PYTHON), environment=environment,
    ):  # fmt: skip
        yield port


async def publish(peer: Peer, system: System, count: int) -> None:
    """Put so many messages on a peer's queue."""
    environment = _environment(system)
    await answer_of(PUBLISH, peer.name, str(count), python=str(PYTHON), environment=environment)


def _environment(system: System) -> dict[str, str]:
    return {
        "DATABASE_URL": system.database_url,
        "AMQP_URL": system.amqp_url,
        "WHATSAPP_APP_SECRET": APP_SECRET,
    }
