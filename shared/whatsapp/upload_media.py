"""Give WhatsApp a file, so that a message can name it by its id (Meta, media, 2025-11).

An upload whose answer is lost does no harm: nobody has got anything, and it is done again.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import aiohttp

from shared.errors import OutsideAwayError
from shared.whatsapp.error_codes import Rule
from shared.whatsapp.graph_session import GraphSession, read_refusal

# 100 MiB in five minutes is 350 KB a second.
UPLOAD_SECONDS = 300.0
_LONGEST_ID = 200


@dataclass(frozen=True, slots=True)
class Uploaded:
    """WhatsApp has the file, and keeps it for thirty days."""

    media_id: str


@dataclass(frozen=True, slots=True)
class UploadRefused:
    """WhatsApp did not take it; the rule says whether that may pass."""

    rule: Rule
    status: int
    code: int | None


@dataclass(frozen=True, slots=True)
class UploadAway:
    """No clear answer came, or our own store did not give the bytes."""

    error: BaseException | None
    status: int


UploadOutcome = Uploaded | UploadRefused | UploadAway


class _Pieces(aiohttp.payload.AsyncIterablePayload):
    """Bytes of a known number: without a length the request would be sent in chunks."""

    def __init__(self, pieces: AsyncIterator[bytes], size: int, media_type: str) -> None:
        super().__init__(pieces, content_type=media_type)
        self._size = size


class UploadApi(GraphSession):
    """A session with Meta's endpoint for media for one number."""

    def __init__(self, graph_url: str, access_token: str, phone_number_id: str) -> None:
        timeout = aiohttp.ClientTimeout(total=UPLOAD_SECONDS, connect=10)
        super().__init__(f"{graph_url}/{phone_number_id}/media", access_token, timeout)

    async def upload(
        self, pieces: AsyncIterator[bytes], size: int, media_type: str
    ) -> UploadOutcome:
        """Send `size` bytes piece by piece; never raises for what the network or the store does."""
        form = aiohttp.MultipartWriter("form-data")
        for name, value in (("messaging_product", "whatsapp"), ("type", media_type)):
            part = form.append(value)
            part.set_content_disposition("form-data", name=name)
        part = form.append_payload(_Pieces(_exactly(pieces, size), size, media_type))
        part.set_content_disposition("form-data", name="file", filename="file")
        try:
            return _judge_answer(*await self._post(data=form))
        except (aiohttp.ClientError, OSError, TimeoutError, OutsideAwayError) as error:
            return UploadAway(error.__cause__ or error, 0)


async def _exactly(pieces: AsyncIterator[bytes], size: int) -> AsyncIterator[bytes]:
    """Give the pieces; raise OutsideAwayError where they are not so many bytes in all."""
    left = size
    async for piece in pieces:
        left -= len(piece)
        if left < 0:
            break
        yield piece
    if left:
        raise OutsideAwayError("the media store gave another number of bytes")


def _judge_answer(status: int, told: dict[str, Any]) -> UploadOutcome:
    media_id = told.get("id")
    if status == HTTPStatus.OK and isinstance(media_id, str) and _is_id(media_id):
        return Uploaded(media_id)
    if (refusal := read_refusal(status, told)) is not None:
        rule, code = refusal
        return UploadRefused(rule, status, code)
    return UploadAway(None, status)


def _is_id(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_ID and text.isprintable()
