"""Connections to RabbitMQ, opened again for ever.

Plain connections in loops of our own, not aio-pika's robust ones: what must happen after a loss
(declare, start with a prefetch of one, forget what was buffered) is ours to order and to test.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aio_pika
from aio_pika.abc import AbstractConnection
from aiormq.exceptions import AMQPError
from yarl import URL

from shared.broker.topology import declare_topology
from shared.errors import OutsideAwayError
from shared.log import failure, log
from shared.service import Service

# A half-open link is given up after three missed beats; with aio-pika's 60 s that takes minutes.
HEARTBEAT_SECONDS = 10
CONNECT_SECONDS = 5
LOST = (AMQPError, OSError, TimeoutError, RuntimeError)
"""What aio-pika and aiormq raise when the link is down; RuntimeError where it is just closing."""


@asynccontextmanager
async def connection_for(
    amqp_url: str, purpose: str, service: Service
) -> AsyncIterator[AbstractConnection | None]:
    """Give a connection with the topology declared; wait for it as long as the process lives.

    Gives None where the process was asked to stop before the broker answered. `part_of(purpose)`
    is not ready until the caller, who opens the channels, says that it is. Publishing and
    consuming have a connection each: RabbitMQ blocks a connection that publishes during an alarm,
    and with it everything else on it.
    """
    service.health.not_ready(part_of(purpose), "not connected")

    def say(attempt: int, error: BaseException) -> None:
        # At growing distances (attempts 1, 2, 4, 8, …): an outage is one piece of news.
        if attempt & (attempt - 1) == 0:
            log.warning("amqp.unavailable", purpose=purpose, attempt=attempt, **failure(error))

    try:
        connection = await service.try_until_stopped(lambda: open_connection(amqp_url), LOST, say)
    except LOST:
        yield None
        return
    log.info("amqp.connected", purpose=purpose)
    try:
        yield connection
    finally:
        service.health.not_ready(part_of(purpose), "not connected")
        await _close(connection)


def part_of(purpose: str) -> str:
    """Name the part of the process' health that a connection is."""
    return f"amqp {purpose}"


async def open_connection(amqp_url: str) -> AbstractConnection:
    """Connect once and declare the topology; raise one of LOST where the broker is away."""
    url = URL(amqp_url).update_query(heartbeat=str(HEARTBEAT_SECONDS))
    try:
        connection = await aio_pika.connect(url, timeout=CONNECT_SECONDS)
    except StopAsyncIteration as error:
        # aiormq 7.2 lets it out where the server ends the connection in the middle of the greeting
        # (`FrameReceiver.get_frame`); in a generator such as the one above it becomes a crash.
        raise ConnectionError("the connection ended while it was opened") from error
    try:
        await declare_topology(connection)
    except BaseException:
        await _close(connection)
        raise
    return connection


@asynccontextmanager
async def one_connection(amqp_url: str) -> AsyncIterator[AbstractConnection]:
    """Give a connection for a person's command, who can try again: OutsideAwayError, no waiting."""
    try:
        connection = await open_connection(amqp_url)
    except LOST as error:
        raise OutsideAwayError(f"RabbitMQ does not answer ({type(error).__name__})") from error
    try:
        yield connection
    finally:
        await _close(connection)


async def _close(connection: AbstractConnection) -> None:
    try:
        await connection.close()
    except LOST as error:
        log.debug("amqp.lost", purpose="closing", **failure(error))
