"""A benchmark is worth what its limits and its counting are worth."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from aiohttp import web

from tests.benchmarks.bench.bare_rows import WRITE, rows_of
from tests.benchmarks.bench.load import Load
from tests.benchmarks.bench.stage import put_load
from tests.benchmarks.bench.turns import Bar, Section, table
from tests.benchmarks.bench.workload import events, firsts_before, is_first
from tests.routing import route_given
from tests.servers import TestServers, database_of_its_own

MESSAGES = 400
BATCH = 200
# What tells how many rows of each kind there are, and what is in those that are changed later.
COUNTS = """
SELECT (SELECT count(*) FROM contacts), (SELECT count(*) FROM contact_addresses),
       (SELECT count(*) FROM tickets WHERE status = 'open'), (SELECT sum(unread) FROM tickets),
       (SELECT count(*) FROM messages WHERE direction = 'inbound'),
       (SELECT count(*) FROM messages WHERE purpose = 'opening' AND delivery = 'pending'),
       (SELECT count(*) FROM outbox WHERE next_attempt_at IS NOT NULL),
       (SELECT count(*) FROM received_events WHERE outcome = 'stored' AND raw IS NOT NULL),
       (SELECT count(*) FROM ticket_events),
       -- A new ticket that counts its first message at once is announced once, not twice.
       (SELECT count(DISTINCT (kind, ticket_id, subject_id)) FROM changes),
       (SELECT max(last_inbound_at) FROM contacts), (SELECT min(named_at) FROM contacts)
"""


async def test_the_bare_statement_writes_the_rows_that_the_router_writes(
    servers: TestServers,
) -> None:
    every = list(events(0, MESSAGES))
    found = []
    async with database_of_its_own(servers) as routed, database_of_its_own(servers) as bare:
        connection = await asyncpg.connect(bare)
        for first in range(0, MESSAGES, BATCH):
            batch = every[first : first + BATCH]
            await route_given(routed, batch)
            await connection.execute(WRITE, *rows_of(first, batch))
        await connection.close()
        for url in (routed, bare):
            connection = await asyncpg.connect(url)
            found.append(tuple(await connection.fetchrow(COUNTS) or ()))
            await connection.close()

    assert found[0] == found[1]
    assert found[0][0] == firsts_before(MESSAGES) == 120


def test_three_of_ten_messages_are_the_first_of_their_contact() -> None:
    firsts = [is_first(number) for number in range(1000)]

    assert sum(firsts) == firsts_before(1000) == 300
    assert firsts[0]


async def test_the_load_generator_counts_only_what_is_answered_200() -> None:
    answers = iter([200, 503, 200, 401] * 100_000)
    async with server(lambda _: web.Response(status=next(answers))) as port:
        asked = await put_load(Load(port, seconds=0.3, connections=4))
        paced = await put_load(Load(port, seconds=0.5, connections=4, rate=200))

    assert asked.sent / 2 - 4 <= asked.accepted <= asked.sent / 2 + 4
    assert len(asked.latencies_ms) == asked.accepted > 0
    assert (paced.sent, paced.accepted) == (100, 50)


async def test_a_request_that_waited_for_a_free_connection_is_as_late_as_it_was_due() -> None:
    async def answer(_: web.Request) -> web.Response:
        await asyncio.sleep(0.05)  # a service that cannot keep up
        return web.Response()

    async with server(answer) as port:
        done = await put_load(Load(port, seconds=0.5, connections=1, rate=40))

    assert done.accepted == 20
    assert max(done.latencies_ms) > 300


def test_a_bar_compares_turn_by_turn_and_says_what_is_missing() -> None:
    section = Section(
        "anything", "messages/s", {"ours": [10.0, 90.0, 10.0], "bare": [10.0, 30.0, 20.0]}
    )
    for bar in (
        Bar("ours ÷ bare", "ours", "bare", 1.0),
        Bar("too slow", "ours", "bare", 2.0),
        Bar("ours ÷ bare, at most", "ours", "bare", 0.9, at_most=True),
        Bar("ours ÷ peer", "ours", "peer", 3.0),
        Bar("to be known", "ours", "bare", None),
    ):
        section.compare(bar)

    assert [bar.holds for bar in section.bars] == [True, False, False, None, None]
    text = table([section])
    assert "| ours ÷ bare | ≥ 1 | 1.00 (0.50 to 3.00) | held |" in text
    assert "| too slow | ≥ 2 | 1.00 (0.50 to 3.00) | MISSED |" in text
    assert "| to be known |  | 1.00 (0.50 to 3.00) |  |" in text
    assert "| ours ÷ peer | ≥ 3 | not installed |  |" in text


@asynccontextmanager
async def server(answer: object) -> AsyncIterator[int]:
    """Answer every webhook so."""

    async def take(request: web.Request) -> web.Response:
        given = answer(request)  # type: ignore[operator]
        response: web.Response = await given if asyncio.iscoroutine(given) else given
        return response

    app = web.Application()
    app.add_routes([web.post("/webhook", take)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
