"""The scheduler's loop: any number of them run side by side, and any one is enough."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import monotonic

from services.scheduler.close_due_tickets import close_due_tickets
from services.scheduler.date_forgotten_heads import date_forgotten_heads
from services.scheduler.drop_early_statuses import drop_early_statuses
from services.scheduler.drop_old_changes import drop_old_changes
from services.scheduler.drop_old_paces import drop_old_paces
from services.scheduler.drop_old_read_marks import drop_old_read_marks
from services.scheduler.erase_bytes import erase_bytes
from services.scheduler.expire_leases import expire_leases
from services.scheduler.purge_old_items import purge_old_items
from services.scheduler.queue_refusal_notices import queue_refusal_notices
from services.scheduler.requeue_attachments import requeue_attachments
from services.scheduler.resend_unknown import resend_unknown
from services.scheduler.retire_old_files import retire_old_files
from services.scheduler.settings import Settings
from shared.broker.publish import Publisher
from shared.database.pool import AWAY, Pool, create_pool
from shared.errors import OutsideAwayError
from shared.log import failure, log
from shared.media.store import MediaStore
from shared.service import Service

# A ticket is written closed within a second of its deadline.
POLL_SECONDS = 0.25
SWEEP_SECONDS = 10.0
# A file that a desk calls deleted is gone from the store soon after.
ERASE_SECONDS = 2.0
DAILY_SECONDS = 86_400.0
# What is away is asked less often, and said less often.
AWAY_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Chore:
    """Something that time makes due; `work` gives how many rows it changed."""

    name: str
    work: Callable[[], Awaitable[int]]
    every: float = POLL_SECONDS
    """Seconds between the end of one time and the next."""


async def serve(settings: Settings, service: Service) -> None:
    """Do the chores until the process is asked to stop."""
    pool = await create_pool(settings.database_url, "scheduler", size=4)
    publisher = Publisher(settings.amqp_url, service)
    chores = _chores(settings, pool, publisher, service.stopping)
    for chore in chores:
        # What is done once a day may take long the first time, and nobody waits for it.
        if chore.every < DAILY_SECONDS:
            service.health.not_ready(chore.name, "not done yet")
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(publisher.run())
            async with asyncio.TaskGroup() as lines:
                # Each in a line of its own: RabbitMQ's trouble must not make a deadline wait.
                for chore in chores:
                    lines.create_task(_repeat(chore, service))
            publisher.close()
    finally:
        await pool.close()


def _chores(
    settings: Settings, pool: Pool, publisher: Publisher, stopping: asyncio.Event
) -> Sequence[Chore]:
    wait, texts, formats = settings.unknown_resend, settings.texts, settings.formats
    raw_kept, keys_kept = settings.ledger_raw_kept, settings.keys_kept
    store, media_kept = MediaStore(settings.store_url), settings.media_kept
    return (
        Chore("close_due_tickets", lambda: close_due_tickets(pool)),
        Chore("expire_leases", lambda: expire_leases(pool)),
        Chore("resend_unknown", lambda: resend_unknown(pool, wait)),
        Chore("queue_refusal_notices", lambda: queue_refusal_notices(pool, texts, formats)),
        Chore("requeue_attachments", lambda: requeue_attachments(pool, publisher)),
        Chore("date_forgotten_heads", lambda: date_forgotten_heads(pool), every=SWEEP_SECONDS),
        Chore("drop_old_changes", lambda: drop_old_changes(pool), every=SWEEP_SECONDS),
        Chore("drop_old_paces", lambda: drop_old_paces(pool), every=SWEEP_SECONDS),
        Chore("drop_old_read_marks", lambda: drop_old_read_marks(pool), every=SWEEP_SECONDS),
        Chore("drop_early_statuses", lambda: drop_early_statuses(pool), every=SWEEP_SECONDS),
        Chore("erase_bytes", lambda: erase_bytes(pool, store), every=ERASE_SECONDS),
        Chore(
            "retire_old_files",
            lambda: retire_old_files(pool, media_kept, stopping),
            every=DAILY_SECONDS,
        ),
        Chore(
            "purge_old_items",
            lambda: purge_old_items(pool, raw_kept, keys_kept, stopping),
            every=DAILY_SECONDS,
        ),
    )


async def _repeat(chore: Chore, service: Service) -> None:
    """Do a chore again and again until the process is asked to stop."""
    pause = POLL_SECONDS
    while not await service.stopped_within(pause):
        pause = chore.every
        started = monotonic()
        try:
            done = await chore.work()
        except (*AWAY, OutsideAwayError) as error:
            pause = max(min(chore.every, SWEEP_SECONDS), AWAY_SECONDS)
            service.health.not_ready(chore.name, "the outside does not answer or refuses")
            log.warning("scheduler.waiting", chore=chore.name, **failure(error))
        else:
            service.health.ready(chore.name)
            if done:
                took_ms = round((monotonic() - started) * 1000, 1)
                log.info("scheduler.done", chore=chore.name, rows=done, took_ms=took_ms)
