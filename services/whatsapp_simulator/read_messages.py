"""Read what stands on a citizen's phone."""

from aiohttp import web

from services.whatsapp_simulator.json_bodies import json_answer
from services.whatsapp_simulator.phones import Phone
from services.whatsapp_simulator.simulator import SIMULATOR


async def read_messages(request: web.Request) -> web.Response:
    """Answer with the messages in the order in which the phone got them; none if it is unknown."""
    phone = find_phone(request)
    return json_answer({"messages": phone.messages if phone else []})


def find_phone(request: web.Request) -> Phone | None:
    """Give the phone whose number or user id the path names."""
    number = request.match_info.get("number", "").removeprefix("+")
    return request.app[SIMULATOR].phones.find(number or request.match_info.get("user_id", ""))
