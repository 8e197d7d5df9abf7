"""The limit of a worker's queue: consume, and acknowledge each delivery, and nothing else.

`python -m tests.benchmarks.bench.bare_consume DELIVERIES`, with AMQP_URL, from a queue that is full
when it begins; the same client, queue and prefetch as ticket_router. Prints deliveries per second,
without the first tenth.
"""

import asyncio
import os
import sys
from time import monotonic

import aio_pika
import uvloop
from aio_pika.abc import AbstractIncomingMessage

from shared.broker.topology import PREFETCH, TICKET_ROUTER


async def main(deliveries: int) -> float:
    """Consume so many."""
    connection = await aio_pika.connect(os.environ["AMQP_URL"])
    channel = await connection.channel(publisher_confirms=False)
    await channel.set_qos(prefetch_count=PREFETCH[TICKET_ROUTER])
    queue = await channel.get_queue(TICKET_ROUTER, ensure=False)
    came = 0
    began = 0.0
    done = asyncio.Event()
    skipped = deliveries // 10

    async def on_message(message: AbstractIncomingMessage) -> None:
        nonlocal came, began
        await message.ack()
        came += 1
        if came == skipped:
            began = monotonic()
        elif came == deliveries:
            done.set()

    await queue.consume(on_message)
    await done.wait()
    took = monotonic() - began
    await connection.close()
    return (deliveries - skipped) / took


if __name__ == "__main__":
    print(uvloop.run(main(int(sys.argv[1]))))
