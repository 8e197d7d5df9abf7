"""Read what stands on a citizen's phone."""

from aiohttp import web

from services.whatsapp_simulator.json_bodies import json_answer
from services.whatsapp_simulator.simulator import SIMULATOR


async def read_messages(request: web.Request) -> web.Response:
    """Answer with the messages in the order in which the phone got them; none if it is unknown."""
    address = request.match_info.get("number", "").removeprefix("+")
    phone = request.app[SIMULATOR].phones.find(address or request.match_info.get("user_id", ""))
    return json_answer({"messages": phone.messages if phone else []})
