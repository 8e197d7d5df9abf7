"""MP4, and its kin M4A and 3GP, by ISO/IEC 14496-12 (boxes and brands) and 14496-14."""

import os
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from struct import unpack_from
from typing import BinaryIO, NamedTuple

from shared.media.formats.format import Format, Verdict

# The brand that a writer puts first says for which players it wrote. Nowhere here: `qt  `
# (QuickTime), `3g2*`, and of pictures `heic`, `avif` and `mif1`.
BRANDS = {
    *(b"iso%c" % one for one in b"m23456789abc"),
    *(b"isom", b"mp41", b"mp42", b"mp71", b"avc1", b"dash", b"cmfc", b"cmf2", b"piff"),
    *(b"M4V ", b"M4VH", b"M4VP", b"MSNV", b"XAVC", b"f4v ", b"NDSC", b"NDXC", b"hvc1", b"av01"),
    *(b"isml", b"iso9", b"mmp4", b"CAEP", b"nvr1", b"SDV ", b"cmfl", b"cmfs", b"mp4v"),
}
SOUND_BRANDS = {b"M4A ", b"M4B "}
PHONE_BRANDS = {
    *(b"3gp%c" % one for one in b"456789"),
    *(b"3gr6", b"3gr7", b"3gs6", b"3gs7", b"3ge6", b"3ge7", b"3ge9", b"3gg6"),
}
_SMALL, _LARGE = 8, 16
_LONGEST_FTYP = 4096
_BEFORE_HANDLER = 8
SEEN_OR_HEARD = {b"vide", b"soun"}
# A film in fragments has some thousand; the limit ends a file made to take long.
_MOST_BOXES = 200_000


class Box(NamedTuple):
    """One box: its kind, and the places where it, its content and its end are in the file."""

    kind: bytes
    start: int
    content: int
    end: int


def _by_brand(brands: Collection[bytes]) -> Callable[[Path], Verdict]:
    def prove(path: Path) -> Verdict:
        """Prove boxes to the exact end: `ftyp` with such a brand, and a track to see or hear."""
        with path.open("rb") as file:
            if not has_brand(file, brands):
                return Verdict.OTHER
            kinds = BoxReader(file).kinds_of_tracks()
            return Verdict.PROVED if kinds & SEEN_OR_HEARD else Verdict.DAMAGED

    return prove


def has_brand(file: BinaryIO, brands: Collection[bytes]) -> bool:
    """Tell whether the file begins with `ftyp` and, as the first brand in it, one of these."""
    file.seek(0)
    length, kind, brand = int.from_bytes(file.read(4), "big"), file.read(4), file.read(4)
    return kind == b"ftyp" and brand in brands and _LARGE <= length <= _LONGEST_FTYP


class BoxReader:
    """Reads boxes, up to a number of them in the whole file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = _MOST_BOXES

    def film(self) -> list[Box] | None:
        """Give the file's boxes; None unless they fill it exactly, with `moov` and `mdat`."""
        boxes = self.boxes(0, self._file.seek(0, os.SEEK_END))
        if boxes is None or not {b"moov", b"mdat"} <= {one.kind for one in boxes}:
            return None
        return boxes

    def boxes(self, start: int, end: int) -> list[Box] | None:
        """Give all boxes between two places; None unless they fill it exactly."""
        found: list[Box] = []
        while start < end and self._left > 0:
            self._left -= 1
            box = read_box(self._file, start, end)
            if box is None:
                return None
            found.append(box)
            start = box.end
        return found if start == end else None

    def kinds_of_tracks(self) -> set[bytes]:
        """Give what the film's tracks hold (`vide`, `soun`, …); nothing where it is not whole."""
        moov = _first(self.film(), b"moov")
        inner = self.boxes(moov.content, moov.end) if moov is not None else None
        kinds = {self._kind_of(one) for one in inner or [] if one.kind == b"trak"}
        return kinds if _first(inner, b"mvhd") is not None and b"" not in kinds else set()

    def _kind_of(self, track: Box) -> bytes:
        media = _first(self.boxes(track.content, track.end), b"mdia")
        handler = self.handler(media) if media is not None else None
        return handler or b""

    def handler(self, media: Box) -> bytes | None:
        """Give what an `mdia` box says that its track holds."""
        box = _first(self.boxes(media.content, media.end), b"hdlr")
        if box is None:
            return None
        self._file.seek(box.content + _BEFORE_HANDLER)
        return self._file.read(4)


def _first(boxes: Sequence[Box] | None, kind: bytes) -> Box | None:
    return next((one for one in boxes or () if one.kind == kind), None)


def read_box(file: BinaryIO, start: int, end: int) -> Box | None:
    """Give the box that begins at `start`; None where it does not end at or before `end`."""
    file.seek(start)
    head = file.read(_LARGE)
    if len(head) < _SMALL:
        return None
    length, content = unpack_from(">I", head)[0], _SMALL
    if length == 1 and len(head) == _LARGE:
        length, content = unpack_from(">Q", head, 8)[0], _LARGE
    elif length == 0:
        # The last box may reach to the end of the file without counting itself.
        length = end - start
    if length < content or start + length > end:
        return None
    return Box(head[4:8], start, start + content, start + length)


FORMATS = (
    Format("mp4", "video/mp4", ("mp4", "m4v"), _by_brand(BRANDS)),
    Format("3gp", "video/3gpp", ("3gp", "3gpp"), _by_brand(PHONE_BRANDS)),
    Format("m4a", "audio/mp4", ("m4a", "m4b"), _by_brand(SOUND_BRANDS)),
)
