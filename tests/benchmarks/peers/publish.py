"""Fill a peer's queue: `python -m tests.benchmarks.peers.publish PEER N [FIRST]`.

Puts the messages FIRST to FIRST + N - 1 of the stream (FIRST: 0) on the queue, each as the peer's
own ingress does, confirmed, and prints how many. It publishes by aio-pika in both cases, because
Celery's own publishing takes a thousand a second.
"""

import asyncio
import os
import sys
from collections.abc import Iterable
from uuid import uuid4

import aio_pika
import uvloop
from pamqp.commands import Basic

from tests.benchmarks.peers.configurations import CELERY_QUEUE, FASTSTREAM_QUEUE
from tests.benchmarks.peers.place_message import encode_arrived
from tests.benchmarks.peers.stream import webhook_body
from tests.benchmarks.peers.take_webhook import read_webhook

QUEUES = {"faststream": FASTSTREAM_QUEUE, "celery": CELERY_QUEUE}
# More are not confirmed any sooner.
UNDER_WAY = 100


def main() -> int:
    """Publish and say how many."""
    peer, count, *first = sys.argv[1:]
    begin = int(first[0]) if first else 0
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(runner.run(publish(peer, range(begin, begin + int(count)))))
    return 0


async def publish(peer: str, numbers: Iterable[int]) -> int:
    """Publish these messages of the stream; return when RabbitMQ has confirmed all of them."""
    queue = QUEUES[peer]
    left = iter(numbers)
    published = 0
    async with await aio_pika.connect(os.environ["AMQP_URL"]) as connection:
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        await channel.declare_queue(queue, durable=True, arguments={"x-queue-type": "quorum"})

        async def publish_some() -> None:
            nonlocal published
            for number in left:
                for arrived in read_webhook(webhook_body(number)):
                    message = _WRAP[peer](encode_arrived(arrived))
                    done = await channel.default_exchange.publish(message, queue)
                    if not isinstance(done, Basic.Ack):
                        raise ConnectionError("RabbitMQ did not confirm a message")
                    published += 1

        await asyncio.gather(*(publish_some() for _ in range(UNDER_WAY)))
    return published


def _for_faststream(encoded: bytes) -> aio_pika.Message:
    return aio_pika.Message(
        encoded,
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        message_id=str(uuid4()),
        correlation_id=str(uuid4()),
    )


def _for_celery(encoded: bytes) -> aio_pika.Message:
    """Wrap a message as `apply_async` does."""
    from kombu.serialization import dumps

    from tests.benchmarks.peers.celery_tasks import app

    task = app.amqp.create_task_message(
        str(uuid4()), "place", (encoded,), {}, argsrepr="(a message)", kwargsrepr="{}"
    )
    content_type, content_encoding, body = dumps(task.body, serializer="msgspec")
    return aio_pika.Message(
        body,
        headers={key: value for key, value in task.headers.items() if value is not None},
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        correlation_id=task.properties["correlation_id"],
        content_type=content_type,
        content_encoding=content_encoding,
    )


_WRAP = {"faststream": _for_faststream, "celery": _for_celery}

if __name__ == "__main__":
    sys.exit(main())
