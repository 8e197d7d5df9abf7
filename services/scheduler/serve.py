"""The scheduler's loop: any number of them run side by side, and any one is enough."""

from collections.abc import Awaitable, Callable, Mapping
from time import monotonic

from services.scheduler.close_due_tickets import close_due_tickets
from services.scheduler.expire_leases import expire_leases
from services.scheduler.resend_unknown import resend_unknown
from services.scheduler.settings import Settings
from shared.database.pool import AWAY, Pool, create_pool
from shared.log import failure, log
from shared.service import Service

# A ticket is written closed within a second of its deadline.
POLL_SECONDS = 0.25
# While the database is away it is asked less often, and said less often.
AWAY_SECONDS = 2.0

Chore = Callable[[Pool], Awaitable[int]]


async def serve(settings: Settings, service: Service) -> None:
    """Do the chores until the process is asked to stop; one that fails does not stop the rest."""
    pool = await create_pool(settings.database_url, "scheduler", size=2)
    chores: dict[str, Chore] = {
        "close_due_tickets": close_due_tickets,
        "expire_leases": expire_leases,
        "resend_unknown": lambda pool: resend_unknown(pool, settings.unknown_resend),
    }
    for name in chores:
        service.health.not_ready(name, "not done yet")
    try:
        pause = POLL_SECONDS
        while not await service.stopped_within(pause):
            away = await _do(chores, pool, service)
            pause = AWAY_SECONDS if away else POLL_SECONDS
    finally:
        await pool.close()


async def _do(chores: Mapping[str, Chore], pool: Pool, service: Service) -> bool:
    """Do each once; tell whether one of them could not be done."""
    away = False
    for name, chore in chores.items():
        started = monotonic()
        try:
            done = await chore(pool)
        except AWAY as error:
            service.health.not_ready(name, "the database does not answer or refuses")
            log.warning("scheduler.waiting", chore=name, **failure(error))
            away = True
        else:
            service.health.ready(name)
            if done:
                took_ms = round((monotonic() - started) * 1000, 1)
                log.info("scheduler.done", chore=name, rows=done, took_ms=took_ms)
    return away
