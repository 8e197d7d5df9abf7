"""Give a citizen's phone the file of a message."""

from urllib.parse import quote

from aiohttp import web

from services.whatsapp_simulator.simulator import SIMULATOR


async def show_file(request: web.Request) -> web.Response:
    """Answer with the bytes; 404 if the medium is unknown. It is the phone's own: no token."""
    medium = request.app[SIMULATOR].media.find(request.match_info["media_id"])
    if medium is None:
        raise web.HTTPNotFound
    name = quote(medium.filename or medium.id, safe="", errors="replace")
    headers = {
        "Content-Type": medium.mime_type,
        # Anybody sends anything here: a page shows it as a picture, or it becomes a download.
        "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
    }
    return web.Response(body=medium.content, headers=headers)
