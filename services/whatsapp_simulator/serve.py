"""Put the simulator together and serve it."""

import random
import time
from collections.abc import AsyncIterator, Callable

from aiohttp import web

from services.whatsapp_simulator.answer_graph import answer_graph
from services.whatsapp_simulator.answer_graph_errors import answer_graph_errors
from services.whatsapp_simulator.behaviour import Behaviour
from services.whatsapp_simulator.change_behaviour import change_behaviour, show_behaviour
from services.whatsapp_simulator.count_webhooks import count_webhooks
from services.whatsapp_simulator.delete_media import delete_media
from services.whatsapp_simulator.forget_media import forget_media
from services.whatsapp_simulator.inject_webhook import inject_webhook
from services.whatsapp_simulator.invent_citizen import invent_citizen
from services.whatsapp_simulator.list_phones import list_phones
from services.whatsapp_simulator.media import Media
from services.whatsapp_simulator.phones import Phones
from services.whatsapp_simulator.read_answers import read_answers
from services.whatsapp_simulator.read_messages import read_messages
from services.whatsapp_simulator.send_file import send_file
from services.whatsapp_simulator.settings import Settings
from services.whatsapp_simulator.show_file import show_file
from services.whatsapp_simulator.show_media import LINK, show_media
from services.whatsapp_simulator.show_page import PAGE_FILES, show_page
from services.whatsapp_simulator.simulator import SIMULATOR, Simulator
from services.whatsapp_simulator.stream_media import stream_media
from services.whatsapp_simulator.upload_media import upload_media
from services.whatsapp_simulator.webhooks import Webhooks
from services.whatsapp_simulator.write_message import write_message
from shared.http_server import serve_http
from shared.service import Service

# More than the largest file that WhatsApp takes (100 MB), so that citizens can send too much.
MAX_BODY_BYTES = 128 * 1024 * 1024

GRAPH = r"/{version:v\d+\.\d+}"
NUMBER = r"phones/{number:\+?\d{5,20}}"
USER = r"users/{user_id:[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}}"
BEHAVIOUR = "/simulator/behaviour"

ROUTES = [
    web.post(GRAPH + "/{phone_number_id}/messages", answer_graph),
    web.post(GRAPH + "/{phone_number_id}/media", upload_media),
    web.get(GRAPH + "/{media_id}", show_media, allow_head=False),
    web.delete(GRAPH + "/{media_id}", delete_media),
    web.get(LINK + "/{token}", stream_media, allow_head=False),
    *(
        route
        for phone in (f"/simulator/{NUMBER}", f"/simulator/{USER}")
        for route in (
            web.put(phone, invent_citizen),
            web.post(f"{phone}/messages", write_message),
            web.get(f"{phone}/messages", read_messages),
            web.post(f"{phone}/files", send_file),
            web.post(f"{phone}/read", read_answers),
        )
    ),
    web.get("/simulator/phones", list_phones),
    web.get(r"/simulator/media/{media_id:\d+}", show_file),
    web.post("/simulator/media/forget", forget_media),
    web.post("/simulator/webhooks", inject_webhook),
    web.get("/simulator/webhooks", count_webhooks),
    web.get(BEHAVIOUR, show_behaviour),
    web.put(BEHAVIOUR, change_behaviour),
    web.patch(BEHAVIOUR, change_behaviour),
    web.delete(BEHAVIOUR, change_behaviour),
    web.get("/", show_page),
    web.get(f"/{NUMBER}", show_page),
    web.get(f"/{USER}", show_page),
    web.static("/page", PAGE_FILES),
]


def build_app(
    settings: Settings, *, now: Callable[[], float], ids: random.Random
) -> web.Application:
    """Make the application; `now` gives Unix seconds, `ids` the random part of ids."""
    behaviour = Behaviour()
    chance = random.Random(behaviour.seed)  # noqa: S311  repeatable on purpose
    webhooks = Webhooks(settings.webhook_urls, settings.app_secret, behaviour, chance)
    app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[answer_graph_errors])
    media = Media(ids)
    app[SIMULATOR] = Simulator(settings, behaviour, Phones(), media, webhooks, now, ids, chance)
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
