"""FastStream's router: `faststream run tests.benchmarks.peers.faststream_router:app`."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from faststream import AckPolicy, FastStream
from faststream.rabbit import Channel, QueueType, RabbitBroker, RabbitQueue

from tests.benchmarks.peers.configurations import FASTSTREAM_QUEUE
from tests.benchmarks.peers.place_message import PLACE_MESSAGE, SESSION, parameters
from tests.benchmarks.peers.serve import this_configuration

settings = this_configuration("router", "faststream").settings
queue = RabbitQueue(FASTSTREAM_QUEUE, queue_type=QueueType.QUORUM, durable=True)
broker = RabbitBroker(
    os.environ["AMQP_URL"],
    default_channel=Channel(prefetch_count=settings["prefetch"]),
    logger=None,
    apply_types=False,
)


class _Database:
    pool: "asyncpg.Pool[asyncpg.Record]"


class _Worker:
    number: int | None = None
    """Which of several processes this is, from 0."""


async def place(body: bytes) -> None:
    """Place a message; FastStream acks it when this returns, and requeues it when it raises."""
    values = parameters(body)
    while True:
        try:
            await _Database.pool.execute(PLACE_MESSAGE, *values)
        except asyncpg.UniqueViolationError:
            continue  # somebody else made this contact or this ticket just now
        return


async def _body(message: Any) -> Any:
    """Leave the body as it is."""
    return message.body


async def _keep_session(_: object) -> None:
    """Spare the round trip that resets a session each time it is given back."""


@asynccontextmanager
async def lifespan(worker_id: int | None = None) -> AsyncIterator[None]:
    """Hold the connections while messages are taken."""
    _Worker.number = worker_id
    size = int(settings["connections"])
    async with asyncpg.create_pool(
        os.environ["DATABASE_URL"],
        min_size=size,
        max_size=size,
        reset=_keep_session,
        server_settings=SESSION,
    ) as _Database.pool:
        yield


def _say_ready() -> None:
    if _Worker.number in {None, int(settings["processes"]) - 1}:
        print("ready", flush=True)


broker.subscriber(queue, ack_policy=AckPolicy.NACK_ON_ERROR, decoder=_body, no_reply=True)(place)
app = FastStream(broker, logger=None, lifespan=lifespan, after_startup=[_say_ready])
