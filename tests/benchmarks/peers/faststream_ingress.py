"""FastStream's ingress: as an ASGI application, or its broker inside an aiohttp server."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvloop
from aiohttp import web
from faststream.asgi import AsgiFastStream, AsgiResponse
from faststream.rabbit import Channel, QueueType, RabbitBroker, RabbitQueue

from tests.benchmarks.peers.configurations import FASTSTREAM_QUEUE
from tests.benchmarks.peers.serve import this_configuration
from tests.benchmarks.peers.serve_asgi import serve_asgi
from tests.benchmarks.peers.take_webhook import SIGNATURE, read_request, take_webhook

server = this_configuration("ingress", "faststream").settings["server"]
secret = os.environ["WHATSAPP_APP_SECRET"]
queue = RabbitQueue(FASTSTREAM_QUEUE, queue_type=QueueType.QUORUM, durable=True)
broker = RabbitBroker(
    os.environ["AMQP_URL"],
    default_channel=Channel(publisher_confirms=True, on_return_raises=True),
    logger=None,
    apply_types=False,
)


async def accept(body: bytes, signature: str | None) -> tuple[int, bytes]:
    """Give the status and the text of the answer, after every message is confirmed."""
    messages = take_webhook(body, signature, secret)
    if messages is None:
        return 401, b"wrong signature"
    if len(messages) == 1:
        await broker.publish(messages[0], queue, persist=True)
    else:
        await asyncio.gather(*(broker.publish(one, queue, persist=True) for one in messages))
    return 200, b"ok"


async def webhook(scope: Any, receive: Any, send: Any) -> None:
    """Answer `POST /webhook`, as an ASGI application."""
    status, text = await accept(*await read_request(scope, receive))
    await AsgiResponse(text, status)(scope, receive, send)


async def webhook_of_aiohttp(request: web.Request) -> web.Response:
    """Answer `POST /webhook`, in an aiohttp server."""
    status, text = await accept(await request.read(), request.headers.get(SIGNATURE.decode()))
    return web.Response(status=status, body=text)


@asynccontextmanager
async def lifespan() -> AsyncIterator[None]:
    """Have the queue before the port is open: FastStream starts its broker beside the server."""
    await broker.start()
    await broker.declare_queue(queue)
    if server == "granian":
        print("ready", flush=True)  # its parent holds the port already
    yield


app = AsgiFastStream(broker, asgi_routes=[("/webhook", webhook)], logger=None, lifespan=lifespan)


async def _serve_aiohttp(port: int) -> None:
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    await broker.start()
    await broker.declare_queue(queue)
    application = web.Application()
    application.router.add_post("/webhook", webhook_of_aiohttp)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    print("ready", flush=True)
    await stopping.wait()
    await runner.cleanup()
    await broker.stop()


if __name__ == "__main__":
    if server == "aiohttp":
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
            loop.run(_serve_aiohttp(int(os.environ["PORT"])))
    else:
        serve_asgi(app, int(os.environ["PORT"]), lifespan="on")
