"""Claims of uploads that were given up: what comes late changes nothing."""

from dataclasses import replace
from datetime import timedelta

import asyncpg

from services.sender.claim_uploads import (
    UploadClaim,
    claim_uploads,
    put_off_upload,
    renew_claims,
)
from services.sender.record_uploads import record_upload_failed, record_uploaded
from shared.database.pool import Pool
from shared.whatsapp.error_codes import rule_of
from shared.whatsapp.upload_media import UploadRefused
from tests.integration.sender.waiting import write_waiting

ADD_FILE = """
WITH file AS (
    INSERT INTO attachments (message_id, filename, state, format, size, storage_key)
    VALUES ($1::bigint, 'a.pdf', 'accepted', 'pdf', 7, $1::bigint::text) RETURNING id
)
INSERT INTO uploads (attachment_id, next_attempt_at) SELECT id, now() FROM file
"""
WAIT = "UPDATE outbox SET state = 'uploading', next_attempt_at = NULL WHERE message_id = $1"
END_CLAIMS = "UPDATE uploads SET next_attempt_at = now() WHERE next_attempt_at IS NOT NULL"
REFUSED = UploadRefused(rule_of(131053), 400, 131053)


async def write_file(database: asyncpg.Connection, message_id: int) -> None:
    await database.execute(ADD_FILE, message_id)
    await database.execute(WAIT, message_id)


async def claim_twice(pool: Pool, database: asyncpg.Connection) -> tuple[UploadClaim, UploadClaim]:
    """Have a sender claim a file, be given up, and another one claim it."""
    waiting = await write_waiting(database, messages=1)
    await write_file(database, waiting.messages[0])
    (late,) = await claim_uploads(pool, 9)
    await database.execute(END_CLAIMS)
    (newer,) = await claim_uploads(pool, 9)
    return late, newer


async def state(database: asyncpg.Connection) -> tuple[str, str | None]:
    row = await database.fetchrow("SELECT state, media_id FROM outbox, uploads")
    assert row is not None
    return row["state"], row["media_id"]


async def test_a_file_is_claimed_by_one_sender_at_a_time(
    pool: Pool, database: asyncpg.Connection
) -> None:
    waiting = await write_waiting(database, messages=1)
    await write_file(database, waiting.messages[0])

    assert len(await claim_uploads(pool, 9)) == 1
    assert await claim_uploads(pool, 9) == []


async def test_of_a_contact_only_the_first_message_is_uploaded(
    pool: Pool, database: asyncpg.Connection
) -> None:
    files = await write_waiting(database, messages=3)
    text = await write_waiting(database, messages=2)
    for message_id in (*files.messages, text.messages[1]):
        await write_file(database, message_id)

    assert [one.message_id for one in await claim_uploads(pool, 9)] == [files.messages[0]]


async def test_what_a_given_up_sender_uploaded_late_is_not_taken(
    pool: Pool, database: asyncpg.Connection
) -> None:
    late, newer = await claim_twice(pool, database)

    assert await record_uploaded(pool, late, "late", 1.0) is False
    assert await record_upload_failed(pool, late, REFUSED) is False
    assert await state(database) == ("uploading", None)
    assert await record_uploaded(pool, newer, "newer", 1.0) is True
    assert await state(database) == ("queued", "newer")
    assert await database.fetchval("SELECT next_attempt_at IS NOT NULL FROM outbox")


async def test_a_given_up_sender_neither_holds_nor_puts_off_the_claim_of_another(
    pool: Pool, database: asyncpg.Connection
) -> None:
    late, newer = await claim_twice(pool, database)
    due = "SELECT next_attempt_at - now() > interval '20 seconds' FROM uploads"
    await database.execute("UPDATE uploads SET next_attempt_at = now() + interval '1 second'")

    await renew_claims(pool, [late])
    assert await database.fetchval(due) is False
    await renew_claims(pool, [newer])
    assert await database.fetchval(due) is True
    await put_off_upload(pool, late, timedelta())
    assert await database.fetchval(due) is True
    await put_off_upload(pool, newer, timedelta())
    assert await database.fetchval(due) is False


async def test_what_was_uploaded_is_never_due_again(
    pool: Pool, database: asyncpg.Connection
) -> None:
    _, newer = await claim_twice(pool, database)
    await record_uploaded(pool, newer, "newer", 1.0)

    await renew_claims(pool, [newer])
    await put_off_upload(pool, newer, timedelta())

    assert await database.fetchval("SELECT next_attempt_at FROM uploads") is None
    assert await record_uploaded(pool, replace(newer), "again", 1.0) is False
    assert (await state(database))[1] == "newer"
