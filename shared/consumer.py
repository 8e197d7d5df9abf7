"""Run a worker of one queue whose handler writes to PostgreSQL."""

import asyncio

from shared.broker.consume import Consumer
from shared.broker.publish import Publisher
from shared.broker.settle import Handle
from shared.database.failures import judge_failure
from shared.database.pool import Pool, watch_database
from shared.database.transaction import transaction
from shared.events import AttachmentReceived, Event
from shared.service import Service
from shared.tickets.count_attempt import count_attempt
from shared.tickets.record_items import record_dead


async def run_consumer(
    amqp_url: str,
    queue: str,
    pool: Pool,
    publisher: Publisher,
    handle: Handle,
    service: Service,
) -> None:
    """Consume until the process is asked to stop; then close both connections to RabbitMQ."""
    consumer = Consumer(
        amqp_url,
        queue,
        handle,
        judge=judge_failure,
        outside_answers=lambda: _answers(pool),
        on_suspect=lambda event: _count_attempt(pool, event),
        on_dead=lambda event, reason: _record_dead(pool, event, reason),
        publisher=publisher,
        service=service,
    )
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(publisher.run())
        tasks.create_task(watch_database(pool, service))
        await consumer.run()
        publisher.close()


async def _answers(pool: Pool) -> None:
    await pool.execute("SELECT 1")


async def _count_attempt(pool: Pool, event: Event) -> int:
    async with transaction(pool) as tx:
        return await count_attempt(tx, event)


async def _record_dead(pool: Pool, event: Event, reason: str) -> None:
    if isinstance(event, AttachmentReceived):
        return  # no item of a webhook; its own row is due again
    try:
        async with transaction(pool) as tx:
            await record_dead(tx, event, reason)
    except Exception as error:
        raise judge_failure(error) from error
