"""Put dead letters back into their queue, after what they failed at was mended."""

import argparse
import asyncio
from uuid import UUID

from services.operations.choose_letters import chosen_letters, letter_options
from services.operations.forget_attempts import forget_attempts
from services.operations.show import say
from shared import config
from shared.broker.connect import one_connection
from shared.broker.dead_letters import dead_letters_of
from shared.broker.publish import Publisher
from shared.database.pool import create_pool
from shared.service import Service

replay_letters_options = letter_options


def replay_dead_letters(env: config.Env, arguments: argparse.Namespace) -> None:
    """Give dead letters to the workers of their queue again, oldest first."""
    database_url, amqp_url = config.database_url(env), config.amqp_url(env)
    asyncio.run(_replay(database_url, amqp_url, arguments.queue, arguments.item))


async def _replay(database_url: str, amqp_url: str, queue: str, item: UUID | None) -> None:
    replayed = 0
    publisher = Publisher(amqp_url, Service())
    try:
        async with (
            await create_pool(database_url, "operations", size=1) as pool,
            one_connection(amqp_url) as connection,
            one_connection(amqp_url) as other,
            dead_letters_of(connection, queue) as letters,
        ):
            await publisher.open_channel(other)
            async for letter in chosen_letters(letters, item):
                await forget_attempts(pool, [event.item_id for event in letter.events])
                # Stored before it is taken out: killed in between, it is there twice, and the
                # second time is a no-op.
                await publisher.publish_alone(queue, letter.body)
                await letters.settle(letter)
                replayed += 1
    finally:
        say(f"{replayed} dead letters of {queue} are in its queue again")
