"""Let in whoever brings a valid bearer token."""

import hmac

from aiohttp import web
from aiohttp.typedefs import Handler

from services.agent_desk.desk import AGENT, DESK
from services.agent_desk.problems import Problem

ADMIN = "admin"
_PUBLIC = ("/health/live", "/health/ready", "/api/v1/openapi.json")


@web.middleware
async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Set the agent's name on the request, or answer 401."""
    if request.path not in _PUBLIC:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        admin_token = request.app[DESK].settings.admin_token
        given = token.strip().encode("utf-8", "surrogateescape")
        if scheme.lower() != "bearer" or not hmac.compare_digest(given, admin_token.encode()):
            raise Problem(
                401, "A valid bearer token is needed.", headers={"WWW-Authenticate": "Bearer"}
            )
        request[AGENT] = ADMIN
    return await handler(request)
