"""Files without a name, for bytes on their way: each ends with its process, however that ends."""

import asyncio
import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

# It lies on another file system, or on one without links, or was opened to stay without a name.
_NOT_HERE = frozenset({errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.ENOENT})


class Digest(Protocol):
    """What hashlib gives, which has no type of its own."""

    def update(self, data: bytes, /) -> None:
        """Take more bytes."""


@contextmanager
def nameless_file(folder: Path | None = None) -> Iterator[tuple[BinaryIO, Path]]:
    """Give an open file, and the path under which processes of this host can read it meanwhile.

    Where `folder` can have it, it lies there, and `name_file` may keep it without a copy.
    """
    with _open_in(folder) or tempfile.TemporaryFile() as file:
        yield file, Path(f"/proc/{os.getpid()}/fd/{file.fileno()}")


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


def _open_in(folder: Path | None) -> BinaryIO | None:
    """Open one that can get a name later; tempfile's cannot (O_EXCL)."""
    if folder is None:
        return None
    try:
        return os.fdopen(os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o666), "w+b")
    except OSError:
        return None  # no folder yet, or a file system without such files


async def absorb(piece: bytes, digest: Digest, into: BinaryIO) -> None:
    """Write and hash, in a thread: a disk that is busy must not hold up everybody else."""
    await asyncio.to_thread(_absorb, piece, digest, into)


def _absorb(piece: bytes, digest: Digest, into: BinaryIO) -> None:
    digest.update(piece)
    into.write(piece)
