"""Check the token that a request to the Graph API shows, and the number that it names."""

import hmac

from aiohttp import web

from services.whatsapp_simulator.graph_errors import GraphError
from services.whatsapp_simulator.simulator import Simulator

BAD_TOKEN = 190
UNKNOWN_OBJECT = 100


def shows_token(simulator: Simulator, request: web.Request) -> bool:
    """Tell whether the request brings the bearer token of the desk's account."""
    token = f"Bearer {simulator.settings.access_token}".encode()
    shown = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
    return hmac.compare_digest(token, shown)


def check_token(simulator: Simulator, request: web.Request) -> None:
    """Raise GraphError 190 for a missing or wrong token."""
    if not shows_token(simulator, request):
        raise GraphError(BAD_TOKEN)


def check_number(simulator: Simulator, request: web.Request) -> None:
    """Raise GraphError 100 where the path names a number that is not the desk's."""
    number_id = request.match_info["phone_number_id"]
    if number_id != simulator.settings.phone_number_id:
        raise GraphError(UNKNOWN_OBJECT, unknown_object=number_id, method=request.method)
