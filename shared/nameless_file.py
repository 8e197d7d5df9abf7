"""Files without a name, for bytes on their way: each ends with its process, however that ends."""

import asyncio
import errno
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Protocol

# It lies on another file system, or on one without links, or was opened to stay without a name.
_NOT_HERE = frozenset({errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.ENOENT})


class Digest(Protocol):
    """What hashlib gives, which has no type of its own."""

    def update(self, data: bytes, /) -> None:
        """Take more bytes."""


@asynccontextmanager
async def nameless_file(folder: Path | None = None) -> AsyncIterator[tuple[BinaryIO, Path]]:
    """Give an open file, and the path under which processes of this host can read it meanwhile.

    Where `folder` can have it, it lies there, and `name_file` may keep it without a copy. It is
    opened and closed in a thread: on a disk that is busy either took up to a second.
    """
    file = await asyncio.to_thread(_open_in, folder)
    try:
        yield file, Path(f"/proc/{os.getpid()}/fd/{file.fileno()}")
    finally:
        await asyncio.to_thread(file.close)


def name_file(file: Path, folder: Path, name: str) -> bool:
    """Keep a file without a name under this one; False where it can have none there.

    It can where `nameless_file` was told this folder. Blocks. Raises OSError where the name is
    taken, or the folder is not there.
    """
    if file.stat().st_nlink > 0:
        return False  # it has a name, and whoever knows that could change what is kept
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.link(file, name, dst_dir_fd=number)  # with a folder's number it follows /proc's link
    except OSError as error:
        if error.errno in _NOT_HERE:
            return False
        raise
    finally:
        os.close(number)
    return True


def _open_in(folder: Path | None) -> BinaryIO:
    """Open one that can get a name later, which tempfile's cannot (O_EXCL)."""
    if folder is not None:
        # Without that: no folder yet, or a file system without such files.
        with suppress(OSError):
            return os.fdopen(os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o666), "w+b")
    return tempfile.TemporaryFile()


async def absorb(piece: bytes, digest: Digest, into: BinaryIO) -> None:
    """Write and hash, in a thread: a disk that is busy must not hold up everybody else."""
    await asyncio.to_thread(_absorb, piece, digest, into)


def _absorb(piece: bytes, digest: Digest, into: BinaryIO) -> None:
    digest.update(piece)
    into.write(piece)
