"""Answer what the desk asks of the Graph API, or fail as a test asked for."""

import asyncio

from aiohttp import web

from services.whatsapp_simulator.accept_message import accept_message
from services.whatsapp_simulator.check_access import check_number, check_token
from services.whatsapp_simulator.check_message import ReadReceipt, check_message
from services.whatsapp_simulator.cut_connection import cut_connection
from services.whatsapp_simulator.mark_read import mark_read
from services.whatsapp_simulator.simulator import SIMULATOR, Simulator


async def answer_graph(request: web.Request) -> web.Response:
    """Answer as Meta, unless the behaviour asks for a fault of the network or of Meta's."""
    simulator = request.app[SIMULATOR]
    behaviour = simulator.behaviour
    if behaviour.spend("refuse_connections"):
        return cut_connection(request)
    body = await request.read()
    if behaviour.spend("http_500_next"):
        return web.Response(status=500, text="<h1>Sorry</h1>", content_type="text/html")
    try:
        check_token(simulator, request)
        check_number(simulator, request)
        answer, lose_answer = _do(simulator, body)
    finally:
        # Where nothing is to be late, nothing else gets a turn before the answer is written.
        if behaviour.delay_seconds:
            await asyncio.sleep(behaviour.delay_seconds)
    return cut_connection(request) if lose_answer else answer


def _do(simulator: Simulator, body: bytes) -> tuple[web.Response, bool]:
    """Give the answer, and whether it is to be lost."""
    asked = check_message(body)
    if isinstance(asked, ReadReceipt):
        return web.json_response(mark_read(simulator.phones, asked)), False
    answer, is_lost = accept_message(simulator, asked)
    return web.json_response(answer), is_lost
