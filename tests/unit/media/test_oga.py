"""OGA: every page with its checksum to the end, and nothing to look at."""

import struct

import pytest

from shared.media.formats import oga
from tests import media_files
from tests.media_files import OPUS_HEAD, ogg_checksum, ogg_page, ogg_stream
from tests.unit.media.conftest import Judge

OGA = media_files.small_oga()


@pytest.mark.parametrize(
    "head",
    [OPUS_HEAD, media_files.VORBIS_HEAD, media_files.FLAC_HEAD, media_files.SPEEX_HEAD],
    ids=["Opus", "Vorbis", "FLAC", "Speex"],
)
def test_each_codec_of_audio_is_taken(judge: Judge, head: bytes) -> None:
    assert judge(media_files.small_oga(head=head)) == "oga proved"


def test_a_film_beside_the_sound_is_refused(judge: Judge) -> None:
    film = ogg_page(media_files.THEORA_HEAD, 2, 0, 2)
    at = OGA.index(b"OggS", 1)

    assert judge(OGA[:at] + film + OGA[at:]) == "other"


def test_one_recording_after_another_is_taken(judge: Judge) -> None:
    assert judge(OGA + media_files.small_oga(7)) == "oga proved"


def test_a_skeleton_beside_the_sound_is_taken_and_alone_is_not(judge: Judge) -> None:
    skeleton = b"fishead\0" + bytes(56)
    at = OGA.index(b"OggS", 1)

    assert judge(ogg_page(skeleton, 2, 0, 2) + OGA) == "oga proved"
    assert judge(OGA[:at] + ogg_page(skeleton, 2, 0, 2) + OGA[at:]) == "oga proved"
    assert judge(ogg_stream([skeleton, b"index"], serial=2)) == "oga damaged"


def test_one_changed_bit_is_damage(judge: Judge) -> None:
    for place in (len(OGA) // 2, len(OGA) - 1, 60):
        changed = OGA[:place] + bytes([OGA[place] ^ 1]) + OGA[place + 1 :]

        assert judge(changed) == "oga damaged"


def test_bytes_behind_the_last_page_are_damage(judge: Judge) -> None:
    assert judge(OGA + b"x") == "oga damaged"


def test_a_recorder_that_sets_no_end_mark_is_taken(judge: Judge) -> None:
    assert judge(ogg_stream([OPUS_HEAD, b"OpusTags", b"sound"], ends=False)) == "oga proved"


def test_a_packet_that_never_ends_is_damage(judge: Judge) -> None:
    begin = ogg_stream([OPUS_HEAD, b"OpusTags"], serial=9, ends=False)
    first = ogg_page(b"s" * 510, 9, 2, 0, open_end=True)

    assert judge(begin + first) == "oga damaged"
    assert judge(begin + first + ogg_page(b"rest", 9, 3, 1)) == "oga proved"


def test_a_page_of_a_stream_that_never_began_is_refused(judge: Judge) -> None:
    assert judge(OGA + ogg_page(b"stray", 77, 3, 0)) == "other"


def test_a_head_without_sound_is_damage(judge: Judge) -> None:
    assert judge(ogg_page(OPUS_HEAD, 1, 0, 2)) == "oga damaged"


def test_more_pages_than_any_recording_has_are_not_read(
    judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oga, "_MOST_PAGES", 5)

    assert judge(OGA) == "other"
    assert judge(media_files.small_oga(pages=2)) == "oga proved"


def test_more_streams_than_any_recording_has_are_refused(judge: Judge) -> None:
    many = b"".join(ogg_stream([OPUS_HEAD, b"OpusTags"], serial) for serial in range(65))

    assert judge(many) == "other"


def test_a_cut_page_is_damage_even_with_a_checksum_of_what_is_left(judge: Judge) -> None:
    begin = ogg_stream([OPUS_HEAD, b"OpusTags"], serial=9, ends=False)
    page = ogg_page(b"sound", 9, 2, 4)[:-1]
    unsigned = page[:22] + bytes(4) + page[26:]
    forged = page[:22] + struct.pack("<I", ogg_checksum(unsigned)) + page[26:]

    assert judge(begin + forged) == "oga damaged"
