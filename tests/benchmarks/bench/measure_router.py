"""ticket_router: messages a second from a full queue, against limits and against the best peer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from tests.benchmarks.bench.best_peer import best_peers
from tests.benchmarks.bench.peers import Peer, publish, serving
from tests.benchmarks.bench.stage import Stage, answer_of
from tests.benchmarks.bench.turns import Bar, Measure, Section
from tests.eventually import eventually
from tests.system import System

MESSAGES = 12_000
BARE_MESSAGES = 2_000
FIFTY = 50
TRIAL_MESSAGES = 1_500
PEER_SECONDS = 5
WITHIN = 90
# 5,100 contacts have written before two routers are compared with one.
WARM_MESSAGES = 17_000

COUNT = "SELECT count(*) FROM received_events WHERE outcome = 'stored'"
# From when a tenth was written to when all was: without the start of the process. The rows are
# those that were written after the warming.
RATE = """
WITH written AS (SELECT recorded_at, row_number() OVER (ORDER BY recorded_at) AS place
                 FROM received_events WHERE recorded_at > $1)
SELECT (count(*) - $2) / extract(epoch FROM max(recorded_at)
                                  - min(recorded_at) FILTER (WHERE place >= $2))
FROM written
"""
NOW = "SELECT clock_timestamp()"

ONE, MANY = "ticket_router, single events", "ticket_router, envelopes of 50"
BARE_ONE, BARE_MANY = "bare consume, single events", "bare consume, envelopes of 50"
ROWS = "the same rows by one statement"


async def measure_router(stage: Stage, turns: int) -> Section:
    """Compare; each turn of each side has a fresh database and vhost."""
    section = Section("ticket_router, one process, a full queue", "messages/s")
    section.notes.append(
        "30 % first messages of new contacts, the others of contacts who are known"
    )
    trials: dict[Peer, float] = {}

    async def attempt(peer: Peer) -> float:
        trials[peer] = await _peer_rate(stage, peer, TRIAL_MESSAGES)
        return trials[peer]

    best = await best_peers(section, "router", attempt)
    sides: dict[str, Measure] = {
        ONE: lambda: router_rate(stage, 1),
        MANY: lambda: router_rate(stage, FIFTY),
        BARE_ONE: lambda: _bare_consume(stage, 1, 6),
        BARE_MANY: lambda: _bare_consume(stage, FIFTY, 100),
        ROWS: lambda: _bare_rows(stage),
    }
    for peer in best:
        sides[peer.title] = _peer_side(stage, peer, max(1000, int(PEER_SECONDS * trials[peer])))
    await section.take_turns(sides, turns)
    for peer in best:
        section.compare(Bar(f"single events ÷ {peer.title}", ONE, peer.title, 6))
        section.compare(Bar(f"envelopes of 50 ÷ {peer.title}", MANY, peer.title, 10))
    section.compare(Bar("single events ÷ bare consume", ONE, BARE_ONE, None))
    section.compare(Bar("envelopes of 50 ÷ bare consume", MANY, BARE_MANY, None))
    section.compare(Bar("envelopes of 50 ÷ one statement", MANY, ROWS, None))
    return section


async def measure_two_routers(stage: Stage, turns: int) -> Section:
    """Compare two processes with one, on a database that has seen 5,100 contacts."""
    section = Section("two router processes, 5,100 contacts warmed and analysed", "messages/s")
    one, two = "one router", "two routers"
    async with _warmed(stage) as warmed:
        await section.take_turns(
            {
                one: lambda: router_rate(warmed, 1, first=WARM_MESSAGES),
                two: lambda: router_rate(warmed, 1, first=WARM_MESSAGES, routers=2),
            },
            turns,
        )
    section.compare(Bar("two routers ÷ one", two, one, 1.5))
    return section


@asynccontextmanager
async def _warmed(stage: Stage) -> AsyncIterator[Stage]:
    """Give a stage whose databases begin with what one router wrote, vacuumed and analysed."""
    async with stage.place() as place, _database(place) as database:
        await _fill(place, 0, WARM_MESSAGES, FIFTY)
        router = await place.start("ticket_router")
        await _all_written(database, WARM_MESSAGES)
        router.process.terminate()
        await router.process.wait()
        await database.execute("VACUUM ANALYZE")
        await database.close()
        yield stage.with_template(place.database_url)


async def router_rate(stage: Stage, size: int, *, first: int = 0, routers: int = 1) -> float:
    """Give the rate of one or more routers on a fresh database and a queue that is full."""
    async with stage.place() as place:
        return await route_stream(place, size, first=first, routers=routers)


async def route_stream(
    place: System, size: int, *, first: int = 0, routers: int = 1, count: int = MESSAGES
) -> float:
    """Have routers take `count` messages in envelopes of `size`; give how many a second."""
    async with _database(place) as database:
        before = await database.fetchval(COUNT)
        await _fill(place, first, count, size)
        since = await database.fetchval(NOW)
        for _ in range(routers):
            await place.start("ticket_router", wait=False)
        await _all_written(database, before + count)
        return float(await database.fetchval(RATE, since, count // 10))


def _peer_side(stage: Stage, peer: Peer, count: int) -> Measure:
    return lambda: _peer_rate(stage, peer, count)


async def _peer_rate(stage: Stage, peer: Peer, count: int) -> float:
    async with stage.place() as place, _database(place) as database:
        await publish(peer, place, count)
        since = await database.fetchval(NOW)
        async with serving(peer, place):
            await _all_written(database, count)
        return float(await database.fetchval(RATE, since, count // 10))


async def _bare_consume(stage: Stage, size: int, times: int) -> float:
    async with stage.place() as place:
        await _fill(place, 0, BARE_MESSAGES, size, times)
        printed = await answer_of(
            "tests.benchmarks.bench.bare_consume", str(BARE_MESSAGES * times // size),
            environment={"AMQP_URL": place.amqp_url},
        )  # fmt: skip
        return float(printed) * size


async def _bare_rows(stage: Stage) -> float:
    async with stage.place() as place:
        printed = await answer_of(
            "tests.benchmarks.bench.bare_rows", str(MESSAGES),
            environment={"DATABASE_URL": place.database_url},
        )  # fmt: skip
        return float(printed)


async def _fill(place: System, first: int, count: int, size: int, times: int = 1) -> None:
    """Fill the queue in a process of its own: making the events takes a core for a while."""
    told = map(str, (first, count, size, times))
    environment = {"AMQP_URL": place.amqp_url}
    await answer_of("tests.benchmarks.bench.fill_queue", *told, environment=environment)


async def _all_written(database: asyncpg.Connection, count: int) -> None:
    async def written() -> None:
        done = await database.fetchval(COUNT)
        assert done >= count, f"{done} of {count}"

    await eventually(written, within=WITHIN, every=0.3)


@asynccontextmanager
async def _database(place: System) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(place.database_url)
    try:
        yield connection
    finally:
        await asyncio.shield(connection.close())
