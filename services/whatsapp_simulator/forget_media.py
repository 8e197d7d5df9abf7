"""Drop all media, as Meta does when they are old."""

from aiohttp import web

from services.whatsapp_simulator.json_bodies import json_answer
from services.whatsapp_simulator.simulator import SIMULATOR


async def forget_media(request: web.Request) -> web.Response:
    """Answer with the count; their ids are unknown from now on, and their links lead nowhere."""
    return json_answer({"forgotten": request.app[SIMULATOR].media.forget()})
