"""Claims of uploads that were given up: what comes late changes nothing."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

import asyncpg
import pytest

from services.sender import upload_files
from services.sender.claim_uploads import (
    UploadClaim,
    claim_uploads,
    put_off_upload,
    renew_claims,
)
from services.sender.record_uploads import record_upload_failed, record_uploaded
from services.sender.upload_files import UploadFiles
from shared.database.pool import Pool
from shared.media.store import MediaStore
from shared.service import Service
from shared.whatsapp.error_codes import rule_of
from shared.whatsapp.upload_media import UploadApi, UploadOutcome, UploadRefused
from tests.eventually import eventually
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


class Endless(UploadApi):
    """An upload that WhatsApp does not answer."""

    async def upload(self, *_: object) -> UploadOutcome:
        await asyncio.Event().wait()
        raise AssertionError


async def test_a_long_upload_stays_the_claim_of_who_began_it(
    pool: Pool, database: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_files, "RENEW_SECONDS", 0.05)
    monkeypatch.setattr(upload_files, "DRAIN_SECONDS", 0.05)
    waiting = await write_waiting(database, messages=1)
    await write_file(database, waiting.messages[0])
    service = Service()
    store = MediaStore("file:///nowhere")
    uploading = asyncio.create_task(
        UploadFiles(pool, Endless("http://x", "", ""), store, service).run()
    )

    async def renewed_until_after(earlier: datetime | None) -> datetime:
        until = await database.fetchval("SELECT next_attempt_at FROM uploads WHERE attempts = 1")
        assert until is not None
        assert earlier is None or until > earlier
        return cast("datetime", until)

    claimed = await eventually(lambda: renewed_until_after(None))
    renewed = await eventually(lambda: renewed_until_after(claimed))
    await eventually(lambda: renewed_until_after(renewed))
    service.stopping.set()
    await uploading
    assert await database.fetchval("SELECT next_attempt_at <= clock_timestamp() FROM uploads")


async def test_a_message_that_comes_back_when_its_file_is_deleted_fails(
    pool: Pool, database: asyncpg.Connection, tmp_path: Path
) -> None:
    """A late status had it sent again, and WhatsApp has its file no more."""
    waiting = await write_waiting(database, messages=2)
    await write_file(database, waiting.messages[0])
    await database.execute("UPDATE attachments SET storage_key = NULL, bytes_deleted_at = now()")
    service = Service()
    files = UploadFiles(pool, cast("UploadApi", None), MediaStore(tmp_path.as_uri()), service)
    running = asyncio.create_task(files.run())

    async def failed() -> None:
        rows = await database.fetch("SELECT delivery FROM messages ORDER BY id")
        assert [row["delivery"] for row in rows] == ["failed", "pending"]

    await eventually(failed)
    service.stopping.set()
    await running
    (left,) = await database.fetch("SELECT message_id, next_attempt_at FROM outbox")
    assert left["message_id"] == waiting.messages[1]
    assert left["next_attempt_at"] is not None, "what waited behind it goes on"
