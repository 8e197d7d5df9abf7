"""The one map of RabbitMQ: every exchange, queue and argument.

Quorum queues with an at-least-once dead letter. RabbitMQ 3.10 drops dead letters without a word
unless `x-overflow` is `reject-publish` too (RabbitMQ, quorum queues, dead lettering).
"""

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection
from aiormq.exceptions import ChannelPreconditionFailed

from shared.events import MAX_EVENTS
from shared.log import log

EXCHANGE = "events"
TICKET_ROUTER = "ticket_router"
MEDIA_VALIDATOR = "media_validator"
STATUS_TRACKER = "status_tracker"
QUEUES = (TICKET_ROUTER, MEDIA_VALIDATOR, STATUS_TRACKER)

# An attachment is seconds of work, a message a millisecond. So each travels alone, and a worker
# holds few of them: validators that have nothing to do share an album.
EVENTS_PER_ENVELOPE = {TICKET_ROUTER: MAX_EVENTS, STATUS_TRACKER: MAX_EVENTS, MEDIA_VALIDATOR: 1}
# Deliveries that a worker holds, each an envelope: what it works on, and what comes meanwhile. More
# would only put more neighbours at risk.
PREFETCH = {TICKET_ROUTER: 200, STATUS_TRACKER: 100, MEDIA_VALIDATOR: 10}
# How long a worker collects deliveries, in seconds, unless its hands are full before. A message is
# handled at once; a tick may be a little late, and statuses that commit together leave the machine
# to the messages.
COLLECT = {TICKET_ROUTER: 0.0, STATUS_TRACKER: 0.1, MEDIA_VALIDATOR: 0.0}

# Only the last net: workers dead-letter by themselves, with a reason. It must be set at all,
# because before RabbitMQ 4 a queue without it requeues to its end and so scrambles the order.
DELIVERY_LIMIT = 20
# A person's look at the dead letters gives them back, which counts as a delivery: from RabbitMQ 4
# on, a queue without a limit of its own would drop them at the twentieth look.
DEAD_DELIVERY_LIMIT = 1_000_000_000


def dead_queue(queue: str) -> str:
    """Name the queue that keeps what a queue's worker could not handle."""
    return f"{queue}.dead"


def _arguments(queue: str) -> dict[str, str | int]:
    return {
        "x-queue-type": "quorum",
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": dead_queue(queue),
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
        "x-delivery-limit": DELIVERY_LIMIT,
    }


_DEAD_ARGUMENTS: dict[str, str | int] = {
    "x-queue-type": "quorum",
    "x-delivery-limit": DEAD_DELIVERY_LIMIT,
}


async def declare_topology(connection: AbstractConnection) -> None:
    """Declare everything, dead letters first; safe to repeat, and done by every service.

    A queue that stands with other arguments (an operator's change, another version) is said and
    used as it is.
    """
    channel = await connection.channel()
    exchange = await channel.declare_exchange(EXCHANGE, aio_pika.ExchangeType.DIRECT, durable=True)
    for queue in QUEUES:
        for name, arguments in (
            (dead_queue(queue), _DEAD_ARGUMENTS),
            (queue, _arguments(queue)),
        ):
            if channel.is_closed:
                channel = await connection.channel()
                exchange = await channel.get_exchange(EXCHANGE, ensure=False)
            await _declare_queue(channel, name, dict(arguments))
    if channel.is_closed:
        channel = await connection.channel()
    for queue in QUEUES:
        declared = await channel.get_queue(queue, ensure=False)
        await declared.bind(exchange.name, routing_key=queue)
    await channel.close()


async def _declare_queue(
    channel: AbstractChannel, name: str, arguments: dict[str, str | int]
) -> None:
    try:
        await channel.declare_queue(name, durable=True, arguments=dict(arguments))
    except ChannelPreconditionFailed as error:
        # RabbitMQ closes the channel with this answer; the queue is there and stays as it is.
        log.warning("amqp.queue_differs", queue=name, reason=_difference(error))


def _difference(error: ChannelPreconditionFailed) -> str:
    """Give RabbitMQ's own words, which name the argument; they hold nothing of a message."""
    return str(error)[:200]
