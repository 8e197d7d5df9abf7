"""Delete a medium before its time."""

from aiohttp import web

from services.whatsapp_simulator.check_access import UNKNOWN_OBJECT, check_token
from services.whatsapp_simulator.fail_media import fail_media
from services.whatsapp_simulator.graph_errors import GraphError
from services.whatsapp_simulator.show_media import check_owner
from services.whatsapp_simulator.simulator import SIMULATOR


async def delete_media(request: web.Request) -> web.StreamResponse:
    """Answer that it is gone; its links end with it (Meta, media, 2025-11).

    Raise GraphError 190 for the token, 100 for an unknown id or for the number of somebody else.
    """
    simulator = request.app[SIMULATOR]
    fault = fail_media(simulator, request)
    if fault is not None:
        return fault
    check_token(simulator, request)
    check_owner(simulator, request)
    media_id = request.match_info["media_id"]
    if not simulator.media.delete(media_id):
        raise GraphError(UNKNOWN_OBJECT, unknown_object=media_id, method="DELETE")
    return web.json_response({"success": True})
