"""Show how Meta behaves, set it (PUT), change some of it (PATCH), or go back to a good day."""

from typing import Any

import msgspec
from aiohttp import web

from services.whatsapp_simulator.behaviour import Behaviour
from services.whatsapp_simulator.json_bodies import convert_json, json_answer, read_json
from services.whatsapp_simulator.simulator import SIMULATOR
from shared.log import log


async def show_behaviour(request: web.Request) -> web.Response:
    """Answer with every field, the counted ones with what is left of them."""
    return json_answer(request.app[SIMULATOR].behaviour)


async def change_behaviour(request: web.Request) -> web.Response:
    """Answer with the behaviour from now on; 400 for an unknown field or a wrong value.

    PUT resets what it does not name, DELETE everything. Except where PATCH leaves `seed` out, the
    order of webhooks starts anew.
    """
    simulator = request.app[SIMULATOR]
    asked: dict[str, Any] = {}
    if request.method != "DELETE":
        asked = await read_json(request, dict[str, Any])
    kept = msgspec.to_builtins(simulator.behaviour) if request.method == "PATCH" else {}
    wanted = convert_json(kept | asked, Behaviour)
    # In place: everyone holds the one object.
    for field in Behaviour.__struct_fields__:
        setattr(simulator.behaviour, field, getattr(wanted, field))
    if request.method != "PATCH" or "seed" in asked:
        simulator.chance.seed(wanted.seed)
    simulator.webhooks.obey()
    simulator.media.obey(paused=wanted.uploads_paused)
    log.info("simulator.behaviour_changed")
    return json_answer(simulator.behaviour)
