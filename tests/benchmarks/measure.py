"""`make measure`: the first figures of the main path, with the real processes and servers.

Everything runs on this machine: the servers, the services, the simulator and the load. The
figures vary with it; they say what order of magnitude to expect and what to compare later.
"""

import asyncio
import json
import statistics
import tempfile
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from time import monotonic, time

import aiohttp
import asyncpg
import psutil

from tests.eventually import eventually
from tests.servers import (
    database_of_its_own,
    migrated_template,
    servers_for_tests,
    vhost_of_its_own,
)
from tests.system import System
from tests.webhooks import signed, text_message, webhook_of

CONNECTIONS = 64
SECONDS = 8
LATENCY_PER_SECOND = 80
LATENCY_SECONDS = 10
LATENCY_TURNS = 3
# The simulator reports each send as sent and as delivered; the third is of another system's send.
STATUSES_PER_SEND = 3

COUNT_ITEMS = "SELECT count(*) FROM received_events"


async def main() -> None:
    """Measure and print a table."""
    with servers_for_tests() as started, tempfile.TemporaryDirectory() as folder:
        async with (
            migrated_template(started) as servers,
            database_of_its_own(servers) as database_url,
            vhost_of_its_own(servers) as amqp_url,
            System(servers, database_url, amqp_url, Path(folder)) as system,
        ):
            system.environment["LOG_LEVEL"] = "info"
            await system.start_all(ticket_router=0)
            accepted, per_second = await measure_ingress(system)
            routed = await measure_router(system, accepted)
            alone, beside = await measure_latencies(system)
            memory = measure_memory(system)
    print(f"ingress: {per_second:.0f} accepted webhooks/s ({CONNECTIONS} connections, 1 process)")
    print(f"ticket_router: {routed:.0f} messages/s from a full queue (1 process)")
    statuses = LATENCY_PER_SECOND * STATUSES_PER_SEND
    for what, latencies in (("no", alone), (f"{statuses}", beside)):
        print(
            f"webhook to phone at {LATENCY_PER_SECOND}/s beside {what} statuses/s: "
            f"p50 {quantile(latencies, 50):.0f} ms, p99 {quantile(latencies, 99):.0f} ms "
            f"({len(latencies)} messages)"
        )
    ratios = [quantile(beside, percent) / quantile(alone, percent) for percent in (50, 99)]
    print(f"with statuses to without: p50 {ratios[0]:.2f}, p99 {ratios[1]:.2f}")
    for service, mebibytes in memory.items():
        print(f"resident memory of {service}: {mebibytes:.0f} MiB")


async def measure_ingress(system: System) -> tuple[int, float]:
    """Give how many webhooks ingress took, and how many a second; no router runs."""
    bodies = [
        json.dumps(webhook_of(text_message(f"346{number % 20_000:08}", "No puedo firmar"))).encode()
        for number in range(40_000)
    ]
    requests = iter([(body, signed(body)) for body in bodies])
    deadline = monotonic() + SECONDS
    accepted = 0

    async def post(session: aiohttp.ClientSession) -> None:
        nonlocal accepted
        for body, headers in requests:
            if monotonic() > deadline:
                return
            url = f"{system.ingress_urls[0]}/webhook"
            async with session.post(url, data=body, headers=headers) as answer:
                accepted += answer.status == 200

    started = monotonic()
    await in_parallel(post)
    return accepted, accepted / (monotonic() - started)


async def in_parallel(post: Callable[[aiohttp.ClientSession], Awaitable[None]]) -> None:
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        await asyncio.gather(*(post(session) for _ in range(CONNECTIONS)))


