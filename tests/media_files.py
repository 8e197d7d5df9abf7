"""Files of every kind, made by code: the same arguments give the same bytes.

`seed` makes a different file of the same format; `size` one of exactly so many bytes, where a
format takes it.
"""

import io
import struct
import zipfile
from collections.abc import Sequence
from typing import Any

from PIL import Image

EPOCH = (2026, 1, 2, 3, 4, 6)


def small_pdf(seed: int = 0, size: int = 0) -> bytes:
    """One empty page; what fills it up to `size` is a stream that nothing refers to."""
    unfilled = len(_pdf(seed, 0))
    # The length of the stream and the place of the table are written in digits that grow too.
    filling = max(0, size - unfilled)
    while size and len(_pdf(seed, filling)) > size:
        filling -= 1
    return _pdf(seed, filling, size)


def _pdf(seed: int, filling: int, size: int = 0) -> bytes:
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d 792] >>" % (600 + seed),
        b"<< /Length %d >>\nstream\n%b\nendstream" % (filling, b"v" * filling),
    ]
    data = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    data += b"".join(b"%010d 00000 n \n" % place for place in places)
    data += b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(objects) + 1)
    end = b"startxref\n%d\n%%%%EOF\n" % table
    return data + b"\n" * (size - len(data) - len(end)) + end


def pdf_with_table_in_a_stream(seed: int = 0) -> bytes:
    """The form since PDF 1.5, in which the table is an object."""
    data = b"%PDF-1.5\n"
    first = len(data)
    data += b"1 0 obj\n<< /Type /Catalog /Pages 2 0 R /Lang (%d) >>\nendobj\n" % seed
    second = len(data)
    data += b"2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\n"
    table = len(data)
    rows = b"".join(
        struct.pack(">BHB", kind, place, 0)
        for kind, place in ((0, 0), (1, first), (1, second), (1, table))
    )
    data += b"3 0 obj\n<< /Type /XRef /Size 4 /W [1 2 1] /Root 1 0 R /Length %d >>\n" % len(rows)
    return data + b"stream\n%b\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % (rows, table)


def picture(kind: str, seed: int = 0, **options: Any) -> bytes:
    """A small picture as Pillow writes it: kind is Pillow's name of a format."""
    image = Image.new("RGB", (24, 16))
    image.putdata([(x * 9 % 256, y * 13 % 256, (seed * 40 + x * y) % 256)
                   for y in range(16) for x in range(24)])  # fmt: skip
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def small_jpg(seed: int = 0, size: int = 0) -> bytes:
    """What fills it up to `size` are comments."""
    data = picture("JPEG", seed)
    fill = b""
    while (left := size - len(data) - len(fill)) > 0:
        # No comment is shorter than its own four bytes.
        length = left if left <= 60_000 else min(60_000, left - 4)
        fill += b"\xff\xfe" + struct.pack(">H", max(2, length - 2)) + b"c" * max(0, length - 4)
    return data[:2] + fill + data[2:]


def small_bmp(seed: int = 0) -> bytes:
    return picture("BMP", seed)


