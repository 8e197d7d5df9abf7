"""WhatsApp took a message and says later that it failed, for a reason that may pass."""

import asyncpg
import pytest

from services.sender.record_outcomes import Sent, record_outcomes
from services.sender.take_messages import Taken, take_messages
from shared.database.pool import Pool
from shared.whatsapp.send_message import Accepted, Recipient
from tests.integration.sender.waiting import grace
from tests.outgoing import TAKEN_AT, Outgoing, deliveries, track, write_outgoing

PASSES = [{"code": 131000, "title": "Something went wrong"}]
FOR_GOOD = [{"code": 131026, "title": "Message undeliverable"}]
FORGET_DELAY = "UPDATE outbox SET next_attempt_at = now(), state = state"
FIND_WAITING = "SELECT message_id, state, attempts FROM outbox"


async def waiting(database: asyncpg.Connection) -> list[tuple[int, str]]:
    rows = await database.fetch(FIND_WAITING)
    return [(row["message_id"], row["state"]) for row in rows]


def failed(message: Outgoing) -> dict[str, object]:
    return message.status("failed", by_callback=True, errors=PASSES)


async def test_it_is_sent_again_under_another_wamid(
    pool: Pool, database: asyncpg.Connection
) -> None:
    (message,) = await write_outgoing(database)

    await track(pool, failed(message))

    assert await deliveries(database, [message]) == ["pending"]
    assert await waiting(database) == [(message.message_id, "queued")]
    await database.execute(FORGET_DELAY)
    (taken,) = await take_messages(pool, 10, grace)
    await record_outcomes(pool, [Sent(taken, Accepted("wamid.again"), 1.0)])
    await track(
        pool, message.status("delivered", by_wamid=False, by_callback=True, id="wamid.again")
    )
    assert await deliveries(database, [message]) == ["delivered"]


@pytest.mark.parametrize("state", ["sent", "failed"])
async def test_what_statuses_still_say_of_the_first_wamid_is_about_the_past(
    pool: Pool, database: asyncpg.Connection, state: str
) -> None:
    """Statuses come in any order: a late `sent` must not take the message out of the outbox."""
    (message,) = await write_outgoing(database)
    await track(pool, failed(message))
    await database.execute("UPDATE outbox SET state = 'unknown', unknown_since = now(),"
                           " attempts = 2, next_attempt_at = NULL")  # fmt: skip

    late = message.status(state, by_callback=True, timestamp="1795000900", errors=FOR_GOOD)
    await track(pool, late)

    assert await deliveries(database, [message]) == ["pending"]
    assert await waiting(database) == [(message.message_id, "unknown")]


async def test_in_one_batch_with_its_own_sent_it_is_sent_again(
    pool: Pool, database: asyncpg.Connection
) -> None:
    (message,) = await write_outgoing(database)

    await track(pool, failed(message), message.status("sent", by_callback=True))

    assert await deliveries(database, [message]) == ["pending"]
    assert await waiting(database) == [(message.message_id, "queued")]


async def test_what_arrived_has_not_failed(pool: Pool, database: asyncpg.Connection) -> None:
    (message,) = await write_outgoing(database, delivery="delivered")

    await track(pool, failed(message))

    assert await deliveries(database, [message]) == ["delivered"]
    assert await waiting(database) == []


async def test_where_the_answer_is_still_to_come_it_counts_after_it(
    pool: Pool, database: asyncpg.Connection
) -> None:
    """The sender that has the message records its attempt first; nothing is sent twice at once."""
    (message,) = await write_outgoing(database, wamid_known=False)

    await track(pool, failed(message))

    assert await waiting(database) == [(message.message_id, "sending")]
    recipient = Recipient("34600111222", None)
    first = Taken(message.message_id, message.contact_id, 1, "x", recipient, TAKEN_AT)
    await record_outcomes(pool, [Sent(first, Accepted(message.wamid), 1.0)])
    assert await waiting(database) == [(message.message_id, "queued")]
    assert await deliveries(database, [message]) == ["pending"]


async def test_an_attempt_is_never_numbered_twice(pool: Pool, database: asyncpg.Connection) -> None:
    """A sender that was given up may record its attempt long after the message is sent again."""
    (message,) = await write_outgoing(database, wamid_known=False)
    recipient = Recipient("34600111222", None)
    first = Taken(message.message_id, message.contact_id, 1, "x", recipient, TAKEN_AT)
    await record_outcomes(pool, [Sent(first, Accepted(message.wamid), 1.0)])
    await track(pool, failed(message))
    await database.execute(FORGET_DELAY)
    (taken,) = await take_messages(pool, 10, grace)
    assert taken.attempt > 1

    await record_outcomes(pool, [Sent(first, Accepted(message.wamid), 1.0)])

    assert await waiting(database) == [(message.message_id, "sending")]


async def test_it_fails_in_the_end(pool: Pool, database: asyncpg.Connection) -> None:
    (message,) = await write_outgoing(database)
    await database.execute("UPDATE messages SET send_attempts = 8")

    await track(pool, failed(message))

    assert await deliveries(database, [message]) == ["failed"]
    assert await waiting(database) == []
