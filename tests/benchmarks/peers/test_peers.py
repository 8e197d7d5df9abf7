"""The peers do the job: what they leave in the database is what our router leaves."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Sequence
from typing import Any

import aio_pika
import aiohttp
import asyncpg
import pytest

from tests.benchmarks.peers.configurations import CELERY_QUEUE, CONFIGURATIONS, FASTSTREAM_QUEUE
from tests.benchmarks.peers.install import install
from tests.benchmarks.peers.place_message import PLACE_MESSAGE, SESSION, encode_arrived, parameters
from tests.benchmarks.peers.run_peer import RunningPeer, fill_queue, start_peer
from tests.benchmarks.peers.stream import webhook_body
from tests.benchmarks.peers.take_webhook import read_webhook
from tests.eventually import eventually
from tests.routing import route_given
from tests.servers import TestServers, database_of_its_own
from tests.system import APP_SECRET, free_port
from tests.webhooks import events_of, signed

pytestmark = pytest.mark.long

QUEUES = {"faststream": FASTSTREAM_QUEUE, "celery": CELERY_QUEUE}
ROUTERS = [
    (peer, one.name)
    for (role, peer), several in CONFIGURATIONS.items()
    if role == "router"
    for one in several
]
INGRESSES = [
    (peer, one.name)
    for (role, peer), several in CONFIGURATIONS.items()
    if role == "ingress"
    for one in several
]

# All that is to be seen of each contact, whatever ids and numbers it got.
FIND_ALL = """
SELECT value, profile_name, last_inbound_at, status, unread, previous_id IS NULL AS is_first,
       direction, author, messages.kind, purpose, replace(text, number, '?') AS text, wamid,
       event_key, delivery, CASE WHEN direction = 'inbound' THEN sent_at END AS sent_at,
       outbox.message_id IS NOT NULL AS waits, outbox.next_attempt_at IS NOT NULL AS is_due,
       (SELECT count(*) FROM received_events
        WHERE received_events.message_id = messages.id AND outcome = 'stored') AS in_ledger
FROM contacts JOIN contact_addresses ON contact_addresses.contact_id = contacts.id
JOIN tickets ON tickets.contact_id = contacts.id
JOIN messages ON messages.ticket_id = tickets.id
LEFT JOIN outbox ON outbox.message_id = messages.id
ORDER BY value, tickets.id, direction, event_key
"""
COUNT_INBOUND = "SELECT count(*) FROM messages WHERE direction = 'inbound'"
COUNT_CONTACTS = "SELECT count(*) FROM contacts"
FIND_NUMBERS = "SELECT number, id FROM tickets"
LOCK_CONTACT = "SELECT id FROM contacts FOR NO KEY UPDATE"
CLOSE_TICKETS = "UPDATE tickets SET status = 'closed', closed_at = now()"
COUNT_BY_TICKET = """
SELECT count(*) FROM messages WHERE direction = 'inbound' GROUP BY ticket_id ORDER BY ticket_id
"""
FIND_WAITING = """
SELECT FROM pg_stat_activity
WHERE wait_event_type = 'Lock' AND application_name = 'peer' AND datname = current_database()
"""


@pytest.fixture(scope="session", autouse=True)
def peers() -> None:
    """Have the peers' environment; without it nothing of this can be said."""
    install()


@pytest.fixture
async def started() -> AsyncIterator[list[RunningPeer]]:
    """Peers that a test started; none outlives it."""
    running: list[RunningPeer] = []
    yield running
    for one in running:
        await one.kill()


@pytest.mark.parametrize(("peer", "name"), ROUTERS)
async def test_a_router_leaves_what_ours_leaves(
    servers: TestServers,
    database: asyncpg.Connection,
    database_url: str,
    amqp_url: str,
    started: list[RunningPeer],
    peer: str,
    name: str,
) -> None:
    # The first messages of the stream come from few contacts, so they meet at once; the second
    # half comes again, as other items with the same keys.
    await fill_queue(peer, 300, amqp_url)
    await fill_queue(peer, 150, amqp_url, first=150)

    await start_router(started, peer, name, database_url, amqp_url)
    await all_placed(database, 300)
    await at_rest(started[0], amqp_url, peer)

    left = await database.fetch(FIND_ALL)
    assert [dict(row) for row in left] == await ours(servers, range(300))
    assert await database.fetchval(COUNT_CONTACTS) == 90
    numbers = await database.fetch(FIND_NUMBERS)
    assert all(re.fullmatch(r"\d{4}-0*" + str(row["id"]), row["number"]) for row in numbers)


