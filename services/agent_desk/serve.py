"""Wire the desk: a pool and the routes of the API."""

import asyncio

from aiohttp import web

from services.agent_desk.answer_contact import answer_contact
from services.agent_desk.authenticate import authenticate
from services.agent_desk.close_ticket import close_ticket
from services.agent_desk.desk import DESK, Desk
from services.agent_desk.get_ticket import get_ticket
from services.agent_desk.list_messages import list_messages
from services.agent_desk.list_tickets import list_tickets
from services.agent_desk.mark_read import mark_read
from services.agent_desk.problems import answer_problems
from services.agent_desk.register_ticket import register_ticket
from services.agent_desk.reopen_ticket import reopen_ticket
from services.agent_desk.settings import Settings
from shared.database.pool import create_pool, watch_database
from shared.http_server import serve_http
from shared.service import Service

ROUTES = [
    web.get("/api/v1/tickets", list_tickets),
    web.post("/api/v1/tickets", register_ticket),
    web.get("/api/v1/tickets/{number}", get_ticket),
    web.post("/api/v1/tickets/{number}/read", mark_read),
    web.get("/api/v1/tickets/{number}/messages", list_messages),
    web.post("/api/v1/tickets/{number}/messages", answer_contact),
    web.post("/api/v1/tickets/{number}/close", close_ticket),
    web.post("/api/v1/tickets/{number}/reopen", reopen_ticket),
]


async def serve(settings: Settings, service: Service) -> None:
    """Serve agents until the process is asked to stop; their requests under way are answered."""
    pool = await create_pool(settings.database_url, "agent_desk", size=8)
    app = web.Application(middlewares=[answer_problems, authenticate])
    app[DESK] = Desk(pool, settings)
    app.add_routes(ROUTES)
    watching = asyncio.create_task(watch_database(pool, service))
    try:
        await serve_http(app, settings.host, settings.port, service)
    finally:
        await watching
        await pool.close()
