"""Invent a citizen, who has a phone and has not written yet."""

from typing import Annotated

import msgspec
from aiohttp import web

from services.whatsapp_simulator.json_bodies import json_answer, read_json
from services.whatsapp_simulator.simulator import SIMULATOR


class Citizen(msgspec.Struct, forbid_unknown_fields=True):
    """The name in the profile, as everybody sees it."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


async def invent_citizen(request: web.Request) -> web.Response:
    """Answer with the phone's number, user id and name; who is there already gets the name."""
    citizen = await read_json(request, Citizen)
    phones = request.app[SIMULATOR].phones
    number = request.match_info.get("number", "").removeprefix("+")
    phone = phones.dial(number) if number else phones.meet(None, request.match_info["user_id"])
    phone.name = citizen.name
    return json_answer({"number": phone.number, "user_id": phone.user_id, "name": phone.name})
