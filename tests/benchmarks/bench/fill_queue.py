"""Fill the router's queue: `python -m tests.benchmarks.bench.fill_queue FIRST COUNT SIZE TIMES`.

With AMQP_URL: these messages of the stream in envelopes of SIZE, all of them so many times, each
confirmed. Whoever reads what is in them wants them once.
"""

import asyncio
import os
import sys
from itertools import chain, repeat

import uvloop

from shared.broker.connect import one_connection
from shared.broker.publish import Publisher
from shared.broker.topology import TICKET_ROUTER
from shared.log import configure_logging
from shared.service import Service
from tests.benchmarks.bench.workload import envelopes

UNDER_WAY = 100


async def fill(amqp_url: str, first: int, count: int, size: int, times: int) -> None:
    """Publish the messages."""
    bodies = chain.from_iterable(repeat(list(envelopes(first, count, size)), times))
    publisher = Publisher(amqp_url, Service())

    async def publish() -> None:
        for body in bodies:
            await publisher.publish_alone(TICKET_ROUTER, body)

    async with one_connection(amqp_url) as connection:
        await publisher.open_channel(connection)
        await asyncio.gather(*(publish() for _ in range(UNDER_WAY)))


if __name__ == "__main__":
    configure_logging("benchmark", as_json=True, level="warning", hash_key=b"benchmark")
    uvloop.run(fill(os.environ["AMQP_URL"], *map(int, sys.argv[1:])))
