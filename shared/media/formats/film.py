"""MP4, M4A and 3GP with the codecs that WhatsApp plays: H.264 and AAC (Meta, media, 2025-11)."""

from collections.abc import Callable, Collection
from pathlib import Path

from shared.media.formats.format import Format, Verdict
from shared.media.formats.mp4 import (
    BRANDS,
    PHONE_BRANDS,
    SEEN_OR_HEARD,
    SOUND_BRANDS,
    Box,
    BoxReader,
    has_brand,
)

# By ISO/IEC 14496-12: the boxes on the way from a file to the codecs of its tracks. After them come
# a version (4 bytes), a count (4), and an entry for each description, named like its codec.
_WAY = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")
_BEFORE_ENTRIES = 8
_PICTURES, _SOUND = {b"avc1", b"avc3"}, {b"mp4a"}


def prove_film(path: Path) -> Verdict:
    """Prove an MP4 with one track of H.264 and at most one of AAC, and no other codec."""
    return _prove(path, BRANDS, _is_film)


def prove_phone_film(path: Path) -> Verdict:
    """Prove a 3GP with the same tracks; older ones have H.263, which WhatsApp does not take."""
    return _prove(path, PHONE_BRANDS, _is_film)


def prove_sound(path: Path) -> Verdict:
    """Prove an M4A, or an MP4 without pictures, with one track of AAC."""
    return _prove(path, BRANDS | SOUND_BRANDS, lambda codecs: codecs == [b"mp4a"])


def _is_film(codecs: Collection[bytes]) -> bool:
    pictures = [one for one in codecs if one in _PICTURES]
    sound = [one for one in codecs if one in _SOUND]
    return len(pictures) == 1 and len(sound) <= 1 and len(pictures) + len(sound) == len(codecs)


def _prove(path: Path, brands: Collection[bytes], fits: Callable[[list[bytes]], bool]) -> Verdict:
    with path.open("rb") as file:
        if not has_brand(file, brands):
            return Verdict.OTHER
        walk = _Walk(file)
        top = walk.film()
        if top is None:
            return Verdict.DAMAGED
        codecs = walk.codecs(top, _WAY)
        if codecs is None:
            return Verdict.DAMAGED
        return Verdict.PROVED if fits(codecs) else Verdict.OTHER


class _Walk(BoxReader):
    def codecs(self, boxes: list[Box], way: tuple[bytes, ...]) -> list[bytes] | None:
        """Give the codecs of all tracks of pictures and sound, in their order."""
        found: list[bytes] = []
        for box in boxes:
            if box.kind != way[0]:
                continue
            if way[0] == b"mdia" and self.handler(box) not in {*SEEN_OR_HEARD, None}:
                continue  # subtitles, time codes, a phone's notes
            is_last = len(way) == 1
            inner = self.boxes(box.content + (_BEFORE_ENTRIES if is_last else 0), box.end)
            if inner is None:
                return None
            more = [one.kind for one in inner] if is_last else self.codecs(inner, way[1:])
            if more is None:
                return None
            found += more
        return found


FORMATS = (
    Format("h264", "video/mp4", ("mp4", "m4v"), prove_film, "sent"),
    Format("h264_3gp", "video/3gpp", ("3gp", "3gpp"), prove_phone_film, "sent"),
    Format("aac_m4a", "audio/mp4", ("m4a", "mp4"), prove_sound, "sent"),
)
