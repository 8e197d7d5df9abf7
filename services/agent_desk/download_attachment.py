"""`GET /attachments/{id}`: the bytes of an accepted file."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from time import monotonic

import asyncpg
from aiohttp import hdrs, web

from services.agent_desk.desk import AGENT, DESK
from services.agent_desk.name_download import content_disposition, name_download
from services.agent_desk.problems import Problem
from services.agent_desk.read_request import read_number
from shared.database.pool import Pool
from shared.errors import OutsideAwayError
from shared.log import failure, log
from shared.media.formats.format import Format, Verdict
from shared.media.formats.registry import ALL_FORMATS

# For each piece: a client that takes none of it for so long is given up.
WRITE_SECONDS = 60
_UNKNOWN = Format("", "application/octet-stream", ("bin",), lambda _: Verdict.OTHER)

# What a file holds came from a stranger: no browser may show, run or guess it, nor keep it.
SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}


async def download_attachment(request: web.Request) -> web.StreamResponse:
    """Answer with the bytes; 404 unless the file was accepted, 410 once its bytes are deleted.

    503 while the store is away.
    """
    started = monotonic()
    pool = request.app[DESK].pool
    row = await _find_attachment(pool, request.match_info["id"])
    response = _begin_answer(row)
    if request.method == hdrs.METH_HEAD:
        await response.prepare(request)
        return response
    sent = 0
    async with aclosing(request.app[DESK].store.read(row["storage_key"])) as pieces:
        try:
            sent = await _send(request, response, pieces, row["size"])
        except OutsideAwayError as error:
            if not response.prepared:
                # They may have been deleted since the row was read.
                await _find_attachment(pool, request.match_info["id"])
                cause = error.__cause__ or error  # not there, or not to be had
                log.error("request.failed", method=request.method, **failure(cause))
                raise Problem(
                    503, "The media store does not answer.", headers={"Retry-After": "5"}
                ) from None
            _break_off(request, row["id"], error)
        except (ConnectionError, TimeoutError) as error:
            _break_off(request, row["id"], error)
    log.info(
        "attachment.downloaded",
        attachment_id=row["id"],
        agent=request[AGENT],
        whole=sent == row["size"],
        took_ms=round((monotonic() - started) * 1000),
    )
    return response


FIND_ATTACHMENT = """
SELECT id, filename, format, size, storage_key, bytes_deleted_at FROM attachments
WHERE id = $1 AND state = 'accepted'
"""


async def _find_attachment(pool: Pool, given: str) -> asyncpg.Record:
    row: asyncpg.Record | None = None
    attachment_id = read_number(given)
    if attachment_id is not None:
        row = await pool.fetchrow(FIND_ATTACHMENT, attachment_id)
    if row is None:
        raise Problem(404, "There is no accepted attachment with this id.")
    if row["bytes_deleted_at"] is not None:
        raise Problem(410, "The file was deleted; what is known of it stands in its message.")
    return row


def _begin_answer(row: asyncpg.Record) -> web.StreamResponse:
    # A format that we do not know was proved by a newer version, which was taken back.
    proved = ALL_FORMATS.get(row["format"], _UNKNOWN)
    name = name_download(row["filename"], row["id"], proved.extensions)
    response = web.StreamResponse(headers=SAFE_HEADERS)
    response.content_type = proved.media_type
    response.content_length = row["size"]
    response.headers[hdrs.CONTENT_DISPOSITION] = content_disposition(name)
    return response


async def _send(
    request: web.Request, response: web.StreamResponse, pieces: AsyncIterator[bytes], size: int
) -> int:
    """Send all pieces and give their length; raise OutsideAwayError where it is not `size`."""
    # The first piece before the headers: a store that is away can still be told as 503.
    piece, sent = await anext(pieces, b""), 0
    if not piece and size:
        raise OutsideAwayError("the media store gave nothing")
    await response.prepare(request)
    while piece and sent + len(piece) <= size:
        async with asyncio.timeout(WRITE_SECONDS):
            await response.write(piece)
        sent += len(piece)
        piece = await anext(pieces, b"")
    if sent != size or piece:
        raise OutsideAwayError("the media store gave another number of bytes")
    return sent


def _break_off(request: web.Request, attachment_id: int, error: Exception) -> None:
    """End the connection, so that nobody takes what was sent for the whole file."""
    log.warning(
        "attachment.broken_off", attachment_id=attachment_id, **failure(error.__cause__ or error)
    )
    if request.transport is not None:
        request.transport.abort()
