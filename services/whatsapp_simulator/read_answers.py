"""A citizen reads what the desk sent."""

from aiohttp import web

from services.whatsapp_simulator.json_bodies import json_answer
from services.whatsapp_simulator.read_messages import find_phone
from services.whatsapp_simulator.report_statuses import report_status
from services.whatsapp_simulator.simulator import SIMULATOR


async def read_answers(request: web.Request) -> web.Response:
    """Answer with the wamids of what was not read before; `read` is reported for each."""
    simulator = request.app[SIMULATOR]
    phone = find_phone(request)
    if phone is None:
        return json_answer({"read": []})
    unread = [
        message
        for message in phone.messages
        if message.direction == "outbound" and message.status != "read"
    ]
    for message in unread:
        # Noted at once, and not when the desk takes it: reading twice is reported once.
        message.reach("read")
        report_status(simulator, phone, message, "read")
    return json_answer({"read": [message.id for message in unread]})