def small_xml(seed: int = 0, size: int = 0) -> bytes:
    begin = f'<?xml version="1.0" encoding="UTF-8"?>\n<solicitud n="{seed}"><texto>'.encode()
    end = b"</texto></solicitud>\n"
    line = "Año nuevo, trámite nuevo.\n".encode()
    room = max(0, size - len(begin) - len(end))
    return begin + line * (room // len(line)) + b"." * (room % len(line)) + end


OPUS_HEAD = b"OpusHead\x01\x01" + struct.pack("<HIHB", 312, 48_000, 0, 0)
VORBIS_HEAD = b"\x01vorbis" + struct.pack("<IBIIIIBB", 0, 1, 44_100, 0, 64_000, 0, 0xB8, 1)
FLAC_HEAD = b"\x7fFLAC\x01\x00\x00\x01fLaC\x00\x00\x00\x22" + bytes(34)
SPEEX_HEAD = b"Speex   1.2.0".ljust(80, b"\0")
THEORA_HEAD = b"\x80theora\x03\x02\x01" + bytes(32)


def small_oga(seed: int = 0, head: bytes = OPUS_HEAD, pages: int = 4) -> bytes:
    """Audio in Ogg, with sound that no decoder was asked about."""
    tags = b"OpusTags" + struct.pack("<I", 4) + b"none" + struct.pack("<I", 0)
    sound = [bytes((seed + page + at) % 256 for at in range(900)) for page in range(pages)]
    return ogg_stream([head, tags, *sound], serial=1000 + seed)


def ogg_stream(packets: Sequence[bytes], serial: int = 1, *, ends: bool = True) -> bytes:
    """Each packet on a page of its own."""
    last = len(packets) - 1
    return b"".join(
        ogg_page(packet, serial, at, (at == 0) * 2 | (ends and at == last) * 4)
        for at, packet in enumerate(packets)
    )


def ogg_page(
    body: bytes, serial: int, sequence: int, flags: int, *, open_end: bool = False
) -> bytes:
    """A page (RFC 3533, 6) with one packet; an open end goes on in the next page."""
    lacing = bytes([255] * (len(body) // 255))
    lacing += b"" if open_end else bytes([len(body) % 255])
    fields = struct.pack("<BBqII", 0, flags, sequence * 960, serial, sequence)
    begin, rest = b"OggS" + fields, bytes([len(lacing)]) + lacing + body
    return begin + struct.pack("<I", ogg_checksum(begin + bytes(4) + rest)) + rest


def ogg_checksum(data: bytes) -> int:
    """The CRC of RFC 3533 bit by bit, as its text has it: polynomial 04c11db7, from zero."""
    crc = 0
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ 0x04C11DB7 if crc & 0x80000000 else crc << 1) & 0xFFFFFFFF
    return crc


def small_mp4(
    seed: int = 0, size: int = 0, brand: bytes = b"isom", handler: bytes = b"vide"
) -> bytes:
    """The boxes of a film, without one picture in it."""
    header = box(b"mvhd", bytes(12) + struct.pack(">II", 1000, seed) + bytes(80))
    media = box(b"mdia", box(b"hdlr", bytes(8) + handler + bytes(13)))
    track = box(b"trak", box(b"tkhd", bytes(84)) + media)
    begin = box(b"ftyp", brand + struct.pack(">I", 512) + b"isomiso2mp41")
    begin += box(b"moov", header + track)
    filling = max(64, size - len(begin) - 8)
    return begin + box(b"mdat", bytes((seed + at) % 256 for at in range(64)).ljust(filling, b"m"))


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


def zip_of(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH), content)
    return out.getvalue()


def _office(main: str, media_type: str, extra: dict[str, bytes]) -> bytes:
    types = (
        '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/'
        f'content-types"><Override PartName="/{main}" ContentType="{media_type}"/></Types>'
    )
    return zip_of({"[Content_Types].xml": types.encode(), main: b"<x/>", **extra})


_OOXML = "application/vnd.openxmlformats-officedocument."
_MACROS = {"word/vbaProject.bin": b"\xd0\xcf\x11\xe0"}


def small_docx(seed: int = 0) -> bytes:
    main = _OOXML + "wordprocessingml.document.main+xml"
    return _office("word/document.xml", main, {"seed": b"%d" % seed})


def small_docm() -> bytes:
    main = "application/vnd.ms-word.document.macroEnabled.main+xml"
    return _office("word/document.xml", main, _MACROS)


def small_xlsx(seed: int = 0) -> bytes:
    main = _OOXML + "spreadsheetml.sheet.main+xml"
    return _office("xl/workbook.xml", main, {"seed": b"%d" % seed})


def small_doc(seed: int = 0) -> bytes:
    return ole2("WordDocument", b"\xec\xa5\xc1\x00%d" % seed)


def small_xls(seed: int = 0) -> bytes:
    return ole2("Workbook", b"\x09\x08\x10\x00\x00\x06\x05\x00%d" % seed)


def ole2(stream: str, content: bytes) -> bytes:
    """A compound file ([MS-CFB]) with one stream: header, table, directory, then the content."""
    free, end, table = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    # From 4096 bytes on a stream stands in sectors of its own.
    content = content.ljust(4096, b"\0")
    sectors = len(content) // 512
    chain = [table, end, *range(3, 2 + sectors), end]
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16)
    header += struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, end, 0, end, 0)
    header += struct.pack("<109I", 0, *[free] * 108)
    names = struct.pack("<128I", *chain, *[free] * (128 - len(chain)))
    directory = _entry("Root Entry", 5, 1, end, 0) + _entry(stream, 2, free, 2, len(content))
    return header + names + directory.ljust(512, b"\0") + content


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    free = 0xFFFFFFFF
    encoded = name.encode("utf-16-le")
    begin = encoded.ljust(64, b"\0") + struct.pack("<HBB", len(encoded) + 2, kind, 1)
    return begin + struct.pack("<III36xIQ", free, free, child, start, size)


