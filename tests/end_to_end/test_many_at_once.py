"""R1, R2, R3, R14: many contacts at once, every webhook three times, any order, many processes."""

import asyncio
import sys
from time import monotonic

import asyncpg

from tests.eventually import eventually
from tests.system import System

CONTACTS = 20
MESSAGES = 10
ROUNDS = 10
COPIES = 3

# By contact: how many tickets there are, are open, and what is in the newest.
FIND_TICKETS = """
SELECT address.value AS phone, count(*) AS tickets,
       count(*) FILTER (WHERE status <> 'closed') AS open,
       (SELECT array_agg(text ORDER BY text) FROM messages
        WHERE ticket_id = max(tickets.id) AND direction = 'inbound') AS texts,
       (SELECT count(*) FROM messages
        WHERE ticket_id = max(tickets.id) AND purpose = 'opening') AS openings,
       max(number) AS number
FROM contact_addresses AS address JOIN tickets USING (contact_id)
WHERE address.kind = 'phone' AND address.value = ANY($1::text[])
GROUP BY address.value
"""


COUNT_ARRIVALS = """
SELECT once, repeated, count(*) FROM (
    SELECT count(*) FILTER (WHERE outcome IN ('stored', 'recorded')) AS once,
           count(*) FILTER (WHERE outcome = 'duplicate') AS repeated
    FROM received_events GROUP BY event_key
) AS events GROUP BY once, repeated
"""


async def test_twenty_contacts_write_ten_messages_at_once_for_ten_rounds(
    system: System, database: asyncpg.Connection
) -> None:
    system.environment["GRACE_PERIOD_SECONDS"] = "1"
    await system.start_all(ingress=2, ticket_router=3, scheduler=2, sender=2)
    await system.behave(duplicates=COPIES - 1, shuffle=True)
    took = []

    # Two rounds for the same contacts, the second after their tickets have closed; then others.
    for number in range(ROUNDS):
        phones = [f"346{number // 2:03d}{contact:05d}" for contact in range(CONTACTS)]
        if number % 2:
            await close_all(system, database)
        started = monotonic()
        await write_all(system, phones, number)
        tickets = 1 + number % 2
        await eventually(lambda: all_is_right(database, phones, number, tickets))  # noqa: B023
        await eventually(lambda: phones_are_right(system, database, phones, tickets))  # noqa: B023
        took.append(round(monotonic() - started, 1))

    sys.stdout.write(f"seconds of each round: {took}\n")
    await system.webhooks_at_rest()
    await eventually(lambda: nothing_is_left(system, database))
    await eventually(lambda: each_counted_once(database))
    for name in ("event.dead_lettered", "service.crashed", "webhook.unavailable"):
        assert system.events(name) == []


async def each_counted_once(database: asyncpg.Connection) -> None:
    """Each message came three times and counts once; so does each status."""
    rows = await database.fetch(COUNT_ARRIVALS)
    assert [(row["once"], row["repeated"]) for row in rows] == [(1, COPIES - 1)]
    messages = await database.fetchval("SELECT count(*) FROM messages WHERE author = 'contact'")
    openings = await database.fetchval("SELECT count(*) FROM messages WHERE purpose = 'opening'")
    assert (messages, openings) == (CONTACTS * MESSAGES * ROUNDS, CONTACTS * ROUNDS)


async def write_all(system: System, phones: list[str], number: int) -> None:
    """Have all of them write at the same time."""
    await asyncio.gather(
        *(
            system.write(phone, f"ronda {number} mensaje {place}")
            for phone in phones
            for place in range(MESSAGES)
        )
    )


async def all_is_right(
    database: asyncpg.Connection, phones: list[str], number: int, tickets: int
) -> None:
    rows = await database.fetch(FIND_TICKETS, phones)
    assert len(rows) == len(phones)
    texts = [f"ronda {number} mensaje {place}" for place in range(MESSAGES)]
    for row in rows:
        assert (row["tickets"], row["open"], row["openings"]) == (tickets, 1, 1)
        assert row["texts"] == texts


async def phones_are_right(
    system: System, database: asyncpg.Connection, phones: list[str], tickets: int
) -> None:
    """Each phone has one opening message of each ticket, and one closing message between them."""
    numbers = {row["phone"]: row["number"] for row in await database.fetch(FIND_TICKETS, phones)}
    shown = await asyncio.gather(*(system.phone(phone) for phone in phones))
    for phone, messages in zip(phones, shown, strict=True):
        assert len(messages) == 2 * tickets - 1, messages
        assert numbers[phone] in messages[-1]["text"]


async def close_all(system: System, database: asyncpg.Connection) -> None:
    """Close every open ticket and wait until the grace is over."""
    rows = await database.fetch("SELECT number FROM tickets WHERE status = 'open'")
    answers = await asyncio.gather(
        *(system.desk("POST", f"/tickets/{row['number']}/close") for row in rows)
    )
    assert {status for status, _ in answers} == {200}

    async def closed() -> None:
        assert not await database.fetchval("SELECT count(*) FROM tickets WHERE status <> 'closed'")

    await eventually(closed)


async def nothing_is_left(system: System, database: asyncpg.Connection) -> None:
    lengths = await system.queue_lengths()
    assert not any(lengths.values()), lengths
    assert await database.fetchval("SELECT count(*) FROM outbox") == 0
