"""Answer the errors of the Graph API in the body in which Meta gives them."""

from aiohttp import web
from aiohttp.typedefs import Handler

from services.whatsapp_simulator.graph_errors import GraphError
from services.whatsapp_simulator.simulator import SIMULATOR
from shared.log import log


@web.middleware
async def answer_graph_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn a GraphError of any endpoint into its documented answer."""
    try:
        return await handler(request)
    except GraphError as error:
        log.info("simulator.request_refused", code=error.code, status=error.status)
        return web.json_response(error.body(request.app[SIMULATOR].ids), status=error.status)
