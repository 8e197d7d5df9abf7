"""What a sender takes: one message of a contact at a time, and a closing message only once."""

import asyncio
from datetime import timedelta

import asyncpg

from services.sender.record_outcomes import Sent, record_outcomes
from services.sender.take_messages import Taken, take_messages
from shared.config import DEFAULT_TEXTS_FILE
from shared.database.pool import Pool
from shared.database.transaction import transaction
from shared.texts import read_texts
from shared.tickets.lock_contacts import lock_contacts
from shared.tickets.queue_message import OUTBOX_CHANNEL, Outgoing, queue_messages
from shared.tickets.reopen_ticket import Reopening, reopen_tickets
from shared.tickets.request_closing import request_closing
from shared.whatsapp.error_codes import RETRY
from shared.whatsapp.send_message import Accepted, Outcome, Refused
from tests.routing import route
from tests.webhooks import text_message

PHONE, OTHER_PHONE = "34600111222", "34600999888"
GRACE = timedelta(minutes=30)
TEXTS = read_texts(DEFAULT_TEXTS_FILE)

LOCK = "SELECT FROM contacts WHERE id = $1 FOR NO KEY UPDATE"
# As many as WhatsApp takes at once, a moment ago.
USE_UP_BURST = """
INSERT INTO contact_paces (contact_id, began_at, messages) VALUES ($1, clock_timestamp(), 45)
"""
# As if its sender had been given up, and waited for long enough.
SEND_AGAIN = """
UPDATE outbox SET state = 'queued', lease_until = NULL, next_attempt_at = now()
WHERE message_id = $1
"""


async def take(pool: Pool) -> list[Taken]:
    return await take_messages(pool, 10, GRACE)


async def record(pool: Pool, taken: Taken, outcome: Outcome) -> None:
    await record_outcomes(pool, [Sent(taken, outcome, 1.0)])


async def take_and_send(pool: Pool) -> Taken:
    (taken,) = await take(pool)
    await record(pool, taken, Accepted(f"wamid.{taken.message_id}"))
    return taken


async def close(pool: Pool, *, ago: timedelta = timedelta(0)) -> None:
    """Have an agent click so long ago."""
    async with transaction(pool) as tx:
        row = await tx.connection.fetchrow("SELECT * FROM tickets")
        assert row is not None
        now = await lock_contacts(tx, [row["contact_id"]])
        await request_closing(
            tx, row["id"], row["number"], row["contact_id"], "admin", now - ago, GRACE, TEXTS
        )


async def reopen(pool: Pool) -> None:
    async with transaction(pool) as tx:
        row = await tx.connection.fetchrow("SELECT * FROM tickets")
        assert row is not None
        now = await lock_contacts(tx, [row["contact_id"]])
        closing = row["closing_message_id"]
        reopening = Reopening(row["id"], row["number"], row["contact_id"], closing, "admin")
        await reopen_tickets(tx, [reopening], now, TEXTS)


async def grace(pool: Pool) -> asyncpg.Record:
    row = await pool.fetchrow("SELECT closing_taken_at, closes_at FROM tickets")
    assert row is not None
    return row


async def test_of_one_contact_one_message_is_under_way_and_the_next_waits_for_it(
    database_url: str, pool: Pool
) -> None:
    await route(database_url, text_message(PHONE, "Hola"))
    await take_and_send(pool)
    ticket, contact = 1, 1
    async with transaction(pool) as tx:
        now = await lock_contacts(tx, [contact])
        lines = [Outgoing(ticket, contact, "admin", text) for text in ("uno", "dos")]
        await queue_messages(tx, lines, now)
        await queue_messages(tx, [Outgoing(ticket, contact, "admin", "tres")], now)

    (first,) = await take(pool)
    assert await take(pool) == []
    await record(pool, first, Accepted("wamid.uno"))

    texts = [first.text, *[(await take_and_send(pool)).text for _ in range(2)]]
    assert texts == ["uno", "dos", "tres"]


async def test_a_message_that_was_refused_for_now_waits_for_its_time(
    database_url: str, pool: Pool
) -> None:
    await route(database_url, text_message(PHONE, "Hola"))
    (taken,) = await take(pool)
    before = await pool.fetchval("SELECT clock_timestamp()")

    await record(pool, taken, Refused(RETRY, 503, None))

    due = await pool.fetchval("SELECT next_attempt_at FROM outbox")
    assert due >= before + timedelta(seconds=2)


async def test_a_contact_that_somebody_works_on_holds_up_no_other(
    database_url: str, pool: Pool, database: asyncpg.Connection
) -> None:
    await route(database_url, text_message(PHONE, "Hola"))
    await route(database_url, text_message(OTHER_PHONE, "Hola"))
    async with database.transaction():
        await database.execute(LOCK, 1)

        async with asyncio.timeout(5):
            taken = await take(pool)

    assert [one.contact_id for one in taken] == [2]


async def test_what_is_held_back_hides_nobody_behind_it(
    database_url: str, pool: Pool, database: asyncpg.Connection
) -> None:
    """Who takes no more than one finds nothing, and is woken to look again."""
    await route(database_url, text_message(PHONE, "Hola"))
    await route(database_url, text_message(OTHER_PHONE, "Hola"))
    await pool.execute(USE_UP_BURST, 1)
    woken = asyncio.Event()
    await database.add_listener(OUTBOX_CHANNEL, lambda *_: woken.set())

    assert await take_messages(pool, 1, GRACE) == []

    async with asyncio.timeout(5):
        await woken.wait()
    (taken,) = await take_messages(pool, 1, GRACE)
    assert taken.contact_id == 2


async def test_r4_the_closing_message_of_an_earlier_closing_starts_no_grace(
    database_url: str, pool: Pool
) -> None:
    await route(database_url, text_message(PHONE, "Hola"))
    await take_and_send(pool)
    await close(pool)
    (lost,) = await take(pool)
    await reopen(pool)
    await close(pool)
    before = await grace(pool)
    await pool.execute(SEND_AGAIN, lost.message_id)

    (again,) = await take(pool)

    assert (again.message_id, again.attempt) == (lost.message_id, 2)
    assert await grace(pool) == before
    assert before["closing_taken_at"] is None


async def test_r6_a_closing_message_that_is_taken_after_the_deadline_moves_nothing(
    database_url: str, pool: Pool
) -> None:
    """The ticket is closed by then, whatever its column says."""
    await route(database_url, text_message(PHONE, "Hola"))
    await take_and_send(pool)
    await close(pool, ago=3 * GRACE)
    before = await grace(pool)

    await take_and_send(pool)

    assert await grace(pool) == before