@pytest.mark.parametrize(("peer", "name"), ROUTERS)
async def test_a_router_that_is_killed_loses_nothing(
    servers: TestServers,
    database: asyncpg.Connection,
    database_url: str,
    amqp_url: str,
    started: list[RunningPeer],
    peer: str,
    name: str,
) -> None:
    await fill_queue(peer, 2000, amqp_url)
    killed = await start_router(started, peer, name, database_url, amqp_url)
    await all_placed(database, 100)

    await killed.kill()
    assert await database.fetchval(COUNT_INBOUND) < 2000

    again = await start_router(started, peer, name, database_url, amqp_url)
    await all_placed(database, 2000)
    await at_rest(again, amqp_url, peer)
    left = await database.fetch(FIND_ALL)
    assert [dict(row) for row in left] == await ours(servers, range(2000))


@pytest.mark.parametrize(("peer", "name"), INGRESSES)
async def test_an_ingress_answers_when_its_messages_are_in_the_queue(
    database: asyncpg.Connection,
    database_url: str,
    amqp_url: str,
    started: list[RunningPeer],
    peer: str,
    name: str,
) -> None:
    port = free_port()
    environment = {"AMQP_URL": amqp_url, "PORT": str(port), "WHATSAPP_APP_SECRET": APP_SECRET}
    ingress = await start_peer("ingress", peer, name, environment)
    started.append(ingress)
    bodies = [webhook_body(number) for number in range(40)]
    wrong = [(bodies[0], signed(b"something else")), (bodies[0], {})]

    async with aiohttp.ClientSession() as session:
        right = await post(session, port, [(body, signed(body)) for body in bodies])
        assert right == [200] * 40
        assert await count_waiting(amqp_url, peer) == 40
        assert await post(session, port, wrong) == [401, 401]
    assert await count_waiting(amqp_url, peer) == 40
    assert await ingress.stop() == 0

    # Its own router understands what it published.
    router = next(configuration for one, configuration in ROUTERS if one == peer)
    await start_router(started, peer, router, database_url, amqp_url)
    await all_placed(database, 40)


async def test_a_ticket_that_closes_meanwhile_gets_no_message(
    database: asyncpg.Connection, database_url: str
) -> None:
    worker = await asyncpg.connect(database_url, server_settings=SESSION)
    await worker.execute(PLACE_MESSAGE, *parameters_of(0))
    async with database.transaction():
        await database.execute(LOCK_CONTACT)
        # It has begun, and sees the ticket as it was: open.
        placing = asyncio.create_task(worker.execute(PLACE_MESSAGE, *parameters_of(1)))

        async def waits() -> None:
            assert await database.fetch(FIND_WAITING)

        await eventually(waits)
        await database.execute(CLOSE_TICKETS)
    await placing
    await worker.close()

    assert [row["count"] for row in await database.fetch(COUNT_BY_TICKET)] == [1, 1]


def parameters_of(number: int) -> Sequence[object]:
    """Give what PLACE_MESSAGE needs for a message of the stream."""
    (arrived,) = read_webhook(webhook_body(number))
    return parameters(encode_arrived(arrived))


async def start_router(
    started: list[RunningPeer], peer: str, name: str, database_url: str, amqp_url: str
) -> RunningPeer:
    environment = {"DATABASE_URL": database_url, "AMQP_URL": amqp_url}
    router = await start_peer("router", peer, name, environment)
    started.append(router)
    return router


async def all_placed(database: asyncpg.Connection, count: int) -> None:
    """Wait until at least so many messages are in their tickets."""

    async def placed() -> None:
        assert await database.fetchval(COUNT_INBOUND) >= count

    await eventually(placed, within=120)


async def at_rest(router: RunningPeer, amqp_url: str, peer: str) -> None:
    """Wait until nothing waits any more; after the router's end all of it is acked."""

    async def empty() -> None:
        assert await count_waiting(amqp_url, peer) == 0

    await eventually(empty)
    assert await router.stop() == 0
    assert await count_waiting(amqp_url, peer) == 0


async def count_waiting(amqp_url: str, peer: str) -> int:
    async with await aio_pika.connect(amqp_url) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(QUEUES[peer], passive=True)
        return queue.declaration_result.message_count or 0


async def post(
    session: aiohttp.ClientSession, port: int, requests: Sequence[tuple[bytes, dict[str, str]]]
) -> list[int]:
    """Post bodies at once; give the statuses of the answers."""

    async def one(body: bytes, headers: dict[str, str]) -> int:
        url = f"http://127.0.0.1:{port}/webhook"
        async with session.post(url, data=body, headers=headers) as answer:
            return answer.status

    return await asyncio.gather(*(one(body, headers) for body, headers in requests))


async def ours(servers: TestServers, numbers: Sequence[int]) -> list[dict[str, Any]]:
    """Give what our router leaves of the same messages."""
    async with database_of_its_own(servers) as database_url:
        events = [one for n in numbers for one in events_of(json.loads(webhook_body(n)))]
        for begin in range(0, len(events), 100):
            await route_given(database_url, events[begin : begin + 100])
        database = await asyncpg.connect(database_url)
        rows = await database.fetch(FIND_ALL)
        await database.close()
    return [dict(row) for row in rows]
