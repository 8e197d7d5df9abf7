"""Fetch a contact's file from Meta: its id gives an address, the address the bytes.

The address lives five minutes, so it is asked for anew at each attempt, and the one that a webhook
may bring is not used. Both requests carry the token; no other host than the Graph host and those
of the setting ever sees it (Meta, media, 2025-11).
"""

import asyncio
import hashlib
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO, Self

import aiohttp
from yarl import URL

from shared.nameless_file import absorb
from shared.whatsapp.json_parts import read_json
from shared.whatsapp.media_hosts import HostRefusedError, MediaHosts, PublicResolver

# Of the whole attempt. Fifty files of 100 MiB at once pass through 50 Mbit/s in it; with less time
# none of them would, however often they were tried.
FETCH_SECONDS = 900.0
# Without a byte for so long, a connection is taken for dead.
SILENCE_SECONDS = 20.0
_PIECE_BYTES = 256 * 1024
# Of the answer that tells the address: it has a few hundred bytes.
_LONGEST_ANSWER = 64 * 1024
# Graph's "unknown object", and "parameter": both say that there is no such media.
_MISSING_CODES = frozenset({100, 131009})


class MediaMissingError(Exception):
    """Meta answered, and has no such file (any more)."""


class MediaAwayError(Exception):
    """The file could not be had this time; `status` is HTTP's, 0 without an answer."""

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.status = status


class MediaTooLargeError(Exception):
    """The file is larger than what is taken; it was not read to its end."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file on this machine's disk."""

    path: Path
    size: int
    """In bytes."""
    sha256: str
    """64 lower-case hexadecimal digits."""


class MediaApi:
    """A session with Meta's media endpoints for one number."""

    def __init__(
        self,
        graph_url: str,
        access_token: str,
        phone_number_id: str,
        media_hosts: frozenset[str],
    ) -> None:
        self._graph_url = URL(graph_url)
        self._phone_number_id = phone_number_id
        self._hosts = MediaHosts(self._graph_url, media_hosts)
        # Nothing compressed: a small answer must not become a large file.
        self._headers = {
            "Authorization": f"Bearer {access_token}",
            "Accept-Encoding": "identity",
            # Meta's media host is said to refuse the usual names of HTTP libraries.
            "User-Agent": "Ventanilla/0.1",
        }
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=None, connect=10, sock_read=SILENCE_SECONDS),
            connector=aiohttp.TCPConnector(limit=0, resolver=PublicResolver(self._hosts)),
            headers=self._headers,
            auto_decompress=False,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    async def fetch(self, media_id: str, into: BinaryIO, path: Path, most_bytes: int) -> Fetched:
        """Write a file's bytes into `into`, which is open at `path`, reading at most `most_bytes`.

        Raises MediaMissingError, MediaTooLargeError, or MediaAwayError for everything that may
        pass: no answer, a wrong token, an address that is not allowed, a body that ends early.
        """
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                address = await self._ask_for_address(media_id)
                return await self._download(address, into, path, most_bytes)
        except aiohttp.ClientError as error:
            raise MediaAwayError(0) from error.__cause__ or error  # what it came from says more
        except (HostRefusedError, OSError) as error:
            raise MediaAwayError(0) from error

    async def _ask_for_address(self, media_id: str) -> URL:
        url = (self._graph_url / media_id).with_query(phone_number_id=self._phone_number_id)
        async with self._open_session().get(url, allow_redirects=False) as answer:
            told = read_json(await _start_of(answer))
            if answer.status == HTTPStatus.OK and isinstance(told, dict):
                return self._hosts.checked(told.get("url"))
            # A 404 without Meta's own words is a wrong address, or a proxy's.
            if _code(told) in _MISSING_CODES:
                raise MediaMissingError
            raise MediaAwayError(answer.status)

    async def _download(self, url: URL, into: BinaryIO, path: Path, most_bytes: int) -> Fetched:
        async with self._open_session().get(url, allow_redirects=False) as answer:
            if answer.status != HTTPStatus.OK:
                # 404: the address has ended before its time. A new attempt asks for a new one.
                raise MediaAwayError(answer.status)
            if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
                raise MediaAwayError(answer.status)
            if (answer.content_length or 0) > most_bytes:
                raise MediaTooLargeError
            size = 0
            digest = hashlib.sha256()
            async for piece in answer.content.iter_chunked(_PIECE_BYTES):
                size += len(piece)
                if size > most_bytes:
                    raise MediaTooLargeError
                await absorb(piece, digest, into)
            await asyncio.to_thread(into.flush)
            return Fetched(path, size, digest.hexdigest())

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("MediaApi is used outside its `async with`")
        return self._session


async def _start_of(answer: aiohttp.ClientResponse) -> bytes:
    try:
        return await answer.content.readexactly(_LONGEST_ANSWER)
    except asyncio.IncompleteReadError as whole:
        return whole.partial


def _code(told: object) -> object:
    error = told.get("error") if isinstance(told, dict) else None
    return error.get("code") if isinstance(error, dict) else None
