"""PNG, by ISO/IEC 15948 (the second edition of W3C's PNG)."""

import zlib
from pathlib import Path
from struct import unpack
from typing import BinaryIO

from shared.media.formats.disguise import ends_as_zip
from shared.media.formats.format import Format, Verdict

_BEGIN = b"\x89PNG\r\n\x1a\n"
_CHUNK_HEAD, _HEADER_LENGTH = 8, 13
# What WhatsApp shows: eight bits, RGB or RGBA (Meta, media, 2025-11).
_EIGHT_BITS, _COLOURS = 8, {2, 6}
_LONGEST_CHUNK = 2**31 - 1
_PIECE = 256 * 1024
# They end a file made to take long.
_MOST_CHUNKS = 100_000


def prove_png(path: Path) -> Verdict:
    """Prove a PNG of 8-bit RGB or RGBA: every chunk with its checksum, and nothing behind the last.

    Another PNG, with a palette or in grey, is OTHER.
    """
    with path.open("rb") as file:
        if file.read(len(_BEGIN)) != _BEGIN:
            return Verdict.OTHER
        kind, content = _read_chunk(file)
        if kind != b"IHDR" or len(content) != _HEADER_LENGTH:
            return Verdict.DAMAGED
        bits, colour = content[8], content[9]
        if bits != _EIGHT_BITS or colour not in _COLOURS:
            return Verdict.OTHER
        if not _reads_to_its_end(file):
            return Verdict.DAMAGED
        return Verdict.OTHER if file.read(1) or ends_as_zip(file) else Verdict.PROVED


def _reads_to_its_end(file: BinaryIO) -> bool:
    pictured = False
    for _ in range(_MOST_CHUNKS):
        kind, _content = _read_chunk(file)
        pictured = pictured or kind == b"IDAT"
        if kind == b"IEND":
            return pictured
        if not kind:
            return False
    return False


def _read_chunk(file: BinaryIO) -> tuple[bytes, bytes]:
    """Give a chunk's kind and the beginning of what it holds; nothing where it is not sound."""
    head = file.read(_CHUNK_HEAD)
    if len(head) < _CHUNK_HEAD:
        return b"", b""
    left, kind = unpack(">I4s", head)
    checksum, begin = zlib.crc32(kind), b""
    while left > 0:
        piece = file.read(min(left, _PIECE))
        if not piece or left > _LONGEST_CHUNK:
            return b"", b""
        begin = begin or piece
        checksum = zlib.crc32(piece, checksum)
        left -= len(piece)
    return (kind, begin) if file.read(4) == checksum.to_bytes(4, "big") else (b"", b"")


FORMAT = Format("png", "image/png", ("png",), prove_png)
