"""List the citizens' phones."""

from aiohttp import web

from services.whatsapp_simulator.json_bodies import json_answer
from services.whatsapp_simulator.simulator import SIMULATOR


async def list_phones(request: web.Request) -> web.Response:
    """Answer with each phone's number, user id, name and count of messages, in order of meeting."""
    phones = [
        {
            "number": phone.number,
            "user_id": phone.user_id,
            "name": phone.name,
            "messages": len(phone.messages),
        }
        for phone in request.app[SIMULATOR].phones.all()
    ]
    return json_answer({"phones": phones})
