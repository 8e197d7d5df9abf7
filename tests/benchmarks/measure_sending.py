"""`make measure-sending`: what one sender drives, and whether a flood delays anybody else.

Everything runs on this machine, so compare within one run only.
"""

import asyncio
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic, perf_counter

import aiohttp
import asyncpg
import psutil

from services.sender.take_messages import take_messages
from shared.database.pool import Pool, create_pool
from shared.database.transaction import transaction
from shared.log import configure_logging
from shared.tickets.lock_contacts import lock_contacts
from shared.tickets.queue_message import Outgoing, queue_messages
from tests.benchmarks.bench.turns import quantile
from tests.benchmarks.send_bare import HEADERS, messages_url, send_bare
from tests.eventually import eventually
from tests.integration.sender.waiting import write_backlog
from tests.servers import (
    TestServers,
    database_of_its_own,
    migrated_template,
    servers_for_tests,
    vhost_of_its_own,
)
from tests.system import System

ANSWER_SECONDS = 0.05
MESSAGES = 4_000
CONNECTIONS = (50, 200)

FLOOD = 1_000
OTHERS = 200
PER_SECOND = 30
TURN_SECONDS = 6
TURNS = 8
GRACE = timedelta(minutes=30)

BATCH = 50
TAKINGS = 30

WAKE = "SELECT pg_notify('outbox', '')"
COUNT_OUTBOX = "SELECT count(*) FROM outbox"
FORGET_OUTBOX = "DELETE FROM outbox"
FIND_PLACES = """
SELECT tickets.id AS ticket_id, tickets.contact_id, value AS phone
FROM tickets JOIN contact_addresses USING (contact_id)
WHERE contact_id = ANY($1::bigint[]) AND kind = 'phone' ORDER BY contact_id
"""


@dataclass(frozen=True)
class Driven:
    """What one sender drove."""

    per_second: float
    cpu: dict[str, float]
    """Milliseconds of a core for each message, by whom."""


async def main() -> None:
    """Measure and print."""
    configure_logging("benchmark", as_json=True, level="warning", hash_key=b"benchmark")
    with servers_for_tests() as started:
        async with migrated_template(started) as servers:
            await measure_taking(servers)
            await measure_one_sender(servers, statuses=False)
            await measure_one_sender(servers, statuses=True)
            await measure_flood(servers)


# --- how much one sender drives --------------------------------------------------------------


async def measure_one_sender(servers: TestServers, *, statuses: bool) -> None:
    """Print messages per second from a full outbox, and what the simulator alone can take."""
    with tempfile.TemporaryDirectory() as folder:
        async with (
            database_of_its_own(servers) as database_url,
            vhost_of_its_own(servers) as amqp_url,
            System(servers, database_url, amqp_url, Path(folder)) as system,
        ):
            system.environment["LOG_LEVEL"] = "info"
            system.environment["WHATSAPP_MESSAGES_PER_SECOND"] = "1000"
            await start_sending(system, statuses=statuses)
            await system.behave(delay_seconds=ANSWER_SECONDS, statuses=statuses)
            if not statuses:
                for connections in CONNECTIONS:
                    taken = await ask_simulator(system, connections)
                    print(f"simulator alone, {connections} connections: {taken:.0f} messages/s")
            driven = await drive(system)
    beside = "with two statuses of each" if statuses else "without statuses"
    print(
        f"sender, 1 process, {ANSWER_SECONDS * 1000:.0f} ms an answer, {beside}: "
        f"{driven.per_second:.0f} messages/s"
    )
    each = ", ".join(f"{who} {spent:.1f}" for who, spent in driven.cpu.items())
    print(f"  ms of a core for each message: {each}")


async def start_sending(system: System, *, statuses: bool) -> None:
    """Start no more than is measured: whatever runs takes from the same two cores."""
    if statuses:
        await system.start_all(ticket_router=0, media_validator=0, scheduler=0, agent_desk=0)
        return
    # Nobody takes webhooks, and there are none.
    system.environment["SIMULATOR_WEBHOOK_URL"] = "http://127.0.0.1:9/webhook"
    await asyncio.gather(system.start("whatsapp_simulator"), system.start("sender"))


async def ask_simulator(system: System, connections: int) -> float:
    """Give how many messages a second the simulator accepts from somebody who does nothing else."""
    url = messages_url(system)
    numbers = iter(range(MESSAGES))

    async def ask(session: aiohttp.ClientSession) -> None:
        for number in numbers:
            await send_bare(session, url, number)

    began = monotonic()
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(headers=HEADERS, connector=connector) as session:
        await asyncio.gather(*(ask(session) for _ in range(connections)))
    return MESSAGES / (monotonic() - began)


async def drive(system: System) -> Driven:
    """Have the sender send a message to each of many contacts who are all due at once."""
    database = await asyncpg.connect(system.database_url)
    await write_backlog(database, contacts=MESSAGES, each=1)
    before = spent_by(system)
    began = monotonic()
    await database.execute(WAKE)

    async def all_is_sent() -> None:
        assert await database.fetchval(COUNT_OUTBOX) == 0

    await eventually(all_is_sent, within=170, every=0.1)
    took = monotonic() - began
    after = spent_by(system)
    await database.close()
    each = {who: 1000 * (after[who] - before.get(who, 0.0)) / MESSAGES for who in after}
    return Driven(MESSAGES / took, {who: ms for who, ms in each.items() if ms >= 0.05})


