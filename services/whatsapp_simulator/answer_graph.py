"""Answer what the desk asks of the Graph API, or fail as a test asked for."""

import asyncio
import hmac

from aiohttp import web

from services.whatsapp_simulator.accept_message import accept_message
from services.whatsapp_simulator.check_message import UNKNOWN_PROPERTY, ReadReceipt, check_message
from services.whatsapp_simulator.graph_errors import GraphError
from services.whatsapp_simulator.mark_read import mark_read
from services.whatsapp_simulator.simulator import SIMULATOR, Simulator
from shared.log import log

BAD_TOKEN = 190


async def answer_graph(request: web.Request) -> web.Response:
    """Answer as Meta, unless the behaviour asks for a fault of the network or of Meta's."""
    simulator = request.app[SIMULATOR]
    behaviour = simulator.behaviour
    if behaviour.spend("refuse_connections"):
        return _cut(request)
    body = await request.read()
    if behaviour.spend("http_500_next"):
        return web.Response(status=500, text="<h1>Sorry</h1>", content_type="text/html")
    lose_answer = False
    try:
        _check_access(simulator, request)
        asked = check_message(body)
        if isinstance(asked, ReadReceipt):
            answer = web.json_response(mark_read(simulator.phones, asked))
        else:
            answer = web.json_response(accept_message(simulator, asked))
            lose_answer = behaviour.spend("lose_answer_next")
    except GraphError as error:
        log.info("simulator.request_refused", code=error.code, status=error.status)
        answer = web.json_response(error.body(simulator.ids), status=error.status)
    await asyncio.sleep(behaviour.delay_seconds)
    return _cut(request) if lose_answer else answer


def _cut(request: web.Request) -> web.Response:
    """Close the connection; what is answered then goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _check_access(simulator: Simulator, request: web.Request) -> None:
    """Raise GraphError 190 for the token, then 100 for a number that is not ours."""
    token = f"Bearer {simulator.settings.access_token}".encode()
    shown = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
    if not hmac.compare_digest(token, shown):
        raise GraphError(BAD_TOKEN)
    number_id = request.match_info["phone_number_id"]
    if number_id != simulator.settings.phone_number_id:
        raise GraphError(UNKNOWN_PROPERTY, unknown_object=number_id)
