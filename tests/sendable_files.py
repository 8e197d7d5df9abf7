"""Files of the kinds that WhatsApp takes from a business, made by code (see `media_files`)."""

import struct

from tests import media_files
from tests.media_files import box, ole2, picture, zip_of

_OOXML = "application/vnd.openxmlformats-officedocument."


def small_pptx() -> bytes:
    types = f'<Types><Override ContentType="{_OOXML}presentationml.presentation.main+xml"/></Types>'
    return zip_of({"[Content_Types].xml": types.encode(), "ppt/presentation.xml": b"<p/>"})


def small_ppt() -> bytes:
    return ole2("PowerPoint Document", b"\x0f\x00\xe8\x03")


def small_png(seed: int = 0) -> bytes:
    return picture("PNG", seed)


def film(
    codecs: tuple[bytes, ...] = (b"avc1", b"mp4a"), brand: bytes = b"isom", more: bytes = b""
) -> bytes:
    """The boxes of a film with tracks of these codecs, and nothing to see or hear in it."""
    tracks = b"".join(_track(one) for one in codecs)
    moov = box(b"moov", box(b"mvhd", bytes(100)) + tracks + more)
    return box(b"ftyp", brand + bytes(4) + b"isomiso2") + moov + box(b"mdat", bytes(200))


def _track(codec: bytes) -> bytes:
    sound = codec in {b"mp4a", b"samr", b".mp3", b"Opus"}
    handler = {b"mett": b"meta", b"tx3g": b"text"}.get(codec, b"soun" if sound else b"vide")
    table = box(b"stsd", struct.pack(">II", 0, 1) + box(codec, bytes(70)))
    media = box(b"hdlr", bytes(8) + handler + bytes(13)) + box(b"minf", box(b"stbl", table))
    return box(b"trak", box(b"tkhd", bytes(84)) + box(b"mdia", media))


def small_m4a() -> bytes:
    return film((b"mp4a",), b"M4A ")


def small_3gp() -> bytes:
    return film(brand=b"3gp5")


def small_mp3(frames: int = 8, tag: bytes = b"") -> bytes:
    """MPEG-1, layer III, 128 kbit/s, 44.1 kHz: 417 bytes a frame."""
    return tag + (b"\xff\xfb\x90\x00" + bytes(413)) * frames


def id3(length: int = 200) -> bytes:
    return b"ID3\x04\x00\x00" + bytes([0, 0, length >> 7, length & 127]) + bytes(length)


def small_aac(frames: int = 8) -> bytes:
    """ADTS frames of 100 bytes: AAC-LC, 44.1 kHz, two channels."""
    head = bytes([0xFF, 0xF1, 0x50, 0x80, 100 >> 3, (100 & 7) << 5 | 0x1F, 0xFC])
    return (head + bytes(93)) * frames


def small_amr(frames: int = 8) -> bytes:
    return b"#!AMR\n" + (b"\x3c" + bytes(31)) * frames


def small_txt() -> bytes:
    return "Traiga el carné, una fotografía y 12 €.\n".encode()


def sendable() -> dict[str, bytes]:
    """One file of each format that can be sent, by the name under which it is proved."""
    return {
        "pdf": media_files.small_pdf(),
        "docx": media_files.small_docx(),
        "xlsx": media_files.small_xlsx(),
        "pptx": small_pptx(),
        "doc": media_files.small_doc(),
        "xls": media_files.small_xls(),
        "ppt": small_ppt(),
        "txt": small_txt(),
        "jpg": media_files.small_jpg(),
        "rgb_png": small_png(),
        "h264": film(),
        "h264_3gp": small_3gp(),
        "opus": media_files.small_oga(),
        "mp3": small_mp3(),
        "aac": small_aac(),
        "amr": small_amr(),
        "aac_m4a": small_m4a(),
    }
