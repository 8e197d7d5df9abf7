"""Files without a name, for bytes on their way: each ends with its process, however that ends."""

import asyncio
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol


class Digest(Protocol):
    """What hashlib gives, which has no type of its own."""

    def update(self, data: bytes, /) -> None:
        """Take more bytes."""


@contextmanager
def nameless_file() -> Iterator[tuple[BinaryIO, Path]]:
    """Give an open file, and the path under which processes of this host can read it meanwhile."""
    with tempfile.TemporaryFile() as file:
        yield file, Path(f"/proc/{os.getpid()}/fd/{file.fileno()}")


async def absorb(piece: bytes, digest: Digest, into: BinaryIO) -> None:
    """Write and hash, in a thread: a disk that is busy must not hold up everybody else."""
    await asyncio.to_thread(_absorb, piece, digest, into)


def _absorb(piece: bytes, digest: Digest, into: BinaryIO) -> None:
    digest.update(piece)
    into.write(piece)
