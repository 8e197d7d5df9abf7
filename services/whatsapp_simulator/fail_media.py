"""Fail instead of answering anything about media, where the behaviour asks for it."""

from aiohttp import web

from services.whatsapp_simulator.cut_connection import cut_connection
from services.whatsapp_simulator.simulator import Simulator


def fail_media(simulator: Simulator, request: web.Request) -> web.Response | None:
    """Give the fault of the host as a whole, None on a good day."""
    if simulator.behaviour.media_away:
        return cut_connection(request)
    if simulator.behaviour.spend("media_500_next"):
        return web.Response(status=500, text="<h1>Sorry</h1>", content_type="text/html")
    return None
