"""The hops between a webhook and the phone, each alone on a machine at rest."""

import asyncio
import statistics
from collections.abc import Awaitable, Callable
from time import perf_counter

import aio_pika
import aiohttp
import asyncpg
from aio_pika.abc import AbstractIncomingMessage

from shared.broker.connect import one_connection
from tests.benchmarks.bench.bare_rows import WRITE, rows_of
from tests.benchmarks.bench.stage import Stage, helper, http_environment
from tests.benchmarks.bench.workload import envelopes, events, webhook
from tests.benchmarks.send_bare import HEADERS, messages_url, send_bare
from tests.system import System, free_port
from tests.webhooks import signed

TIMES = 150
QUEUE = "bare_hops"


async def time_hops(stage: Stage, system: System) -> dict[str, float]:
    """Give the median milliseconds of each hop."""
    return {
        "HTTP to bare aiohttp and back": await _http(),
        **await _broker(stage),
        "one transaction with one message's rows": await _rows(stage),
        "HTTP to the simulator and back": await _simulator(system),
    }


async def _median(work: Callable[[int], Awaitable[object]]) -> float:
    took = []
    for number in range(TIMES):
        began = perf_counter()
        await work(number)
        took.append(1000 * (perf_counter() - began))
    return statistics.median(took[TIMES // 10 :])


async def _http() -> float:
    port = free_port()
    environment = http_environment(port)
    async with (
        helper("tests.benchmarks.bench.bare_http", environment=environment),
        aiohttp.ClientSession() as http,
    ):
        body = webhook(0)
        headers = signed(body)

        async def post(_: int) -> None:
            url = f"http://127.0.0.1:{port}/webhook"
            async with http.post(url, data=body, headers=headers) as answer:
                await answer.read()

        return await _median(post)


async def _broker(stage: Stage) -> dict[str, float]:
    """Publish to a quorum queue with confirm, and take from it on another connection.

    What taking costs is what passes between the confirm and the arrival, if anything: both may be
    under way at once, and a sum of hops must not count the same moment twice.
    """
    (body,) = envelopes(0, 1, 1)
    arrived: asyncio.Queue[float] = asyncio.Queue()
    confirms, beyond = [], []

    async def on_message(message: AbstractIncomingMessage) -> None:
        arrived.put_nowait(perf_counter())
        await message.ack()

    async with (
        stage.place() as place,
        one_connection(place.amqp_url) as publishing,
        one_connection(place.amqp_url) as taking,
    ):
        channel = await publishing.channel(publisher_confirms=True)
        queue = await (await taking.channel()).declare_queue(
            QUEUE, durable=True, arguments={"x-queue-type": "quorum"}
        )
        await queue.consume(on_message)
        for _ in range(TIMES):
            message = aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
            began = perf_counter()
            await channel.default_exchange.publish(message, QUEUE)
            confirmed = perf_counter()
            confirms.append(1000 * (confirmed - began))
            beyond.append(1000 * max(0.0, await arrived.get() - confirmed))
    return {
        "publish until confirmed": statistics.median(confirms),
        "consume, beyond the confirm": statistics.median(beyond),
    }


async def _rows(stage: Stage) -> float:
    every = [rows_of(number, [event]) for number, event in enumerate(events(0, TIMES))]
    async with stage.place() as place:
        connection = await asyncpg.connect(place.database_url)
        statement = await connection.prepare(WRITE)
        median = await _median(lambda number: statement.fetch(*every[number]))
        await connection.close()
        return median


async def _simulator(system: System) -> float:
    url = messages_url(system)
    await system.behave(statuses=False)
    async with aiohttp.ClientSession(headers=HEADERS) as http:
        median = await _median(lambda number: send_bare(http, url, number))
    await system.behave(statuses=True)
    return median
