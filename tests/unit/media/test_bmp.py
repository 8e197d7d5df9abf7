"""BMP: a picture, and not a text that begins with BM."""

import struct
import zlib

import pytest

from tests import media_files
from tests.unit.media.conftest import Judge

BMP = media_files.small_bmp()


def _bmp(dib: bytes, pixels: bytes, more: bytes = b"") -> bytes:
    offset = 14 + len(dib)
    size = offset + len(pixels) + len(more)
    return struct.pack("<2sIHHI", b"BM", size, 0, 0, offset) + dib + pixels + more


def _info(length: int = 40, compression: int = 0, image: int = 0, bits: int = 24) -> bytes:
    dib = struct.pack("<IiiHHII", length, 5, -3, 1, bits, compression, image)
    return dib.ljust(length, b"\0")


@pytest.mark.parametrize("length", [40, 52, 56, 64, 108, 124])
def test_each_length_of_the_header_is_taken(judge: Judge, length: int) -> None:
    assert judge(_bmp(_info(length), bytes(48))) == "bmp proved"


def test_the_headers_of_os2_are_taken(judge: Judge) -> None:
    assert judge(_bmp(struct.pack("<IHHHH", 12, 5, 3, 1, 24), bytes(48))) == "bmp proved"
    assert judge(_bmp(struct.pack("<IiiHH", 16, 5, 3, 1, 24), bytes(48))) == "bmp proved"


def test_a_packed_picture_ends_where_it_says(judge: Judge) -> None:
    packed = _bmp(_info(compression=1, image=20, bits=8), b"\x01" * 20)

    assert judge(packed) == "bmp proved"
    assert judge(packed[:-1]) == "bmp damaged"
    # Compression 3 is Huffman's in the long header of OS/2, where others have masks of colours.
    assert judge(_bmp(_info(64, compression=3, image=20, bits=1), b"\x01" * 20)) == "bmp proved"
    assert judge(_bmp(_info(compression=1, image=0, bits=8), b"\x01" * 20)) == "bmp damaged"


def test_a_colour_profile_behind_the_pixels_belongs_to_the_file(judge: Judge) -> None:
    dib = bytearray(_info(124))
    dib[112:120] = struct.pack("<II", 124 + 48, 30)

    whole = _bmp(bytes(dib), bytes(48), b"p" * 30)

    assert judge(whole) == "bmp proved"
    assert judge(whole[:-1]) == "bmp damaged"


def test_a_wrong_length_in_the_file_header_is_taken_as_viewers_do(judge: Judge) -> None:
    assert judge(BMP[:2] + bytes(4) + BMP[6:]) == "bmp proved"


def test_zeros_behind_the_pixels_are_taken_and_nothing_else_is(judge: Judge) -> None:
    assert judge(BMP + bytes(300_000)) == "bmp proved"
    assert judge(BMP + bytes(300_000) + b"x") == "other"


@pytest.mark.parametrize(
    ("place", "value"),
    [(14, 41), (18, 0), (22, 0), (26, 2), (28, 7), (30, 4), (30, 5), (10, 20)],
    ids=["length", "width", "height", "planes", "bits", "a jpg", "a png", "offset"],
)
def test_a_header_that_no_picture_has_is_no_picture(judge: Judge, place: int, value: int) -> None:
    size = 2 if place in {26, 28} else 4

    # Zeros behind a smaller picture are no reason to refuse it, so the header alone is judged.
    whole = _bmp(_info(), bytes(48))

    changed = whole[:place] + value.to_bytes(size, "little") + whole[place + size :]

    assert judge(changed) == "other"


def test_a_picture_larger_than_its_file_is_damage(judge: Judge) -> None:
    assert judge(_bmp(_info(), bytes(47))) == "bmp damaged"


def test_noise_behind_bm_is_no_picture(judge: Judge) -> None:
    assert judge(b"BM" + zlib.compress(BMP * 3)) == "other"
