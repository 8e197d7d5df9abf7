"""The servers, the proxies before them, two processes of each service, and the simulator."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import asyncpg

from deploy.local.guardian import Guardian
from deploy.local.private_postgres import PrivatePostgres
from deploy.local.private_rabbit import PrivateRabbit
from shared.database.migrate import migrate
from tests.faults.campaign.crash_points import Armed
from tests.faults.campaign.gate import Gate
from tests.faults.campaign.processes import Processes
from tests.faults.tcp_proxy import TcpProxy, proxy_to
from tests.servers import TestServers, with_path
from tests.system import WORKERS, System, free_port

TWICE = ("ingress", *WORKERS, "agent_desk")
GRACE_SECONDS = 5
UNKNOWN_RESEND_SECONDS = 6
WITNESS = Path(__file__).with_name("witness.sql")


@dataclass(kw_only=True)
class World(Processes):
    """Everything that a fault can be done to."""

    postgres: PrivatePostgres
    rabbit: PrivateRabbit
    amqp_proxy: TcpProxy
    postgres_proxy: TcpProxy
    gate: Gate
    armed: Armed
    database_url: str
    amqp_url: str
    complaints: list[str] = field(default_factory=list)
    """What a fault saw at once, for instance a process that did not drain."""

    @asynccontextmanager
    async def database(self) -> AsyncIterator[asyncpg.Connection]:
        """Connect past the proxy."""
        connection = await asyncpg.connect(self.database_url, timeout=5)
        try:
            yield connection
        finally:
            await connection.close()


@asynccontextmanager
async def open_world(folder: Path, say: Callable[[str], None]) -> AsyncIterator[World]:
    """Start everything with servers of its own, and end it."""
    async with AsyncExitStack() as stack:
        guardian = stack.enter_context(Guardian(folder))
        postgres, rabbit = PrivatePostgres(guardian), PrivateRabbit(guardian)
        await asyncio.gather(asyncio.to_thread(postgres.start), asyncio.to_thread(rabbit.start))
        database_url = await _make_database(postgres.url)
        amqp_proxy, amqp_url = await stack.enter_async_context(proxy_to(rabbit.url))
        postgres_proxy, proxied_url = await stack.enter_async_context(proxy_to(database_url))
        servers = TestServers(proxied_url, amqp_url, rabbit.management_url, "")
        system = await stack.enter_async_context(System(servers, proxied_url, amqp_url, folder))
        ports = [free_port(), free_port()]
        gate = Gate(tuple(f"http://127.0.0.1:{port}/webhook" for port in ports))
        gate_port = free_port()
        await stack.enter_async_context(gate.open(gate_port))
        system.environment |= {
            "SIMULATOR_WEBHOOK_URL": f"http://127.0.0.1:{gate_port}/webhook",
            "GRACE_PERIOD_SECONDS": str(GRACE_SECONDS),
            "REFUSAL_NOTICE_SECONDS": "2",
            "UNKNOWN_RESEND_SECONDS": str(UNKNOWN_RESEND_SECONDS),
            # Few citizens write much here: what waits for WhatsApp's limit would not be at rest.
            "WHATSAPP_PAIR_LIMIT": "off",
        }
        world = World(
            folder=folder, system=system, postgres=postgres, rabbit=rabbit, amqp_proxy=amqp_proxy,
            postgres_proxy=postgres_proxy, gate=gate, armed=Armed(folder),
            database_url=database_url, amqp_url=rabbit.url,
        )  # fmt: skip
        await system.start("whatsapp_simulator")
        for service in TWICE:
            for number in (1, 2):
                port = ports[number - 1] if service == "ingress" else free_port()
                world.add(service, number, port)
        await world.start_all()
        say(f"{len(world.slots)} processes are ready after {monotonic() - world.began:.1f} s")
        async with world.watched():
            yield world


async def _make_database(url: str) -> str:
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE DATABASE campaign")
    await connection.close()
    database_url = with_path(url, "campaign")
    await asyncio.to_thread(migrate, database_url)
    connection = await asyncpg.connect(database_url)
    await connection.execute(WITNESS.read_text(encoding="utf-8"))
    await connection.close()
    return database_url
