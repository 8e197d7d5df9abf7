"""AAC in ADTS frames (ISO/IEC 13818-7, 6.2)."""

import os
from pathlib import Path

from shared.media.formats.format import Format, Verdict
from shared.media.formats.mp3 import skip_tag

_HEAD = 7
_SYNC = 0xFFF
_FEWEST_FRAMES = 3


def prove_aac(path: Path) -> Verdict:
    """Prove AAC: frame after frame to the end of the file, of which the last may be cut off."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        skip_tag(file)
        frames, whole = 0, True
        while head := file.read(_HEAD):
            length = _frame_length(head)
            if length == 0:
                whole = len(head) < _HEAD
                break
            frames += 1
            file.seek(length - _HEAD, os.SEEK_CUR)
        if frames < _FEWEST_FRAMES:
            return Verdict.OTHER
        if not whole or file.tell() < size:
            return Verdict.DAMAGED
        return Verdict.PROVED


def _frame_length(head: bytes) -> int:
    """Give a frame's length in bytes, its header included; 0 where none begins."""
    bits = int.from_bytes(head, "big")
    # 56 bits: twelve of ones, the version, and the layer, which in MPEG audio is never 0.
    if len(head) < _HEAD or bits >> 44 != _SYNC or bits >> 41 & 3:
        return 0
    length = bits >> 13 & 0x1FFF
    return length if length >= _HEAD else 0


FORMATS = (Format("aac", "audio/aac", ("aac",), prove_aac, "both"),)
