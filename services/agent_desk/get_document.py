"""`GET /openapi.json`: what the API can do, for programs and for who writes them."""

from aiohttp import web

from services.agent_desk.desk import DESK


async def get_document(request: web.Request) -> web.Response:
    """Answer with the OpenAPI document; it needs no token."""
    return web.Response(body=request.app[DESK].document, content_type="application/json")
