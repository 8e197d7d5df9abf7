"""R13: two contacts who are one person, while their messages and files are on their way."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from services.agent_desk.find_ticket import lock_ticket
from services.media_validator.claim_attachment import claim_attachment
from services.media_validator.end_untaken import end_untaken
from services.media_validator.settings import Settings as ValidatorSettings
from services.sender.record_outcomes import Sent, record_outcomes
from services.sender.take_messages import take_messages
from shared.config import DEFAULT_TEXTS_FILE
from shared.database.pool import Pool, create_pool
from shared.database.transaction import transaction
from shared.media.formats.registry import choose_formats
from shared.texts import read_texts
from shared.whatsapp.send_message import Accepted
from tests.routing import route
from tests.webhooks import text_message

PHONE, USER = "34600111222", "ES.Ana"
GRACE = timedelta(minutes=30)
OUTBOX = """
SELECT contact_id, purpose, messages.ticket_id, outbox.state,
       next_attempt_at IS NOT NULL AS is_dated
FROM outbox JOIN messages ON messages.id = message_id ORDER BY message_id
"""


def by_user_id(text: str, **more: Any) -> dict[str, Any]:
    message = text_message("", text, from_user_id=USER, **more)
    del message["from"]
    return message


async def two_of_one_person(database_url: str) -> None:
    """Have somebody write by the phone alone, then by the user id alone."""
    await route(database_url, text_message(PHONE, "por número"))
    await route(database_url, by_user_id("por user id"))


async def join(database_url: str) -> None:
    await route(database_url, text_message(PHONE, "con los dos", from_user_id=USER))


@pytest.fixture
async def pool(database_url: str) -> Pool:
    return await create_pool(database_url, "tests")


async def test_the_other_tickets_opening_message_is_withdrawn_and_the_order_is_kept(
    database_url: str, database: asyncpg.Connection
) -> None:
    await two_of_one_person(database_url)
    await join(database_url)

    assert [tuple(row) for row in await database.fetch(OUTBOX)] == [
        (1, "opening", 1, "queued", True)
    ]
    deliveries = await database.fetch(
        "SELECT delivery FROM messages WHERE purpose = 'opening' ORDER BY id"
    )
    assert [row["delivery"] for row in deliveries] == ["pending", "undeliverable"]
    merged = await database.fetchrow("SELECT * FROM tickets WHERE id = 2")
    assert merged is not None
    assert (merged["status"], merged["unread"], merged["contact_id"]) == ("closed", 0, 1)
    assert await database.fetchval("SELECT unread FROM tickets WHERE id = 1") == 3


@pytest.mark.parametrize("together", [True, False])
async def test_what_is_being_sent_is_recorded_for_whoever_goes_on(
    database_url: str, database: asyncpg.Connection, pool: Pool, *, together: bool
) -> None:
    await two_of_one_person(database_url)
    taken = await take_messages(pool, 10, GRACE)
    await join(database_url)

    sent = [Sent(one, Accepted(f"wamid.out.{one.message_id}"), 1.0) for one in taken]
    for batch in [sent] if together else [[one] for one in sent]:
        await record_outcomes(pool, batch)

    assert await database.fetch(OUTBOX) == []
    wamids = await database.fetch("SELECT wamid FROM messages WHERE purpose = 'opening'")
    assert {row["wamid"] for row in wamids} == {f"wamid.out.{one.message_id}" for one in taken}
    await pool.close()


async def test_a_file_that_is_refused_afterwards_is_told_in_the_ticket_that_goes_on(
    database_url: str, database: asyncpg.Connection, pool: Pool
) -> None:
    await route(database_url, text_message(PHONE, "por número"))
    await route(database_url, by_user_id("", type="document", document={"id": "1"}))
    claim = await claim_attachment(pool, 1)
    assert claim is not None
    await join(database_url)

    settings = ValidatorSettings(
        "", "", "", "", "", frozenset(), choose_formats(["pdf"]), 1, "file:///tmp", GRACE,
        read_texts(DEFAULT_TEXTS_FILE), None,
    )  # fmt: skip
    async with transaction(pool) as tx:
        assert await end_untaken(tx, claim, settings, "refused", "format", 1)

    due = await database.fetch("SELECT id FROM tickets WHERE refusal_notice_at IS NOT NULL")
    assert [row["id"] for row in due] == [1]
    await pool.close()


async def test_an_agent_who_waits_for_the_ticket_gets_it_under_the_lock_of_whoever_goes_on(
    database_url: str, database: asyncpg.Connection, pool: Pool
) -> None:
    await two_of_one_person(database_url)
    await database.execute("UPDATE tickets SET status = 'closed', closed_at = now() WHERE id = 1")
    number = await database.fetchval("SELECT number FROM tickets WHERE id = 2")
    other = await asyncpg.connect(database_url)
    holding = other.transaction()
    await holding.start()
    await other.execute("SELECT FROM contacts WHERE id = 2 FOR NO KEY UPDATE")

    async def lock() -> int:
        async with transaction(pool) as tx:
            return int((await lock_ticket(tx, number)).row["contact_id"])

    waiting = asyncio.create_task(lock())
    await other.execute("UPDATE tickets SET contact_id = 1 WHERE id = 2")
    await holding.commit()

    assert await waiting == 1
    await other.close()
    await pool.close()