def spent_by(system: System) -> dict[str, float]:
    """Give the seconds of a core that each service, and PostgreSQL, have used so far."""
    spent = {
        one.service: sum(psutil.Process(one.pid).cpu_times()[:2])
        for one in system.processes
        if one.running
    }
    backends = [one for one in psutil.process_iter(["name"]) if "postgres" in one.info["name"]]
    spent["PostgreSQL"] = sum(sum(one.cpu_times()[:2]) for one in backends)
    return spent


# --- a flood ---------------------------------------------------------------------------------


async def measure_flood(servers: TestServers) -> None:
    """Print the latencies of others with and without a flood for one contact, turn by turn."""
    with tempfile.TemporaryDirectory() as folder:
        async with (
            database_of_its_own(servers) as database_url,
            vhost_of_its_own(servers) as amqp_url,
            System(servers, database_url, amqp_url, Path(folder)) as system,
        ):
            system.environment["LOG_LEVEL"] = "info"
            await system.start_all(ticket_router=0, media_validator=0, agent_desk=0)
            await system.behave(delay_seconds=ANSWER_SECONDS)
            pool = await create_pool(database_url, "tests")
            await measure_turn(system, pool, flood=0)  # to be warm
            turns = [
                (
                    await measure_turn(system, pool, flood=0),
                    await measure_turn(system, pool, flood=FLOOD),
                )
                for _ in range(TURNS)
            ]
            await pool.close()
    say_flood(turns)


def say_flood(turns: Sequence[tuple[list[float], list[float]]]) -> None:
    """Print all latencies together, and how the two turns of a pair compare.

    The machine is not the same from one minute to the next, but nearly so within a pair.
    """
    quiet, flooded = ([one for turn in side for one in turn] for side in zip(*turns, strict=True))
    for what, latencies in (("no flood", quiet), (f"{FLOOD} for one contact", flooded)):
        print(
            f"queued to accepted at {PER_SECOND}/s to {OTHERS} others, {what}: "
            f"p50 {quantile(latencies, 50):.0f} ms, p99 {quantile(latencies, 99):.0f} ms "
            f"({len(latencies)} messages)"
        )
    for percent in (50, 99):
        ratios = sorted(quantile(after, percent) / quantile(one, percent) for one, after in turns)
        print(
            f"with the flood to without, p{percent}, {len(ratios)} pairs of turns: "
            f"median {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        )


async def measure_turn(system: System, pool: Pool, *, flood: int) -> list[float]:
    """Give the milliseconds from the queueing to the phone, of all but the flood.

    Each turn has contacts of its own, as if nobody had heard from us before.
    """
    ids = await write(system.database_url, contacts=OTHERS + 1, each=0)
    places = await pool.fetch(FIND_PLACES, ids)
    flooded, others = places[0], places[1:]
    if flood:
        await queue(pool, flooded, flood)
    began = monotonic()

    async def write_to(place: int) -> datetime:
        await asyncio.sleep(max(0.0, began + place / PER_SECOND - monotonic()))
        return await queue(pool, others[place % OTHERS], 1)

    count = PER_SECOND * TURN_SECONDS
    queued = await asyncio.gather(*(write_to(place) for place in range(count)))
    latencies: list[float] = []
    for number, person in enumerate(others):
        times = queued[number::OTHERS]
        arrived = await arrivals(system, person["phone"], len(times))
        latencies += [
            1000 * (at - since).total_seconds() for at, since in zip(arrived, times, strict=True)
        ]
    await pool.execute(FORGET_OUTBOX)  # of the flood, most is left
    return latencies


async def write(database_url: str, *, contacts: int, each: int) -> list[int]:
    """Write a backlog past the limits of time that a service's connection has."""
    database = await asyncpg.connect(database_url)
    ids = await write_backlog(database, contacts=contacts, each=each)
    await database.close()
    return ids


async def queue(pool: Pool, person: asyncpg.Record, count: int) -> datetime:
    """Queue so many messages for a contact as the desk does; give when, by PostgreSQL's clock."""
    async with transaction(pool) as tx:
        now = await lock_contacts(tx, [person["contact_id"]])
        lines = [Outgoing(person["ticket_id"], person["contact_id"], "ana", "x")] * count
        await queue_messages(tx, lines, now)
    return now


async def arrivals(system: System, phone: str, count: int) -> list[datetime]:
    """Give when a phone got its messages, in order."""

    async def arrived() -> list[datetime]:
        messages = await system.phone(phone)
        assert len(messages) == count, messages
        return [datetime.fromisoformat(message["at"]) for message in messages]

    return await eventually(arrived)


# --- taking from a long backlog --------------------------------------------------------------


async def measure_taking(servers: TestServers) -> None:
    """Print how long it takes to take fifty messages, with and without a backlog behind them."""
    for contacts, each in ((BATCH * TAKINGS, 1), (20_000, 5)):
        async with database_of_its_own(servers) as database_url:
            await write(database_url, contacts=contacts, each=each)
            pool = await create_pool(database_url, "tests")
            took = await time_takings(pool)
            await pool.close()
        print(
            f"taking {BATCH} of {contacts * each} waiting messages of {contacts} contacts: "
            f"median {statistics.median(took):.1f} ms"
        )


async def time_takings(pool: Pool) -> Sequence[float]:
    took = []
    for _ in range(TAKINGS):
        began = perf_counter()
        taken = await take_messages(pool, BATCH, GRACE)
        took.append(1000 * (perf_counter() - began))
        assert len(taken) == BATCH
    return took


if __name__ == "__main__":
    asyncio.run(main())
