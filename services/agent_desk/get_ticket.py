"""`GET /tickets/{number}`: one ticket."""

from aiohttp import web

from services.agent_desk.desk import DESK
from services.agent_desk.find_ticket import find_ticket
from services.agent_desk.show import json_answer, show_ticket


async def get_ticket(request: web.Request) -> web.Response:
    """Answer with the ticket, 404 where there is none."""
    row = await find_ticket(request.app[DESK].pool, request.match_info["number"])
    return json_answer(show_ticket(row))
