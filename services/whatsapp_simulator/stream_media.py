"""Stream the bytes of a medium to the desk, as fast and as whole as the behaviour says."""

import asyncio
from collections.abc import Iterator
from itertools import count

from aiohttp import web

from services.whatsapp_simulator.behaviour import Behaviour
from services.whatsapp_simulator.check_access import shows_token
from services.whatsapp_simulator.cut_connection import cut_connection
from services.whatsapp_simulator.fail_media import fail_media
from services.whatsapp_simulator.media import Medium
from services.whatsapp_simulator.simulator import SIMULATOR
from shared.log import log

CHUNK_BYTES = 64 * 1024
# How many times a second a throttled body goes on.
STEPS_PER_SECOND = 10


async def stream_media(request: web.Request) -> web.StreamResponse:
    """Answer with the bytes: 401 without the token, 404 for a link that is unknown or has ended.

    The link wants the same token as the Graph API and lives five minutes (Meta, media, 2025-11).
    """
    simulator = request.app[SIMULATOR]
    behaviour = simulator.behaviour
    fault = fail_media(simulator, request)
    if fault is not None:
        return fault
    if not shows_token(simulator, request):
        return _refuse(401)
    medium = simulator.media.follow_link(request.match_info["token"], simulator.now())
    if medium is None or behaviour.spend("media_404_next"):
        return _refuse(404)
    if behaviour.spend("media_redirect_next"):
        return web.Response(status=302, headers={"Location": _elsewhere(request, behaviour)})
    if behaviour.spend("media_wrong_length_next"):
        return await _stream_without_end(request, medium, behaviour)
    return await _stream(request, medium, behaviour)


def _refuse(status: int) -> web.Response:
    log.info("simulator.media_refused", status=status)
    return web.Response(status=status)


def _elsewhere(request: web.Request, behaviour: Behaviour) -> str:
    """Give the same path on the host that the behaviour names, or on this one's other name."""
    if behaviour.media_redirect_to:
        return f"{request.scheme}://{behaviour.media_redirect_to}{request.path_qs}"
    other = "127.0.0.1" if request.url.host == "localhost" else "localhost"
    return str(request.url.with_host(other))


async def _stream(request: web.Request, medium: Medium, behaviour: Behaviour) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": medium.mime_type})
    response.content_length = len(medium.content)
    cut = behaviour.spend("media_cut_next")
    sent = medium.content[: len(medium.content) // 2] if cut else medium.content
    await response.prepare(request)
    await _write(response, _chunks(sent, behaviour), behaviour)
    log.info("simulator.media_streamed", bytes=len(sent), cut=cut)
    return cut_connection(request, after_what_was_sent=True) if cut else response


async def _stream_without_end(
    request: web.Request, medium: Medium, behaviour: Behaviour
) -> web.StreamResponse:
    """Announce no length, and repeat the bytes until the client goes away."""
    response = web.StreamResponse(headers={"Content-Type": medium.mime_type})
    response.enable_chunked_encoding()
    await response.prepare(request)
    endless = (chunk for _ in count() for chunk in _chunks(medium.content or b"\0", behaviour))
    await _write(response, endless, behaviour)
    return response


def _chunks(content: bytes, behaviour: Behaviour) -> Iterator[bytes]:
    rate = behaviour.media_bytes_per_second
    size = max(1, min(CHUNK_BYTES, rate // STEPS_PER_SECOND)) if rate else CHUNK_BYTES
    # A view: fifty slow downloads of one file do not copy it.
    view = memoryview(content)
    return (bytes(view[start : start + size]) for start in range(0, len(content), size))


async def _write(
    response: web.StreamResponse, chunks: Iterator[bytes], behaviour: Behaviour
) -> None:
    """Write at the behaviour's pace; raise ConnectionError when the client goes away."""
    for chunk in chunks:
        rate = behaviour.media_bytes_per_second
        # Without a pace the others get a turn all the same.
        await asyncio.sleep(len(chunk) / rate if rate else 0)
        await response.write(chunk)