def word_2003_xml() -> bytes:
    return (
        b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        b'<?mso-application progid="Word.Document"?>\n'
        b'<w:wordDocument xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml">'
        b"<w:body><w:p><w:r><w:t>Hola</w:t></w:r></w:p></w:body></w:wordDocument>"
    )


def excel_2003_xml() -> bytes:
    return (
        b'<?xml version="1.0"?>\n<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">'
        b'<Worksheet Name="Hoja1"/></Workbook>'
    )


def flat_opc() -> bytes:
    return (
        b'<?xml version="1.0" standalone="yes"?>\n'
        b'<pkg:package xmlns:pkg="http://schemas.microsoft.com/office/2006/xmlPackage"/>'
    )


def flat_odt() -> bytes:
    return (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<office:document '
        b'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        b'office:mimetype="application/vnd.oasis.opendocument.text"/>'
    )


def svg() -> bytes:
    return b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def xhtml() -> bytes:
    return (
        b'<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" '
        b'"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">'
        b'<html xmlns="http://www.w3.org/1999/xhtml"><body/></html>'
    )


def html() -> bytes:
    return b"<!DOCTYPE html><html><body><br>Hola</body></html>"


def mhtml() -> bytes:
    return (
        b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n--b\r\n"
        b"Content-Type: text/html\r\n\r\n<html></html>\r\n--b--\r\n"
    )


def png() -> bytes:
    return picture("PNG")


def gif() -> bytes:
    return picture("GIF")


def webp() -> bytes:
    return picture("WEBP")


def bm_text() -> bytes:
    return b"BM es la abreviatura de bienes muebles; siguen las cuentas del ejercicio.\n" * 20


def executable() -> bytes:
    return b"MZ\x90\x00\x03\x00\x00\x00".ljust(128, b"\0") + b"PE\0\0" + bytes(256)


def refused() -> dict[str, bytes]:
    """Everything that R11 refuses, by a name of it."""
    return {
        "doc": small_doc(),
        "xls": small_xls(),
        "docx": small_docx(),
        "xlsx": small_xlsx(),
        "docm": small_docm(),
        "word 2003": word_2003_xml(),
        "excel 2003": excel_2003_xml(),
        "flat opc": flat_opc(),
        "flat odt": flat_odt(),
        "svg": svg(),
        "xhtml": xhtml(),
        "html": html(),
        "mhtml": mhtml(),
        "zip": zip_of({"a.txt": b"a"}),
        "rar": b"Rar!\x1a\x07\x01\x00" + bytes(64),
        "7z": b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(64),
        "gzip": b"\x1f\x8b\x08" + bytes(64),
        "exe": executable(),
        "elf": b"\x7fELF\x02\x01\x01" + bytes(64),
        "script": b"#!/bin/sh\nrm -rf /\n",
        "php": b"<?php echo 1; ?>",
        "png": png(),
        "gif": gif(),
        "webp": webp(),
        "heic": box(b"ftyp", b"heic" + bytes(4) + b"mif1heic") + box(b"mdat", bytes(64)),
        "ogg video": small_oga(head=THEORA_HEAD),
        "quicktime": small_mp4(brand=b"qt  "),
        "m4a": small_mp4(brand=b"M4A "),
        "3gp": small_mp4(brand=b"3gp5"),
        "text that begins with BM": bm_text(),
        "text": b"Buenos d\xc3\xadas\n",
        "zeros": bytes(4096),
        "empty": b"",
    }


def accepted(seed: int = 0) -> dict[str, bytes]:
    """One file of each format of R11, by the format's name."""
    return {
        "pdf": small_pdf(seed),
        "jpg": small_jpg(seed),
        "bmp": small_bmp(seed),
        "xml": small_xml(seed),
        "oga": small_oga(seed),
        "mp4": small_mp4(seed),
    }
