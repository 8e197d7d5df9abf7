"""PNG, by ISO/IEC 15948 (the second edition of W3C's PNG)."""

import zlib
from collections.abc import Collection, Mapping
from pathlib import Path
from struct import unpack
from typing import BinaryIO

from shared.media.formats.format import Format, Verdict

_BEGIN = b"\x89PNG\r\n\x1a\n"
_CHUNK_HEAD, _HEADER_LENGTH = 8, 13
# The bits that each kind of colour may have (11.2.2): grey, RGB, a palette, and with transparency.
_COLOURS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_SHOWN_BY_WHATSAPP = {2: (8,), 6: (8,)}  # (Meta, media, 2025-11)
_LONGEST_CHUNK = 2**31 - 1
_PIECE = 256 * 1024
# They end a file made to take long.
_MOST_CHUNKS = 100_000


def prove_png(path: Path) -> Verdict:
    """Prove a PNG: every chunk with its checksum, and nothing behind the last."""
    return _prove(path, _COLOURS)


def prove_rgb_png(path: Path) -> Verdict:
    """Prove a PNG of 8-bit RGB or RGBA; another PNG, with a palette or in grey, is OTHER."""
    return _prove(path, _SHOWN_BY_WHATSAPP)


def _prove(path: Path, colours: Mapping[int, Collection[int]]) -> Verdict:
    with path.open("rb") as file:
        if file.read(len(_BEGIN)) != _BEGIN:
            return Verdict.OTHER
        kind, content = _read_chunk(file)
        if kind != b"IHDR" or len(content) != _HEADER_LENGTH:
            return Verdict.DAMAGED
        bits, colour = content[8], content[9]
        if bits not in colours.get(colour, ()):
            return Verdict.OTHER
        if not _reads_to_its_end(file):
            return Verdict.DAMAGED
        return Verdict.OTHER if file.read(1) else Verdict.PROVED


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


FORMATS = (
    Format("png", "image/png", ("png",), prove_png),
    Format("rgb_png", "image/png", ("png",), prove_rgb_png, "sent"),
)
