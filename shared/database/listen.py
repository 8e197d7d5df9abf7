"""Hear PostgreSQL's notifications: hints that something may be due, never the only way to know."""

import asyncio

import asyncpg

from shared.log import failure, log
from shared.service import Service
from shared.waiting import first_of


async def wake_on_notify(
    database_url: str, channel: str, wake: asyncio.Event, service: Service
) -> None:
    """Set `wake` at each notification until the process is asked to stop; reconnect by itself."""

    def say(_: int, error: BaseException) -> None:
        log.debug("listen.unavailable", **failure(error))

    async def listen() -> None:
        connection = await asyncpg.connect(database_url, timeout=5)
        try:
            closed = asyncio.Event()
            connection.add_termination_listener(lambda _: closed.set())
            await connection.add_listener(channel, lambda *_: wake.set())
            wake.set()  # what was notified before is not heard
            await first_of(closed.wait(), service.stopping.wait())
        finally:
            connection.terminate()
        if not service.stopping.is_set():
            raise ConnectionError("the connection was lost")

    try:
        await service.try_until_stopped(listen, (Exception,), say)
    except Exception as error:  # noqa: BLE001  asked to stop while away
        log.debug("listen.unavailable", **failure(error))
