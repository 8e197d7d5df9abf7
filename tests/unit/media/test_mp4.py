"""MP4: by brand, and boxes to the exact end."""

import struct

import pytest

from shared.media.formats import mp4
from tests import media_files
from tests.media_files import box
from tests.unit.media.conftest import Judge

MP4 = media_files.small_mp4()
FTYP, MOOV = MP4[: MP4.index(b"moov") - 4], MP4[MP4.index(b"moov") - 4 : MP4.index(b"mdat") - 4]
MDAT = MP4[len(FTYP) + len(MOOV) :]


@pytest.mark.parametrize(
    "brand", [b"isom", b"iso2", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"dash"]
)
def test_a_brand_of_mp4_is_taken(judge: Judge, brand: bytes) -> None:
    assert judge(media_files.small_mp4(brand=brand)) == "mp4 proved"


@pytest.mark.parametrize(
    "brand",
    [b"qt  ", b"M4A ", b"M4B ", b"3gp4", b"3gp6", b"3g2a", b"heic", b"avif", b"mif1", b"crx "],
)
def test_another_brand_is_refused(judge: Judge, brand: bytes) -> None:
    assert judge(media_files.small_mp4(brand=brand)) == "other"


def test_a_film_has_something_to_see_or_to_hear(judge: Judge) -> None:
    assert judge(media_files.small_mp4(handler=b"soun")) == "mp4 proved"
    assert judge(media_files.small_mp4(handler=b"text")) == "mp4 damaged"


def test_the_order_of_boxes_is_free_behind_the_first(judge: Judge) -> None:
    assert judge(FTYP + MDAT + MOOV) == "mp4 proved"
    assert judge(box(b"free", b"") + MP4) == "other"


def test_a_box_may_count_in_64_bits_or_reach_to_the_end(judge: Judge) -> None:
    large = struct.pack(">I4sQ", 1, b"mdat", 16 + 50) + bytes(50)
    open_end = struct.pack(">I4s", 0, b"mdat") + bytes(50)

    assert judge(FTYP + large + MOOV) == "mp4 proved"
    assert judge(FTYP + MOOV + open_end) == "mp4 proved"


def test_a_film_in_fragments_is_taken(judge: Judge) -> None:
    fragment = box(b"moof", box(b"mfhd", bytes(8))) + box(b"mdat", bytes(20))

    assert judge(FTYP + MOOV + fragment * 50) == "mp4 proved"


@pytest.mark.parametrize(
    "broken",
    [FTYP, FTYP + MOOV, FTYP + MDAT, MP4 + b"x", MP4 + b"\0\0\0\x07free", MP4[:-1],
     MP4.replace(b"hdlr", b"free"),
     FTYP + box(b"moov", box(b"mvhd", bytes(100))) + MDAT,
     FTYP + box(b"moov", b"no boxes in here") + MDAT],
    ids=["brand alone", "no mdat", "no moov", "a byte more", "short box", "a byte less", "no kind",
         "no track", "no boxes"],
)  # fmt: skip
def test_boxes_that_are_missing_or_do_not_fill_the_file_are_damage(
    judge: Judge, broken: bytes
) -> None:
    assert judge(broken) == "mp4 damaged"


def test_more_boxes_than_any_film_has_are_not_read(
    judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mp4, "_MOST_BOXES", 9)

    assert judge(MP4 + box(b"free", b"")) == "mp4 proved"
    assert judge(MP4 + box(b"free", b"") * 3) == "mp4 damaged"


@pytest.mark.parametrize(
    "first",
    [box(b"styp", FTYP[8:]), struct.pack(">I", 12) + FTYP[4:12], box(b"ftyp", FTYP[8:] * 300)],
    ids=["another kind", "too short for a version", "longer than any"],
)
def test_a_first_box_that_names_no_brand_properly_is_refused(judge: Judge, first: bytes) -> None:
    assert judge(first + MOOV + MDAT) == "other"


@pytest.mark.parametrize(
    "last",
    [struct.pack(">I", 4) + box(b"free", b""), struct.pack(">I4sQ", 1, b"free", 2**64 - 1)],
    ids=["shorter than itself", "longer than any file"],
)
def test_a_box_with_an_impossible_length_is_damage(judge: Judge, last: bytes) -> None:
    assert judge(MP4 + last) == "mp4 damaged"
