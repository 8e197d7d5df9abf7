"""Wire the desk: its parts and the routes of the API."""

import asyncio
from http import HTTPMethod

from aiohttp import web

from services.agent_desk.authenticate import authenticate
from services.agent_desk.desk import DESK, Desk
from services.agent_desk.endpoints import ENDPOINTS
from services.agent_desk.problems import answer_problems
from services.agent_desk.settings import Settings
from services.agent_desk.stream_events import stream_events
from services.agent_desk.watch_changes import ChangeWatch
from services.agent_desk.write_document import PREFIX, write_document
from shared.database.pool import create_pool, watch_database
from shared.http_server import serve_http
from shared.media.formats.registry import SENT_FORMATS
from shared.media.proofs import Proofs
from shared.media.store import MediaStore
from shared.service import Service

# What forms hold lies on the disk while they are read: up to so many times 200 MiB.
FORMS_AT_ONCE = 4

ROUTES = [web.route(one.method, f"{PREFIX}{one.path}", one.handler) for one in ENDPOINTS] + [
    web.head(f"{PREFIX}{one.path}", one.handler)
    for one in ENDPOINTS
    # The stream never ends, and without its body it is nothing.
    if one.method == HTTPMethod.GET and one.handler is not stream_events
]


async def serve(settings: Settings, service: Service) -> None:
    """Serve agents until the process is asked to stop; their requests under way are answered."""
    pool = await create_pool(settings.database_url, "agent_desk", size=8)
    app = web.Application(middlewares=[answer_problems, authenticate])
    async with Proofs(tuple(SENT_FORMATS.values())) as proofs:
        app[DESK] = Desk(
            pool,
            settings,
            MediaStore(settings.media_store_url),
            proofs,
            asyncio.Semaphore(FORMS_AT_ONCE),
            ChangeWatch(pool),
            service.stopping,
            write_document(ENDPOINTS),
        )
        app.add_routes(ROUTES)
        watching = asyncio.create_task(watch_database(pool, service))
        try:
            await serve_http(app, settings.host, settings.port, service)
        finally:
            await watching
            await pool.close()
