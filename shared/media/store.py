"""Keep the bytes of accepted files: in a folder, or in a bucket that speaks S3."""

import asyncio
import os
from collections.abc import AsyncGenerator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url

from shared.errors import OutsideAwayError
from shared.nameless_file import name_file

# S3 takes parts of no less than 5 MiB; they are sent one after the other, to bound the memory.
PART_BYTES = 5 * 1024 * 1024
READ_BYTES = 256 * 1024

UNUSABLE = (BaseError, OSError)
"""What obstore raises where the store does not answer or refuses."""


class MediaStore:
    """Objects by key; each is written once and never changed."""

    def __init__(self, url: str) -> None:
        """Prepare; a folder is made when the first file is kept, a bucket must be there.

        Credentials of S3 come from its usual variables (`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL`,
        …), which obstore reads.
        """
        self._url = url
        self._bucket: obstore.store.ObjectStore | None = None

    async def keep(self, key: str, file: Path) -> None:
        """Store a file under a key of our own making; raise OutsideAwayError where unsure.

        When this returns, the bytes survive a loss of power: only then may the database say that
        they are there.
        """
        try:
            store = self._open()
            folder = store.prefix if isinstance(store, LocalStore) else None
            if folder is None or not await asyncio.to_thread(name_file, file, folder, key):
                await obstore.put_async(store, key, file, chunk_size=PART_BYTES, max_concurrency=1)
            if folder is not None:
                await asyncio.to_thread(_sync, folder / key)
        except UNUSABLE as error:
            raise OutsideAwayError("the media store does not answer") from error

    @property
    def folder(self) -> Path | None:
        """Give the folder in which files on their way best lie: `keep` need not copy them then."""
        return Path(unquote(urlsplit(self._url).path)) if self._url.startswith("file:") else None

    async def read(self, key: str) -> AsyncGenerator[bytes, None]:
        """Give the bytes in pieces; raise OutsideAwayError where they cannot be had."""
        try:
            found = await obstore.get_async(self._open(), key)
            async for piece in found.stream(min_chunk_size=READ_BYTES):
                yield bytes(piece)
        except UNUSABLE as error:
            raise OutsideAwayError("the media store does not answer") from error

    async def drop(self, key: str) -> None:
        """Delete what nothing refers to; raise OutsideAwayError where that fails."""
        try:
            await obstore.delete_async(self._open(), key)
        except FileNotFoundError:
            pass
        except UNUSABLE as error:
            raise OutsideAwayError("the media store does not answer") from error

    def _open(self) -> obstore.store.ObjectStore:
        if self._url.startswith("file:"):
            # Anew each time: so a folder that is missing for a while is no lasting fault.
            return LocalStore.from_url(self._url, mkdir=True)
        self._bucket = self._bucket or from_url(self._url)
        return self._bucket


def _sync(file: Path) -> None:
    """Bring a file and its entry in the folder to the disk, which obstore leaves to the system."""
    for path in (file, file.parent):
        number = os.open(path, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
