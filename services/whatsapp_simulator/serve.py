"""Put the simulator together and serve it."""

import random
import time
from collections.abc import AsyncIterator, Callable

from aiohttp import web

from services.whatsapp_simulator.answer_graph import answer_graph
from services.whatsapp_simulator.behaviour import Behaviour
from services.whatsapp_simulator.change_behaviour import change_behaviour, show_behaviour
from services.whatsapp_simulator.count_webhooks import count_webhooks
from services.whatsapp_simulator.inject_webhook import inject_webhook
from services.whatsapp_simulator.list_phones import list_phones
from services.whatsapp_simulator.phones import Phones
from services.whatsapp_simulator.read_messages import read_messages
from services.whatsapp_simulator.settings import Settings
from services.whatsapp_simulator.simulator import SIMULATOR, Simulator
from services.whatsapp_simulator.webhooks import Webhooks
from services.whatsapp_simulator.write_message import write_message
from shared.http_server import serve_http
from shared.service import Service

# Twice and more of what Meta may send at once (3 MB), so that tests can inject too much.
MAX_BODY_BYTES = 8 * 1024 * 1024

PHONE = r"/simulator/phones/{number:\+?\d{5,20}}/messages"
USER = r"/simulator/users/{user_id:[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}}/messages"
BEHAVIOUR = "/simulator/behaviour"

ROUTES = [
    web.post(r"/{version:v\d+\.\d+}/{phone_number_id}/messages", answer_graph),
    web.post(PHONE, write_message),
    web.post(USER, write_message),
    web.get(PHONE, read_messages),
    web.get(USER, read_messages),
    web.post("/simulator/webhooks", inject_webhook),
    web.get("/simulator/webhooks", count_webhooks),
    web.get(BEHAVIOUR, show_behaviour),
    web.put(BEHAVIOUR, change_behaviour),
    web.patch(BEHAVIOUR, change_behaviour),
    web.delete(BEHAVIOUR, change_behaviour),
    web.get("/", list_phones),
]


def build_app(
    settings: Settings, *, now: Callable[[], float], ids: random.Random
) -> web.Application:
    """Make the application; `now` gives Unix seconds, `ids` the random part of ids."""
    behaviour = Behaviour()
    chance = random.Random(behaviour.seed)  # noqa: S311  repeatable on purpose
    webhooks = Webhooks(settings.webhook_urls, settings.app_secret, behaviour, chance)
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app[SIMULATOR] = Simulator(settings, behaviour, Phones(), webhooks, now, ids, chance)
    app.add_routes(ROUTES)

    async def run_webhooks(_: web.Application) -> AsyncIterator[None]:
        async with webhooks:
            yield

    app.cleanup_ctx.append(run_webhooks)
    return app


async def serve(settings: Settings, service: Service) -> None:
    """Serve until the process is asked to stop; webhooks not delivered by then are dropped."""
    app = build_app(settings, now=time.time, ids=random.SystemRandom())
    await serve_http(app, settings.host, settings.port, service)
