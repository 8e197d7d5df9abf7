"""JPG: every segment to the end of the image, and what may stand behind it."""

from typing import Any

import pytest

from tests import media_files
from tests.unit.media.conftest import Judge

JPG = media_files.small_jpg()


@pytest.mark.parametrize(
    "options",
    [{"progressive": True}, {"quality": 100, "subsampling": 0}, {"restart_marker_blocks": 1},
     {"comment": b"\xff\xd9 no end"}, {"optimize": True}],
    ids=["progressive", "fine", "restarts", "comment", "optimized"],
)  # fmt: skip
def test_what_writers_do_differently_is_taken(judge: Judge, options: dict[str, Any]) -> None:
    assert judge(media_files.picture("JPEG", **options)) == "jpg proved"


@pytest.mark.parametrize(
    "behind",
    [
        bytes(100),
        b"\xff" * 100,
        media_files.small_jpg(1),
        media_files.small_mp4(),
        media_files.small_mp4(brand=b"qt  "),
        b"\x00\x00\x01\x0a\x0e\x00\x00\x00Image_UTC_Data1700000000000SEFT",
    ],
    ids=["zeros", "filling", "a second picture", "a film", "a QuickTime film", "notes of a phone"],
)
def test_what_phones_put_behind_a_photo_is_taken(judge: Judge, behind: bytes) -> None:
    assert judge(JPG + behind) == "jpg proved"


@pytest.mark.parametrize(
    "behind", ["exe", "elf", "script", "rar", "7z", "zip", "docx", "doc", "html", "png"]
)
def test_another_file_behind_a_photo_is_refused(judge: Judge, behind: str) -> None:
    assert judge(JPG + media_files.refused()[behind]) == "other"


def test_a_pdf_behind_a_photo_is_refused(judge: Judge) -> None:
    assert judge(JPG + media_files.small_pdf()) == "other"


def test_the_end_is_found_over_the_border_of_two_readings(judge: Judge) -> None:
    # The coded data is read in pieces of 256 KiB; a marker may lie on both sides.
    at = JPG.index(b"\xff\xda") + 2 + 12
    for more in range(256 * 1024 - len(JPG), 256 * 1024 + 4):
        longer = JPG[:at] + b"\x01" * more + JPG[at:]
        if judge(longer) != "jpg proved" or judge(longer[:-1]) != "jpg damaged":
            pytest.fail(f"{more} bytes more")


def test_segments_without_a_picture_are_damage(judge: Judge) -> None:
    assert judge(b"\xff\xd8\xff\xfe\x00\x04ab\xff\xd9") == "jpg damaged"


def test_a_frame_without_a_scan_and_a_scan_without_a_frame_are_damage(judge: Judge) -> None:
    frame, scan = JPG.index(b"\xff\xc0"), JPG.index(b"\xff\xda")
    end_of_frame = frame + 2 + int.from_bytes(JPG[frame + 2 : frame + 4], "big")

    assert judge(JPG[:scan] + b"\xff\xd9") == "jpg damaged"
    assert judge(JPG[:frame] + JPG[end_of_frame:]) == "jpg damaged"


def test_what_may_stand_between_segments_is_taken(judge: Judge) -> None:
    alone, filling = b"\xff\x01", b"\xff" * 900

    assert judge(JPG[:20] + alone + filling + JPG[20:]) == "jpg proved"
    assert judge(JPG[:20] + filling * 2 + JPG[20:]) == "jpg damaged"


def test_some_bytes_between_segments_are_passed_over_as_decoders_do(judge: Judge) -> None:
    comment = JPG[:2] + b"\xff\xfe\x00\x04ab"

    assert judge(comment + b"junk" + JPG[2:]) == "jpg proved"
    assert judge(comment + b"j" * 5_000 + JPG[2:]) == "jpg damaged"


def test_lossless_jpeg_is_another_format(judge: Judge) -> None:
    assert judge(b"\xff\xd8\xff\xf7" + JPG[4:]) == "other"


def test_more_segments_than_any_picture_has_are_not_read(judge: Judge) -> None:
    assert judge(JPG[:2] + b"\xff\xfe\x00\x02" * 10_001 + JPG[2:]) == "other"
