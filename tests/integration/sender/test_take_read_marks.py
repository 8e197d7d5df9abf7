"""Which message is marked as read, and who may send the mark."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from services.agent_desk.find_ticket import lock_ticket
from services.scheduler.drop_old_read_marks import drop_old_read_marks
from services.sender.record_read_mark import MOST_ATTEMPTS, record_read_mark
from services.sender.take_read_marks import TakenMark, take_read_marks
from shared.database.pool import Pool
from shared.database.transaction import transaction
from shared.tickets.request_read_mark import request_read_mark
from shared.whatsapp.error_codes import RETRY, STOP, rule_of
from shared.whatsapp.mark_read import Marked, NotMarked
from tests.routing import route
from tests.webhooks import text_message

PHONE, USER = "34600111222", "ES.Ana"

NOW = "SELECT extract(epoch FROM now())::float8"
# What is to be sent would go first; here it has gone.
ALL_SENT = "DELETE FROM outbox"
DUE_NOW = "UPDATE read_marks SET due_at = now() WHERE due_at IS NOT NULL"
COUNT_DUE = "SELECT count(*) FROM read_marks WHERE due_at IS NOT NULL"
WRITTEN_LONG_AGO = "UPDATE messages SET sent_at = sent_at - $1::interval"
MARKED_LONG_AGO = "UPDATE read_marks SET sent_at = sent_at - $1::interval"
CLOSE = """
UPDATE tickets SET status = 'closed', closed_at = now(), closing_at = NULL, closes_at = NULL
WHERE status <> 'closed'
"""
REGISTER = """
INSERT INTO tickets (number, contact_id, channel, status, opened_at)
SELECT 'phone-1', id, 'phone', 'open', now() FROM contacts RETURNING id
"""
MOVE_MESSAGES = """
UPDATE messages SET ticket_id = $1 WHERE direction = 'inbound'
"""


async def write(pool: Pool, database_url: str, *seconds_ago: int, **more: Any) -> list[str]:
    """Have a citizen write at these times; give the wamids."""
    now = await pool.fetchval(NOW)
    messages = [text_message(PHONE, "Hola", at=now - ago, **more) for ago in seconds_ago]
    for message in messages:
        await route(database_url, message)
    await pool.execute(ALL_SENT)
    return [message["id"] for message in messages]


async def open_ticket(pool: Pool, number: str | None = None) -> None:
    """Have an agent open the newest ticket, or one with this number."""
    number = number or await pool.fetchval("SELECT number FROM tickets ORDER BY id DESC LIMIT 1")
    async with transaction(pool) as tx:
        ticket = await lock_ticket(tx, str(number))
        await request_read_mark(tx, ticket.row["id"])


async def take(pool: Pool) -> list[TakenMark]:
    return await take_read_marks(pool, 10)


async def taken_wamids(pool: Pool) -> list[list[str]]:
    return [list(mark.wamids) for mark in await take(pool)]


async def test_the_newest_message_by_whatsapps_time_is_marked_whatever_came_last(
    database_url: str, pool: Pool
) -> None:
    _, newest, _ = await write(pool, database_url, 90, 10, 50)

    await open_ticket(pool)

    assert await taken_wamids(pool) == [[newest]]


async def test_all_pictures_of_an_album_are_marked_because_nobody_knows_the_last(
    database_url: str, pool: Pool
) -> None:
    before, one, two, three = await write(pool, database_url, 50, 10, 10, 10)
    await open_ticket(pool)
    await write(pool, database_url, 10)  # of the same second, and no agent has seen it

    (wamids,) = await taken_wamids(pool)

    assert wamids == [three, two, one]
    assert before not in wamids


async def test_a_mark_that_waits_is_replaced_by_a_newer_one(database_url: str, pool: Pool) -> None:
    await write(pool, database_url, 50)
    await open_ticket(pool)
    (newer,) = await write(pool, database_url, 10)
    await open_ticket(pool)

    assert await taken_wamids(pool) == [[newer]]


async def test_opening_an_older_ticket_marks_nothing_older_than_the_last_mark(
    database_url: str, pool: Pool
) -> None:
    await write(pool, database_url, 90)
    old = await pool.fetchval("SELECT number FROM tickets")
    await pool.execute(CLOSE)
    (newest,) = await write(pool, database_url, 0)
    await open_ticket(pool)
    (mark,) = await take(pool)
    await record_read_mark(pool, mark, Marked(), 1.0)

    await open_ticket(pool, old)

    assert list(mark.wamids) == [newest]
    assert await pool.fetchval(COUNT_DUE) == 0


async def test_r7_what_nobody_saw_before_the_ticket_was_closed_is_marked_when_it_is_opened(
    database_url: str, pool: Pool
) -> None:
    (wamid,) = await write(pool, database_url, 90)
    await pool.execute(CLOSE)

    await open_ticket(pool)

    assert await taken_wamids(pool) == [[wamid]]


async def test_a_ticket_of_another_channel_marks_nothing(database_url: str, pool: Pool) -> None:
    await write(pool, database_url, 90)
    ticket = await pool.fetchval(REGISTER)
    await pool.execute(MOVE_MESSAGES, ticket)

    await open_ticket(pool)

    assert await pool.fetchval("SELECT count(*) FROM read_marks") == 0


async def test_two_senders_never_take_the_same_mark(database_url: str, pool: Pool) -> None:
    await write(pool, database_url, 10)
    await open_ticket(pool)

    one, other = await asyncio.gather(take(pool), take(pool))

    assert len(one) + len(other) == 1
    assert await take(pool) == []


async def test_a_mark_is_taken_beside_a_contact_that_somebody_works_on(
    database_url: str, pool: Pool, database: asyncpg.Connection
) -> None:
    """And the other way round: no message waits for a mark."""
    await write(pool, database_url, 10)
    await open_ticket(pool)
    async with database.transaction():
        await database.execute("SELECT FROM contacts FOR UPDATE")

        async with asyncio.timeout(5):
            (mark,) = await take(pool)
            await record_read_mark(pool, mark, Marked(), 1.0)

    assert await pool.fetchval(COUNT_DUE) == 0


@pytest.mark.parametrize(
    "busy",
    [
        "UPDATE outbox SET next_attempt_at = now()",
        "UPDATE outbox SET state = 'sending', next_attempt_at = NULL, lease_until = now()",
        "WITH gone AS (DELETE FROM outbox) UPDATE channel SET paused_until = now() + '1 hour'",
        "WITH gone AS (DELETE FROM outbox) UPDATE channel SET stopped_at = now(), probe_at = now()",
    ],
    ids=["a message is due", "a message is on its way", "the number pauses", "the number stands"],
)
async def test_no_mark_is_taken_while(database_url: str, pool: Pool, busy: str) -> None:
    await route(database_url, text_message(PHONE, "Hola"))
    await open_ticket(pool)
    await pool.execute(busy)

    assert await take(pool) == []


async def test_a_message_that_is_not_due_holds_up_no_mark(database_url: str, pool: Pool) -> None:
    await route(database_url, text_message(PHONE, "Hola"))
    await open_ticket(pool)
    await pool.execute("UPDATE outbox SET next_attempt_at = now() + interval '1 hour'")

    assert len(await take(pool)) == 1


@pytest.mark.parametrize(
    "outcome",
    [Marked(), NotMarked(rule_of(131009), 400, 131009), NotMarked(RETRY, 0, None), None],
    ids=["marked", "dropped", "retry", "too old"],
)
async def test_a_late_answer_changes_nothing_of_the_mark_that_took_its_place(
    database_url: str, pool: Pool, database: asyncpg.Connection, outcome: NotMarked | Marked | None
) -> None:
    await write(pool, database_url, 50)
    await open_ticket(pool)
    (late,) = await take(pool)
    await write(pool, database_url, 10)
    await open_ticket(pool)
    (newer,) = await take(pool)
    before = await database.fetch("SELECT * FROM read_marks")

    await record_read_mark(pool, late, outcome, 1.0)

    assert newer.attempt == late.attempt
    assert await database.fetch("SELECT * FROM read_marks") == before


async def test_the_next_senders_attempt_is_not_ended_by_the_one_before(
    database_url: str, pool: Pool, database: asyncpg.Connection
) -> None:
    await write(pool, database_url, 50)
    await open_ticket(pool)
    (late,) = await take(pool)
    await pool.execute(DUE_NOW)
    (again,) = await take(pool)
    before = await database.fetch("SELECT * FROM read_marks")

    await record_read_mark(pool, late, NotMarked(RETRY, 0, None), 1.0)

    assert again.attempt == 2
    assert await database.fetch("SELECT * FROM read_marks") == before


async def test_a_mark_is_given_up_after_a_few_attempts(database_url: str, pool: Pool) -> None:
    await write(pool, database_url, 50)
    await open_ticket(pool)
    attempts = 0
    while attempts <= MOST_ATTEMPTS and await pool.fetchval(COUNT_DUE):
        await pool.execute(DUE_NOW)
        (mark,) = await take(pool)
        attempts += 1
        await record_read_mark(pool, mark, NotMarked(STOP, 401, 190), 1.0)

    assert attempts == MOST_ATTEMPTS


async def test_what_is_older_than_30_days_is_not_marked(database_url: str, pool: Pool) -> None:
    await write(pool, database_url, 50)
    await pool.execute(WRITTEN_LONG_AGO, timedelta(days=31))

    await open_ticket(pool)

    assert await take(pool) == []


async def test_a_mark_that_waited_until_its_message_was_too_old_is_given_up(
    database_url: str, pool: Pool
) -> None:
    await write(pool, database_url, 50)
    await open_ticket(pool)
    await pool.execute(MARKED_LONG_AGO, timedelta(days=31))

    (mark,) = await take(pool)
    await record_read_mark(pool, mark, None, 0.0)

    assert mark.is_too_old
    assert await pool.fetchval(COUNT_DUE) == 0


@pytest.mark.parametrize(("days", "left"), [(29, 1), (32, 0)])
async def test_a_row_lives_as_long_as_something_older_could_be_marked(
    database_url: str, pool: Pool, days: int, left: int
) -> None:
    await write(pool, database_url, 50)
    await open_ticket(pool)
    await pool.execute(MARKED_LONG_AGO, timedelta(days))

    assert await drop_old_read_marks(pool) == 1 - left

    assert await pool.fetchval("SELECT count(*) FROM read_marks") == left


@pytest.mark.parametrize("newer", ["survivor", "merged"])
async def test_r13_of_two_contacts_who_become_one_the_newer_mark_stays(
    database_url: str, pool: Pool, newer: str
) -> None:
    now = await pool.fetchval(NOW)
    ours, theirs = (10, 50) if newer == "survivor" else (50, 10)
    by_phone = text_message(PHONE, "por número", at=now - ours)
    by_user = text_message("", "por user id", at=now - theirs, from_user_id=USER)
    del by_user["from"]
    for message in (by_phone, by_user):
        await route(database_url, message)
        await open_ticket(pool)
    both = text_message(PHONE, "con los dos", at=now - 90, from_user_id=USER)

    await route(database_url, both)

    await pool.execute(ALL_SENT)
    expected = by_phone if newer == "survivor" else by_user
    assert await taken_wamids(pool) == [[expected["id"]]]
    # The merged ticket has no messages any more, and nothing in the survivor's is newer.
    for number in await pool.fetch("SELECT number FROM tickets ORDER BY id"):
        await open_ticket(pool, number["number"])
    await pool.execute(DUE_NOW)
    assert await taken_wamids(pool) == [[expected["id"]]]
