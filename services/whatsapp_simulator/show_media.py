"""Tell the desk where the bytes of a medium can be had, and what they are."""

from aiohttp import web

from services.whatsapp_simulator.check_access import UNKNOWN_OBJECT, check_token
from services.whatsapp_simulator.fail_media import fail_media
from services.whatsapp_simulator.graph_errors import GraphError
from services.whatsapp_simulator.simulator import SIMULATOR, Simulator

# Meta's own is https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=…
LINK = "/whatsapp_business/attachments"


async def show_media(request: web.Request) -> web.StreamResponse:
    """Answer with JSON, not with the file (Meta, media, 2025-11; chatwoot #9809).

    `url` works for `media_url_seconds`; `sha256` is hexadecimal here, unlike in webhooks. Raise
    GraphError 190 for the token, 100 for an unknown id or for the number of somebody else.
    """
    simulator = request.app[SIMULATOR]
    fault = fail_media(simulator, request)
    if fault is not None:
        return fault
    check_token(simulator, request)
    check_owner(simulator, request)
    media_id = request.match_info["media_id"]
    medium = simulator.media.find(media_id)
    if medium is None:
        raise GraphError(UNKNOWN_OBJECT, unknown_object=media_id, method="GET")
    ends_at = simulator.now() + simulator.behaviour.media_url_seconds
    token = simulator.media.make_link(medium, ends_at)
    return web.json_response(
        {
            "messaging_product": "whatsapp",
            "url": str(request.url.origin().with_path(f"{LINK}/{token}")),
            "mime_type": medium.mime_type,
            "sha256": medium.sha256.hex(),
            "file_size": len(medium.content),
            "id": medium.id,
        }
    )


def check_owner(simulator: Simulator, request: web.Request) -> None:
    """Raise GraphError 100 where the query names a number that is not the desk's."""
    number_id = request.query.get("phone_number_id", simulator.settings.phone_number_id)
    if number_id != simulator.settings.phone_number_id:
        raise GraphError(UNKNOWN_OBJECT, "Param phone_number_id is not the number of this media")
