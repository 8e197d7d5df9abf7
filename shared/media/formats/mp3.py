"""MP3: MPEG-1 and MPEG-2 audio, layer III (ISO/IEC 11172-3, 13818-3), with its usual tags."""

import os
from pathlib import Path
from typing import BinaryIO, NamedTuple

from shared.media.formats.disguise import begins_as_another
from shared.media.formats.format import Format, Verdict


class _Version(NamedTuple):
    """What a header's bits stand for in one version of MPEG audio, layer III."""

    kilobits: tuple[int, ...]
    """In a second; 0 (free) and 15 (forbidden) have no length."""
    rates: tuple[int, ...]
    """Samples in a second; the fourth value is forbidden."""
    samples: int
    """Of a frame."""


_KILOBITS = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0)
_VERSIONS = {
    3: _Version(
        (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0),
        (44_100, 48_000, 32_000, 0),
        1152,
    ),
    2: _Version(_KILOBITS, (22_050, 24_000, 16_000, 0), 576),
    0: _Version(_KILOBITS, (11_025, 12_000, 8_000, 0), 576),
}
_HEAD = 4
_SYNC = 0x7FF
_LAYER_III = 1
_FEWEST_FRAMES = 3
# Tags at the end (ID3v1, APEv2, Lyrics3), and a last frame that was cut off.
_LONGEST_TAIL = 128 * 1024
_TAG_HEAD = 10
_TAGS = (b"TAG", b"APETAGEX", b"LYRICSBEGIN", b"ID3")


def prove_mp3(path: Path) -> Verdict:
    """Prove an MP3: frame after frame, between a tag at the beginning and tags at the end."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        skip_tag(file)
        frames, end = _walk(file, size)
        if frames < _FEWEST_FRAMES:
            return Verdict.OTHER
        if size - end > _LONGEST_TAIL:
            return Verdict.DAMAGED
        file.seek(end)
        tail = file.read(_LONGEST_TAIL)
        if not tail.startswith(_TAGS) and begins_as_another(tail.lstrip(b"\0\xff")):
            return Verdict.OTHER
        return Verdict.PROVED


def _walk(file: BinaryIO, size: int) -> tuple[int, int]:
    """Follow the frames; give how many are whole, and where the last of them ends."""
    frames, at = 0, file.tell()
    while (length := _frame_length(file.read(_HEAD))) and at + length <= size:
        frames, at = frames + 1, at + length
        file.seek(at)
    return frames, at


def skip_tag(file: BinaryIO) -> bool:
    """Stand behind an ID3v2 tag (id3.org, ID3v2.4 3.1), if the file begins with one; tell that."""
    file.seek(0)
    head = file.read(_TAG_HEAD)
    if not head.startswith(b"ID3") or len(head) < _TAG_HEAD:
        file.seek(0)
        return False
    length = 0
    for byte in head[6:10]:
        length = length << 7 | byte & 0x7F
    footer = _TAG_HEAD if head[5] & 0x10 else 0
    file.seek(_TAG_HEAD + length + footer)
    return True


def _frame_length(head: bytes) -> int:
    """Give a frame's length in bytes, its header included; 0 where none begins."""
    bits = int.from_bytes(head, "big")
    version = _VERSIONS.get(bits >> 19 & 3)
    if len(head) < _HEAD or bits >> 21 != _SYNC or version is None or bits >> 17 & 3 != _LAYER_III:
        return 0
    kilobits, rate = version.kilobits[bits >> 12 & 15], version.rates[bits >> 10 & 3]
    if not kilobits or not rate:
        return 0
    return version.samples // 8 * kilobits * 1000 // rate + (bits >> 9 & 1)


FORMATS = (Format("mp3", "audio/mpeg", ("mp3",), prove_mp3, "both"),)
