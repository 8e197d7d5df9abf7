"""Wire ingress: a publisher, and the two things that Meta calls."""

import asyncio

from aiohttp import web

from services.ingress.accept_webhook import MOST_BYTES, AcceptWebhook
from services.ingress.settings import Settings
from services.ingress.verify_callback import VerifyCallback
from shared.broker.publish import Publisher
from shared.http_server import plainly, serve_http
from shared.service import Service


async def serve(settings: Settings, service: Service) -> None:
    """Take webhooks until the process is asked to stop; those under way are answered."""
    publisher = Publisher(settings.amqp_url, service)
    app = web.Application(client_max_size=MOST_BYTES)
    app.add_routes(
        [
            web.get("/webhook", plainly(VerifyCallback(settings.verify_token).answer)),
            web.post("/webhook", plainly(AcceptWebhook(settings.app_secrets, publisher).answer)),
            # Routes, because aiohttp's own answers would come without a log line.
            web.route("*", "/webhook", plainly(_refuse_method)),
            web.route("*", "/{path:.*}", plainly(_refuse_path)),
        ]
    )
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(publisher.run())
        await serve_http(app, settings.host, settings.port, service)
        publisher.close()


async def _refuse_method(request: web.Request) -> web.StreamResponse:
    raise web.HTTPMethodNotAllowed(request.method, ("GET", "HEAD", "POST"))


async def _refuse_path(_: web.Request) -> web.StreamResponse:
    raise web.HTTPNotFound
