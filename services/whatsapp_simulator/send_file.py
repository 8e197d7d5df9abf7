"""A citizen sends a file to the desk."""

from base64 import b64encode
from hashlib import sha256
from typing import Literal

import msgspec
from aiohttp import web

from services.whatsapp_simulator.json_bodies import bad_request, json_answer
from services.whatsapp_simulator.media import Medium
from services.whatsapp_simulator.media_forms import MIME_TYPE, convert_form, read_form
from services.whatsapp_simulator.simulator import SIMULATOR
from services.whatsapp_simulator.webhook_value import Json
from services.whatsapp_simulator.write_message import Writing, send_writing

# Above it Meta sends an error in place of the file (Meta, media, 2025-11).
LARGEST_BYTES = 100 * 1024 * 1024
TOO_LARGE = {
    "code": 131052,
    "title": "Media download error",
    "message": "Media download error",
    "error_data": {"details": "The file is larger than 100 MB"},
}


class Sending(msgspec.Struct, forbid_unknown_fields=True):
    """What a form says beside its `file`.

    `mime_type` and `filename` are what the sender's phone declares; without them the part's own
    are taken, and `filename` "" declares none. Only documents have one. `sha256` chooses the form
    of the digest in the webhook: Meta's samples have base64, others saw hexadecimal.
    """

    kind: Literal["document", "image", "video", "audio", "sticker"] = "document"
    caption: str | None = None
    mime_type: str | None = None
    filename: str | None = None
    name: str | None = None
    forwarded: Literal["once", "often"] | None = None
    reply_to: str | None = None
    timestamp: int | None = None
    voice: bool = False
    sha256: Literal["base64", "hex", "wrong"] = "base64"

    def __post_init__(self) -> None:
        if self.caption and self.kind in {"audio", "sticker"}:
            raise ValueError(f"a message of kind {self.kind} has no caption")
        if self.mime_type is not None and not MIME_TYPE.fullmatch(self.mime_type):
            raise ValueError("`mime_type` cannot stand in a header")


async def send_file(request: web.Request) -> web.Response:
    """Answer 202 with the wamid and the media id; the webhook is on the way to the desk."""
    simulator = request.app[SIMULATOR]
    texts, file = await read_form(request)
    sending = convert_form(texts, Sending)
    if file is None:
        raise bad_request("a part `file` with a filename is needed")
    filename = file.filename if sending.filename is None else sending.filename
    medium = simulator.media.keep(
        file.file.read(),
        sending.mime_type or file.content_type,
        filename or None,
        simulator.now(),
    )
    writing = Writing(
        message=_message(sending, medium),
        name=sending.name,
        forwarded=sending.forwarded,
        reply_to=sending.reply_to,
        timestamp=sending.timestamp,
    )
    wamid = send_writing(request, writing)
    return json_answer({"id": wamid, "media_id": medium.id}, status=202)


def _message(sending: Sending, medium: Medium) -> Json:
    if len(medium.content) > LARGEST_BYTES:
        return {"type": "unsupported", "errors": [TOO_LARGE]}
    content: Json = {
        "id": medium.id,
        "mime_type": medium.mime_type,
        "sha256": _shown_digest(sending, medium),
        **_only_of(sending, medium),
    }
    if sending.caption:
        content["caption"] = sending.caption
    return {"type": sending.kind, sending.kind: content}


def _only_of(sending: Sending, medium: Medium) -> Json:
    """Give what only messages of this kind have (Meta, messages webhook reference, 2025-11)."""
    match sending.kind:
        case "document":
            return {"filename": medium.filename} if medium.filename else {}
        case "audio":
            return {"voice": sending.voice}
        case "sticker":
            # The chunk that says so stands in the head of a WebP file.
            return {"animated": b"ANIM" in medium.content[:64]}
        case _:
            return {}


def _shown_digest(sending: Sending, medium: Medium) -> str:
    if sending.sha256 == "hex":
        return medium.sha256.hex()
    digest = medium.sha256 if sending.sha256 == "base64" else sha256(medium.sha256).digest()
    return b64encode(digest).decode()
