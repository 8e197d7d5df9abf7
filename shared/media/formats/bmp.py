"""BMP, by Microsoft's [MS-WMF] 2.2.2 and the bitmap headers of the Windows and OS/2 interfaces."""

import os
from dataclasses import dataclass
from pathlib import Path
from struct import unpack_from
from typing import BinaryIO

from shared.media.formats.format import Format, Verdict

_FILE_HEADER = 14
_CORE = 12
# OS/2 1 and 2, BITMAPINFOHEADER and its longer forms up to BITMAPV5HEADER.
_INFO_HEADERS = (16, 40, 52, 56, 64, 108, 124)
_LONGEST_HEADER = 124
_OS2_SHORT, _OS2_LONG, _V5 = 16, 64, 124
_BITS = {1, 2, 4, 8, 16, 24, 32}
# BI_RGB, BI_BITFIELDS, BI_ALPHABITFIELDS: the length follows from width, height and bits.
_PLAIN = {0, 3, 6}
# BI_RLE8 and BI_RLE4; 3 and 4 are Huffman and RLE24 in the long header of OS/2.
_PACKED = {1, 2}
_PACKED_OS2 = {1, 2, 3, 4}
_MOST_PIXELS_OF_A_SIDE = 1_000_000
_CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True)
class _Picture:
    offset: int
    pixels: int
    """Bytes; 0 where a packed picture does not say."""
    end_of_profile: int


def prove_bmp(path: Path) -> Verdict:
    """Prove a BMP: sound headers, and a file that ends with its pixels or its colour profile.

    Zeros may follow: some writers pad. A text that begins with `BM` has no sound header.
    """
    with path.open("rb") as file:
        picture = _read_headers(file.read(_FILE_HEADER + _LONGEST_HEADER))
        if picture is None:
            return Verdict.OTHER
        size = file.seek(0, os.SEEK_END)
        end = max(picture.offset + picture.pixels, picture.end_of_profile)
        if end > size or not picture.pixels:
            return Verdict.DAMAGED
        return Verdict.PROVED if _only_zeros(file, end) else Verdict.OTHER


def _read_headers(head: bytes) -> _Picture | None:
    if head[:2] != b"BM" or len(head) < _FILE_HEADER + _CORE:
        return None
    offset, length = unpack_from("<II", head, 10)
    if offset < _FILE_HEADER + length or len(head) < _FILE_HEADER + length:
        return None
    if length == _CORE:
        width, height, planes, bits = unpack_from("<HHHH", head, 18)
        return _measure(offset, (width, height, planes, bits), 0)
    if length not in _INFO_HEADERS:
        return None
    width, height, planes, bits = unpack_from("<iiHH", head, 18)
    return _measure_long(head, offset, length, (width, height, planes, bits))


def _measure_long(
    head: bytes, offset: int, length: int, shape: tuple[int, int, int, int]
) -> _Picture | None:
    compression, stated = (0, 0) if length == _OS2_SHORT else unpack_from("<II", head, 30)
    packed = _PACKED_OS2 if length == _OS2_LONG else _PACKED
    plain = compression in _PLAIN and not (length == _OS2_LONG and compression)
    if not plain and compression not in packed:
        return None
    picture = _measure(offset, shape, 0 if plain else stated, packed=not plain)
    if picture is None or length != _V5:
        return picture
    place, profile = unpack_from("<II", head, _FILE_HEADER + 112)
    end = _FILE_HEADER + place + profile if place and profile else 0
    return _Picture(picture.offset, picture.pixels, end)


def _measure(
    offset: int, shape: tuple[int, int, int, int], stated: int, *, packed: bool = False
) -> _Picture | None:
    width, height, planes, bits = shape
    sides = 0 < width <= _MOST_PIXELS_OF_A_SIDE and 0 < abs(height) <= _MOST_PIXELS_OF_A_SIDE
    if not sides or planes != 1 or bits not in _BITS:
        return None
    if packed:
        return _Picture(offset, stated, 0)
    # Each row is filled to a multiple of four bytes.
    return _Picture(offset, (width * bits + 31) // 32 * 4 * abs(height), 0)


def _only_zeros(file: BinaryIO, start: int) -> bool:
    file.seek(start)
    while chunk := file.read(_CHUNK):
        if chunk.strip(b"\0"):
            return False
    return True


FORMATS = (Format("bmp", "image/bmp", ("bmp", "dib"), prove_bmp),)
