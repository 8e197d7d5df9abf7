"""JPG, by ITU-T T.81 (JPEG), annex B."""

import os
import re
from pathlib import Path
from typing import BinaryIO

from shared.media.formats.disguise import begins_as_another
from shared.media.formats.format import Format, Verdict

_BEGIN = b"\xff\xd8\xff"
_END_OF_IMAGE = 0xD9
_START_OF_SCAN = 0xDA
_ALONE = {0x01, *range(0xD0, 0xD8)}
# Table B.1: start of frame; C4, C8 and CC in that range are something else.
_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# JPEG-LS (ITU-T T.87) begins alike; hardly any program shows it.
_LOSSLESS_FRAME = 0xF7

# In coded data FF is followed by 00, by a restart marker, or by FF that fills.
_MARKER_IN_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)
_CHUNK = 256 * 1024
# A picture has some hundred; the limits end a file made to take long.
_MOST_MARKERS = 10_000
_LONGEST_FILL = 1000
_LONGEST_JUNK = 4096


def prove_jpg(path: Path) -> Verdict:
    """Prove a JPG: every segment from the first to the end of the image, with a frame and a scan.

    What stands behind the end is taken if it is padding, further pictures (MPF) or the film of a
    motion photo: phones write these. What begins there as any other known format is not.
    """
    with path.open("rb") as file:
        if file.read(len(_BEGIN)) != _BEGIN:
            return Verdict.OTHER
        file.seek(2)
        verdict = _walk(file)
        if verdict is Verdict.PROVED:
            # A film begins with zeros, a picture with FF: neither is recognised behind these.
            behind = file.read(_CHUNK).lstrip(b"\xff\0")
            if begins_as_another(behind):
                return Verdict.OTHER
        return verdict


def _walk(file: BinaryIO) -> Verdict:
    frame = scan = False
    for _ in range(_MOST_MARKERS):
        marker = _next_marker(file)
        if marker == _LOSSLESS_FRAME:
            return Verdict.OTHER
        if marker == _END_OF_IMAGE:
            return Verdict.PROVED if frame and scan else Verdict.DAMAGED
        if marker is None or not (marker in _ALONE or _skip_segment(file)):
            return Verdict.DAMAGED
        frame = frame or marker in _FRAMES
        if marker == _START_OF_SCAN:
            scan = True
            if not _skip_scan(file):
                return Verdict.DAMAGED
    return Verdict.OTHER


def _next_marker(file: BinaryIO) -> int | None:
    """Give the next marker's code; what stands before it, as some cameras write, is passed over."""
    before = file.read(_LONGEST_JUNK)
    at = before.find(b"\xff")
    if at < 0:
        return None
    file.seek(at + 1 - len(before), os.SEEK_CUR)
    for _ in range(_LONGEST_FILL):
        code = file.read(1)
        if code != b"\xff":
            return code[0] if code else None
    return None


def _skip_segment(file: BinaryIO) -> bool:
    """Pass a segment, whose length counts its own two bytes; tell whether it is all there."""
    rest = int.from_bytes(file.read(2), "big") - 2
    return rest >= 0 and len(file.read(rest)) == rest


def _skip_scan(file: BinaryIO) -> bool:
    """Stand before the marker that ends the coded data; tell whether there is one."""
    while chunk := file.read(_CHUNK):
        found = _MARKER_IN_SCAN.search(chunk)
        if found is not None:
            file.seek(found.start() - len(chunk), 1)
            return True
        if chunk.endswith(b"\xff") and len(chunk) > 1:
            file.seek(-1, 1)
    return False


FORMATS = (Format("jpg", "image/jpeg", ("jpg", "jpeg", "jpe", "jfif"), prove_jpg, "both"),)
