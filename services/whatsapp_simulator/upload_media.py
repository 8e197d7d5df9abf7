"""Take a file that the desk uploads in order to send it, as strictly as Meta."""

import asyncio

from aiohttp import web

from services.whatsapp_simulator.check_access import check_number, check_token
from services.whatsapp_simulator.check_message import BAD_VALUE, MISSING, UNKNOWN_PROPERTY
from services.whatsapp_simulator.cut_connection import cut_connection
from services.whatsapp_simulator.fail_media import fail_media
from services.whatsapp_simulator.graph_errors import GraphError
from services.whatsapp_simulator.json_bodies import json_answer
from services.whatsapp_simulator.media_forms import read_form
from services.whatsapp_simulator.simulator import SIMULATOR
from shared.log import log

UPLOAD_ERROR = 131053
MB = 1024 * 1024

# What can be sent and how large it may be in bytes (Meta, media, 2025-11). What citizens may send
# is not limited to it.
LARGEST: dict[str, int] = {
    **dict.fromkeys(("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"), 16 * MB),
    "text/plain": 100 * MB,
    "application/pdf": 100 * MB,
    "application/msword": 100 * MB,
    "application/vnd.ms-excel": 100 * MB,
    "application/vnd.ms-powerpoint": 100 * MB,
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": 100 * MB,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": 100 * MB,
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": 100 * MB,
    "image/jpeg": 5 * MB,
    "image/png": 5 * MB,
    "image/webp": 500 * 1024,
    "video/mp4": 16 * MB,
    "video/3gpp": 16 * MB,
}


async def upload_media(request: web.Request) -> web.StreamResponse:
    """Answer with the id; raise GraphError 190, 100, 131008, 131009 or 131053."""
    simulator = request.app[SIMULATOR]
    fault = fail_media(simulator, request)
    if fault is not None:
        return fault
    check_token(simulator, request)
    check_number(simulator, request)
    texts, file = await read_form(request)
    missing = {"messaging_product", "type"} - texts.keys() | ({"file"} if file is None else set())
    if file is None or missing:
        raise GraphError(MISSING, f"Parameter '{min(missing)}' is missing")
    if texts["messaging_product"] != "whatsapp":
        raise GraphError(BAD_VALUE, "'messaging_product' must be whatsapp")
    content = file.file.read()
    for mime_type in (file.content_type, texts["type"]):
        _check_file(mime_type, content)
    code = simulator.behaviour.spend_failure("fail_uploads")
    if code is not None:
        raise GraphError(code)
    await asyncio.sleep(simulator.behaviour.upload_seconds)
    medium = simulator.media.keep(content, file.content_type, file.filename, simulator.now())
    log.info("simulator.media_uploaded", bytes=len(content))
    if simulator.behaviour.spend("lose_upload_next"):
        return cut_connection(request)
    return json_answer({"id": medium.id})


def _check_file(mime_type: str, content: bytes) -> None:
    base = mime_type.partition(";")[0].strip().lower()
    if base == "audio/opus":
        # Known from others only (chatwoot #12713).
        raise GraphError(UPLOAD_ERROR, "Unsupported audio type audio/opus")
    if base not in LARGEST:
        allowed = ", ".join(LARGEST)
        words = f"Param file must be a file with one of the following types: {allowed}."
        received = f" Received file of type '{mime_type}'."
        raise GraphError(UNKNOWN_PROPERTY, title=words + received)
    if len(content) > LARGEST[base]:
        raise GraphError(UPLOAD_ERROR, f"The file is larger than {LARGEST[base]} bytes")
    if base == "audio/ogg" and b"OpusHead" not in content[:512]:
        raise GraphError(UPLOAD_ERROR, "Of audio/ogg only the codec opus is supported")
