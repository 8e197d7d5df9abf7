"""MP4, and its kin M4A and 3GP, by ISO/IEC 14496-12 (boxes and brands) and 14496-14."""

import os
from collections.abc import Callable, Collection
from pathlib import Path
from struct import unpack_from
from typing import BinaryIO, NamedTuple

from shared.media.formats.disguise import ends_as_zip
from shared.media.formats.format import Format, Verdict

# The brand that a writer puts first says for which players it wrote. Nowhere here: `qt  `
# (QuickTime), `3g2*`, and of pictures `heic`, `avif` and `mif1`.
BRANDS = {
    *(b"iso%c" % one for one in b"m23456789abc"),
    *(b"isom", b"mp41", b"mp42", b"mp71", b"avc1", b"dash", b"cmfc", b"cmf2", b"piff"),
    *(b"M4V ", b"M4VH", b"M4VP", b"MSNV", b"XAVC", b"f4v ", b"NDSC", b"NDXC", b"hvc1", b"av01"),
}
SOUND_BRANDS = {b"M4A ", b"M4B "}
PHONE_BRANDS = {
    *(b"3gp%c" % one for one in b"456789"),
    *(b"3gr6", b"3gr7", b"3gs6", b"3gs7", b"3ge6", b"3ge7", b"3ge9", b"3gg6"),
}
_SMALL, _LARGE = 8, 16
_LONGEST_FTYP = 4096
_NEEDED = {b"moov", b"mdat"}
_NEEDED_IN_MOOV = {b"mvhd", b"trak"}
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
        """Prove boxes: `ftyp` first with such a brand, `moov` and `mdat`, to the exact end."""
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            if not has_brand(file, brands):
                return Verdict.OTHER
            boxes = _read_boxes(file, 0, size)
            if boxes is None or not boxes.keys() >= _NEEDED:
                return Verdict.DAMAGED
            moov = boxes[b"moov"]
            inner = _read_boxes(file, moov.content, moov.end)
            if inner is None or not inner.keys() >= _NEEDED_IN_MOOV:
                return Verdict.DAMAGED
            return Verdict.OTHER if ends_as_zip(file) else Verdict.PROVED

    return prove


def has_brand(file: BinaryIO, brands: Collection[bytes]) -> bool:
    """Tell whether the file begins with `ftyp` and, as the first brand in it, one of these."""
    file.seek(0)
    length, kind, brand = int.from_bytes(file.read(4), "big"), file.read(4), file.read(4)
    return kind == b"ftyp" and brand in brands and _LARGE <= length <= _LONGEST_FTYP


def _read_boxes(file: BinaryIO, start: int, end: int) -> dict[bytes, Box] | None:
    """Give one box of each kind between two places, or None unless boxes fill it exactly."""
    boxes: dict[bytes, Box] = {}
    for _ in range(_MOST_BOXES):
        if start == end:
            return boxes
        box = read_box(file, start, end)
        if box is None:
            return None
        boxes.setdefault(box.kind, box)
        start = box.end
    return None


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