async def measure_router(system: System, accepted: int) -> float:
    """Give messages per second that one router commits from the queue that ingress filled.

    The sender is stopped, so that only the router uses the machine.
    """
    for process in system.of("sender"):
        process.process.terminate()
        await process.process.wait()
    database = await asyncpg.connect(system.database_url)
    count = "SELECT count(*) FROM received_events WHERE outcome = 'stored'"
    await system.start("ticket_router")
    started = monotonic()

    async def routed() -> None:
        assert await database.fetchval(count) >= accepted

    await eventually(routed, within=120, every=0.2)
    took = monotonic() - started
    await database.execute("DELETE FROM outbox")
    await database.close()
    return accepted / took


async def measure_latencies(system: System) -> tuple[list[float], list[float]]:
    """Give the latencies in milliseconds without statuses and beside them, turn by turn.

    Turns, because the machine is not the same from one minute to the next.
    """
    await system.start("sender")
    await system.behave(statuses=False)
    await measure_latency(system, "340", seconds=2, statuses=False)  # to be warm
    alone: list[float] = []
    beside: list[float] = []
    for turn in range(1, LATENCY_TURNS + 1):
        await system.behave(statuses=False)
        alone += await measure_latency(system, f"34{turn}", statuses=False)
        await system.behave(statuses=True)
        beside += await measure_latency(system, f"35{turn}", statuses=True)
    return alone, beside


async def measure_latency(
    system: System, prefix: str, *, seconds: int = LATENCY_SECONDS, statuses: bool
) -> list[float]:
    """Give milliseconds from posting a first message to its opening message on the phone.

    Returns when all statuses are tracked, so that the next turn begins at rest.
    """
    phones = [f"{prefix}{number:08}" for number in range(LATENCY_PER_SECOND * seconds)]
    database = await asyncpg.connect(system.database_url)
    before = await database.fetchval(COUNT_ITEMS)
    posted: dict[str, float] = {}
    started = monotonic()

    async def write(place: int, phone: str) -> None:
        await asyncio.sleep(max(0.0, started + place / LATENCY_PER_SECOND - monotonic()))
        body = json.dumps(webhook_of(text_message(phone, "Hola"))).encode()
        posted[phone] = time()
        url = f"{system.ingress_urls[0]}/webhook"
        async with system.http.post(url, data=body, headers=signed(body)) as answer:
            assert answer.status == 200
        if statuses:
            await report_foreign(system, phone)

    await asyncio.gather(*(write(place, phone) for place, phone in enumerate(phones)))
    latencies = [await arrival(system, phone) - posted[phone] for phone in phones]

    async def tracked() -> None:
        items = await database.fetchval(COUNT_ITEMS) - before
        assert items == len(phones) * (1 + STATUSES_PER_SEND * statuses), items

    await eventually(tracked)
    await database.close()
    return [1000 * seconds for seconds in latencies]


async def report_foreign(system: System, phone: str) -> None:
    """Have the simulator report a message that another system sent over the same number."""
    status = {"id": f"wamid.{phone}", "status": "read", "timestamp": str(int(time()))}
    value = webhook_of(statuses=[status])["entry"][0]["changes"][0]["value"]
    url = f"{system.simulator_url}/webhooks"
    async with system.http.post(url, json={"value": value}) as answer:
        assert answer.status == 202


async def arrival(system: System, phone: str) -> float:
    """Give when the opening message came to a phone, in seconds since 1970."""

    async def arrived() -> float:
        (message,) = await system.phone(phone)
        return datetime.fromisoformat(message["at"]).timestamp()

    return await eventually(arrived)


def measure_memory(system: System) -> dict[str, float]:
    """Give the resident memory of each service in MiB."""
    return {
        service: psutil.Process(processes[0].pid).memory_info().rss / 2**20
        for service in ("ingress", "ticket_router", "status_tracker", "sender", "scheduler",
                        "agent_desk", "whatsapp_simulator")
        if (processes := system.of(service))
    }  # fmt: skip


def quantile(values: list[float], percent: int) -> float:
    """Give a percentile."""
    return statistics.quantiles(values, n=100)[percent - 1]


if __name__ == "__main__":
    asyncio.run(main())
