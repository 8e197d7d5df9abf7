"""Keep the bytes of accepted files: in a folder, or in a bucket that speaks S3."""

import asyncio
import os
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, S3Store

from shared.errors import OutsideAwayError
from shared.nameless_file import name_file

# S3 takes parts of no less than 5 MiB; they are sent one after the other, to bound the memory.
PART_BYTES = 5 * 1024 * 1024
READ_BYTES = 256 * 1024

UNUSABLE = (BaseError, OSError)
"""What obstore raises where the store does not answer or refuses."""

# Whoever waits for a store that is away is told within half a minute; obstore's own is three.
RETRIES, RETRIED_FOR = 3, timedelta(seconds=20)


class MediaStore:
    """Objects by key; each is written once and never changed."""

    def __init__(self, url: str) -> None:
        """Prepare; a folder is made when the first file is kept, a bucket must be there.

        Credentials of S3 come from its usual variables (`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL`,
        …), which obstore reads.
        """
        self._url = url
        self._bucket: S3Store | None = None

    async def keep(self, key: str, file: Path) -> None:
        """Store a file under a new key of our own making; raise OutsideAwayError where unsure.

        When this returns, the bytes survive a loss of power: only then may the database say that
        they are there. What is there already is not written over, up to the size of a part.
        """
        try:
            store = self._open()
            folder = store.prefix if isinstance(store, LocalStore) else None
            if folder is None or not await asyncio.to_thread(name_file, file, folder, key):
                await _copy(store, key, file)
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
        """Delete what nothing refers to, or make sure that it is not there.

        Raises OutsideAwayError where neither is sure: the folder or the bucket is not there, too.
        """
        try:
            store = self._open(make_folder=False)
            if isinstance(store, LocalStore) and store.prefix is not None:
                await asyncio.to_thread(_unlink, store.prefix / key)
            else:
                await obstore.delete_async(store, key)
        except UNUSABLE as error:
            raise OutsideAwayError("the media store does not answer") from error

    def _open(self, *, make_folder: bool = True) -> ObjectStore:
        if self._url.startswith("file:"):
            # Anew each time: so a folder that is missing for a while is no lasting fault.
            return LocalStore.from_url(self._url, mkdir=make_folder)
        self._bucket = self._bucket or S3Store.from_url(
            self._url, retry_config={"max_retries": RETRIES, "retry_timeout": RETRIED_FOR}
        )
        return self._bucket


async def _copy(store: ObjectStore, key: str, file: Path) -> None:
    """Write a file under a new key."""
    is_small = (await asyncio.to_thread(file.stat)).st_size <= PART_BYTES
    # What goes in parts no store takes conditionally yet (docs/decisions/0024).
    mode: Literal["create", "overwrite"] = "create" if is_small else "overwrite"
    await obstore.put_async(store, key, file, mode=mode, chunk_size=PART_BYTES, max_concurrency=1)


def _unlink(file: Path) -> None:
    """Delete a file, with what a process left that died while it wrote it (obstore's `#1`)."""
    for path in (file.with_name(f"{file.name}#1"), file):
        path.unlink(missing_ok=True)
    _flush(file.parent)


def _sync(file: Path) -> None:
    """Bring a file and its entry in the folder to the disk, which obstore leaves to the system."""
    _flush(file)
    _flush(file.parent)


def _flush(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
