"""A file whose time has come is hinted to the validators again, and not for nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aio_pika
import asyncpg
import pytest
from uuid_utils.compat import uuid7

from services.scheduler.requeue_attachments import LONG_QUEUE, requeue_attachments
from shared.broker.publish import Publisher
from shared.broker.topology import MEDIA_VALIDATOR
from shared.database.pool import Pool
from shared.errors import OutsideAwayError
from shared.events import AttachmentReceived, decode_event, encode_event, open_envelope
from shared.service import Service
from tests.eventually import eventually
from tests.routing import route
from tests.webhooks import text_message

MAKE_DUE = "UPDATE attachments SET next_attempt_at = now() - interval '1 second'"


@asynccontextmanager
async def publishing(amqp_url: str) -> AsyncIterator[Publisher]:
    service = Service()
    publisher = Publisher(amqp_url, service)
    running = asyncio.create_task(publisher.run())
    try:
        yield publisher
    finally:
        service.stopping.set()
        publisher.close()
        await running


@pytest.fixture
async def publisher(amqp_url: str) -> AsyncIterator[Publisher]:
    async with publishing(amqp_url) as publisher:

        async def answers() -> None:
            try:
                await publisher.count_waiting(MEDIA_VALIDATOR)
            except OutsideAwayError as error:
                raise AssertionError from error

        await eventually(answers)
        yield publisher


async def send_files(database_url: str, count: int) -> None:
    files = [
        text_message("34600111222", "") | {"type": "image", "image": {"id": f"81{number}"}}
        for number in range(count)
    ]
    await route(database_url, *files)


async def hinted(amqp_url: str) -> list[int]:
    """Take what waits for the validators; give the attachments' ids."""
    connection = await aio_pika.connect(amqp_url)
    async with connection:
        channel = await connection.channel()
        queue = await channel.get_queue(MEDIA_VALIDATOR, ensure=False)
        ids = []
        while (message := await queue.get(no_ack=True, fail=False)) is not None:
            for encoded in open_envelope(message.body):
                event = decode_event(encoded)
                assert isinstance(event, AttachmentReceived)
                ids.append(event.attachment_id)
        return sorted(ids)


async def test_only_what_is_due_is_hinted_and_once(
    pool: Pool, publisher: Publisher, database: asyncpg.Connection, database_url: str, amqp_url: str
) -> None:
    await send_files(database_url, 3)
    assert await requeue_attachments(pool, publisher) == 0
    await database.execute(MAKE_DUE + " WHERE id <> 2")

    assert await requeue_attachments(pool, publisher) == 2
    assert await requeue_attachments(pool, publisher) == 0, "dated anew"

    assert await hinted(amqp_url) == [1, 3]


async def test_while_many_hints_wait_nothing_is_hinted_again(
    pool: Pool, publisher: Publisher, database: asyncpg.Connection, database_url: str
) -> None:
    await send_files(database_url, 1)
    await database.execute(MAKE_DUE)
    hint = encode_event(AttachmentReceived(uuid7(), 1))
    await asyncio.gather(
        *(publisher.publish(MEDIA_VALIDATOR, [hint], "") for _ in range(LONG_QUEUE))
    )

    async def counted() -> None:
        assert await publisher.count_waiting(MEDIA_VALIDATOR) == LONG_QUEUE

    await eventually(counted)

    assert await requeue_attachments(pool, publisher) == 0


async def test_while_rabbitmq_is_away_a_due_file_stays_due(
    pool: Pool, database: asyncpg.Connection, database_url: str
) -> None:
    await send_files(database_url, 1)
    await database.execute(MAKE_DUE)
    async with publishing("amqp://guest:guest@127.0.0.1:1/") as away:
        with pytest.raises(OutsideAwayError):
            await requeue_attachments(pool, away)

    assert await database.fetchval("SELECT next_attempt_at < now() FROM attachments")
