"""Read a form with files: piece by piece onto the disk, and never more than is bounded here."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from aiohttp import BodyPartReader, web

from services.agent_desk.problems import Problem
from shared.nameless_file import absorb, nameless_file

MOST_FILES = 10
MEBIBYTE = 1024 * 1024
# A single document may have 100 MiB; ten of them in one form need not be possible.
MOST_BYTES = 200 * MEBIBYTE
MOST_FILE_BYTES = 100 * MEBIBYTE
# In all, and without a byte.
FORM_SECONDS, SILENCE_SECONDS = 600.0, 30.0
_PIECE_BYTES = 256 * 1024
_LONGEST_TYPE = 255


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A file that an agent sent, in a file of this process without a name."""

    filename: str | None
    declared_type: str | None
    path: Path
    size: int
    """In bytes."""
    sha256: str
    """64 lower-case hexadecimal digits."""


@dataclass(slots=True)
class Form:
    """What a form held."""

    bytes_left: int
    """Of files, that may still come."""
    text: str | None = None
    files: list[ReceivedFile] = field(default_factory=list)


@asynccontextmanager
async def read_form(request: web.Request, longest_text: int) -> AsyncIterator[Form]:
    """Read `text` and each `file`; the files last as long as the context.

    Raises 400 where it is no such form, 408 where it comes too slowly, 413 where it is too large,
    422 where it has too many files.
    """
    if (request.content_length or 0) > MOST_BYTES:
        raise _too_large()
    form = Form(MOST_BYTES)
    async with AsyncExitStack() as files:
        try:
            async with asyncio.timeout(FORM_SECONDS):
                await _read_parts(request, form, files, longest_text)
        except TimeoutError:
            raise Problem(408, "The form came too slowly.") from None
        except (ValueError, web.PayloadAccessError, OSError) as error:
            if isinstance(error, OSError) and not isinstance(error, ConnectionError):
                raise  # of our own disk
            raise Problem(400, "The body is no whole multipart form.") from None
        yield form


async def _read_parts(
    request: web.Request, form: Form, files: AsyncExitStack, longest_text: int
) -> None:
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name not in {"text", "file"}:
            raise Problem(400, "A part of the form is neither `text` nor `file`.")
        if part.name == "text":
            if form.text is not None:
                raise Problem(400, "The form has more than one `text`.")
            form.text = await _read_text(part, longest_text)
        else:
            if len(form.files) == MOST_FILES:
                raise Problem(422, f"The form has more than {MOST_FILES} files.")
            file, path = await files.enter_async_context(nameless_file())
            form.files.append(await _read_file(part, file, path, form))


async def _read_text(part: BodyPartReader, longest: int) -> str:
    # No character has more than four bytes.
    data = bytearray()
    while piece := await _next_piece(part):
        data += piece
        if len(data) > 4 * longest:
            raise Problem(422, f"The text is longer than {longest} characters.")
    return data.decode()


async def _read_file(part: BodyPartReader, file: BinaryIO, path: Path, form: Form) -> ReceivedFile:
    size, digest = 0, hashlib.sha256()
    while piece := await _next_piece(part):
        size += len(piece)
        form.bytes_left -= len(piece)
        if size > MOST_FILE_BYTES or form.bytes_left < 0:
            raise _too_large()
        await absorb(piece, digest, file)
    await asyncio.to_thread(file.flush)
    return ReceivedFile(part.filename, _declared_type(part), path, size, digest.hexdigest())


def _declared_type(part: BodyPartReader) -> str | None:
    declared = part.headers.get("Content-Type", "")
    return declared if declared.isprintable() and 0 < len(declared) <= _LONGEST_TYPE else None


async def _next_piece(part: BodyPartReader) -> bytes:
    async with asyncio.timeout(SILENCE_SECONDS):
        return await part.read_chunk(_PIECE_BYTES)


def _too_large() -> Problem:
    return Problem(
        413,
        f"A file is larger than {MOST_FILE_BYTES // MEBIBYTE} MiB, or all of them are larger than "
        f"{MOST_BYTES // MEBIBYTE} MiB.",
    )
