"""OGA, audio in Ogg: RFC 3533 for pages, RFC 5334 for what audio in Ogg is."""

import zlib
from dataclasses import dataclass, field
from pathlib import Path
from struct import unpack_from
from typing import BinaryIO

from shared.media.formats.format import Format, Verdict

_CAPTURE = b"OggS"
_HEADER = 27
_CONTINUED, _BEGIN_OF_STREAM = 0x01, 0x02
_WHOLE_LACING = 255
# The first bytes of a stream's first packet: RFC 7845, Vorbis I 4.2.1, the FLAC and Speex mappings.
_AUDIO = (b"OpusHead", b"\x01vorbis", b"\x7fFLAC", b"Speex   ")
# A skeleton describes the other streams and holds nothing to hear or see.
_SKELETON = b"fishead\0"
# Hours of pages with 20 ms each; the limits end a file made to take long.
_MOST_STREAMS = 64
_MOST_PAGES = 500_000

_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(slots=True)
class _Stream:
    audio: bool
    pages: int = 0
    open_packet: bool = False


@dataclass(slots=True)
class _Page:
    flags: int
    serial: int
    lacing: bytes
    body: bytes


@dataclass(slots=True)
class _Walk:
    streams: dict[int, _Stream] = field(default_factory=dict)
    foreign: bool = False


def prove_oga(path: Path) -> Verdict:
    """Prove audio in Ogg: every page with its checksum to the end, and no stream but audio.

    A file cut between two packets at the border of a page cannot be told from one whose writer
    sets no end mark, as live recorders do; it is taken.
    """
    with path.open("rb") as file:
        if file.read(len(_CAPTURE)) != _CAPTURE:
            return Verdict.OTHER
        file.seek(0)
        walk = _Walk()
        whole = _read_pages(file, walk)
        if walk.foreign:
            return Verdict.OTHER
        if not whole or not _complete(walk):
            return Verdict.DAMAGED
        return Verdict.PROVED


def _read_pages(file: BinaryIO, walk: _Walk) -> bool:
    """Follow the pages to the end of the file; tell whether all are sound."""
    for _ in range(_MOST_PAGES):
        header = file.read(_HEADER)
        if not header:
            return True
        page = _read_page(file, header)
        if page is None:
            return False
        _follow(walk, page)
        if walk.foreign:
            return True
    walk.foreign = True
    return True


def _read_page(file: BinaryIO, header: bytes) -> _Page | None:
    if len(header) < _HEADER or not header.startswith(_CAPTURE + b"\0"):
        return None
    lacing = file.read(header[26])
    body = file.read(sum(lacing))
    if len(lacing) < header[26] or len(body) < sum(lacing):
        return None
    checked = header[:22] + b"\0\0\0\0" + header[26:] + lacing + body
    (stated,) = unpack_from("<I", header, 22)
    if _checksum(checked) != stated:
        return None
    return _Page(header[5], unpack_from("<I", header, 14)[0], lacing, body)


def _checksum(data: bytes) -> int:
    """Compute Ogg's CRC-32: zlib's polynomial with the bits the other way round, from zero."""
    mirrored = zlib.crc32(data.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)


def _follow(walk: _Walk, page: _Page) -> None:
    if page.flags & _BEGIN_OF_STREAM:
        audio = page.body.startswith(_AUDIO)
        walk.foreign = not audio and not page.body.startswith(_SKELETON)
        walk.streams[page.serial] = _Stream(audio)
    stream = walk.streams.get(page.serial)
    if stream is None or len(walk.streams) > _MOST_STREAMS:
        walk.foreign = True
        return
    stream.pages += 1
    if page.lacing:
        stream.open_packet = page.lacing[-1] == _WHOLE_LACING


def _complete(walk: _Walk) -> bool:
    audio = [one for one in walk.streams.values() if one.audio]
    return bool(audio) and all(one.pages > 1 and not one.open_packet for one in audio)


FORMATS = (Format("oga", "audio/ogg", ("oga", "ogg", "opus", "spx"), prove_oga),)
