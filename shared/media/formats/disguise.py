"""What a file may be besides the format that it was proved to have.

A file of several formats at once (a polyglot) shows one face to us and another to the program that
opens it.
"""

import os
import re
import tarfile
from io import BytesIO
from pathlib import Path
from struct import unpack_from
from typing import BinaryIO

import puremagic

from shared.media.formats.format import Face

# Shorter signatures stand in too many harmless files; these two are worth it.
_FEWEST_BYTES = 3
_SHORT_SIGNATURES = (b"MZ", b"#!")
# What editors, printers and mail put before a document, and what says nothing about it.
_BLANK = b"\xef\xbb\xbf \t\r\n\f\0"

# PDF Reference 1.7, appendix H, note 13: the header may begin anywhere in the first 1024 bytes.
# Browsers look for a page in about as many (WHATWG, MIME Sniffing, 5.2).
NEAR_BEGIN = 1023 + len(b"%PDF-1")
PDF_HEADER = re.compile(rb"%PDF-\d")
_BITMAP = re.compile(rb"BM.{4}\0{4}.{2}\0\0", re.DOTALL)
_ELEMENT = re.compile(rb"<[?!a-z]", re.IGNORECASE)
# What R11 refuses: office documents, archives, programs, scripts.
_REFUSED = (
    *(b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"{\\rtf", b"%!PS"),
    *(b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"MSCF"),
    *(b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe", b"#!", b"\0asm", b"L\0\0\0\x01\x14\x02\0"),
)
_PAGE = re.compile(rb"<(?:html|script|iframe|svg|\?php|!doctype\s+html)", re.IGNORECASE)
# Also what a browser loads or runs within a page, and anything that has a script for an event.
_MARKUP = re.compile(
    _PAGE.pattern + rb"|<(?:(?:object|embed|applet|frameset|base|link|form)[\s/>]"
    rb"|[a-z][a-z0-9]{0,20}(?=[\s/])[^<>]{0,500}?[\s/\"']on[a-z]{3,20}\s*=)",
    re.IGNORECASE,
)
# Word opens a web archive with its macros also where other lines stand before its head (JPCERT/CC,
# "MalDoc in PDF", 2023).
_WEB_ARCHIVE = b"mime-version:"
_NEAR_WEB_ARCHIVE = 64 * 1024
# RAR and 7-Zip look for their archives behind the program that unpacks them, so behind anything.
_ARCHIVES = (b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c")
_NEAR_ARCHIVE = 2 * 1024 * 1024

# .ZIP File Format Specification (PKWARE, APPNOTE.TXT 6.3.10), 4.3.12 and 4.3.16.
_ZIP_ENTRY = b"PK\x01\x02"
_ZIP_END = b"PK\x05\x06"
_ZIP_END_LENGTH = 22
_ZIP_LONGEST_COMMENT = 65_535
_ZIP64 = 0xFFFFFFFF


def begins_as_another(data: bytes) -> bool:
    """Tell whether a signature that puremagic knows stands at the beginning.

    `data` is what was found around a file: before a PDF's header, behind a photo's end.
    """
    begin = data.lstrip(_BLANK)
    if begin.startswith(_SHORT_SIGNATURES) or _ELEMENT.match(begin) or _BITMAP.match(begin):
        return True
    try:
        matches = puremagic.magic_string(begin) if begin else []
    except puremagic.PureError:
        return False
    return any(one.offset == 0 and len(one.byte_match) >= _FEWEST_BYTES for one in matches)


def begins_as_refused(data: bytes) -> bool:
    """Tell whether a file that another one carries is one that would be refused by itself."""
    begin = data[:NEAR_BEGIN].lstrip(_BLANK)
    if begin.startswith(_REFUSED) or _PAGE.match(begin) or _is_web_archive(begin):
        return True
    return _begins_as_tar(data) or ends_as_zip(BytesIO(data))


def faces_of(path: Path) -> set[Face]:
    """Give what else programs may find in a file of any format; raise OSError if it is gone."""
    with path.open("rb") as file:
        head = file.read(_NEAR_ARCHIVE)
        faces: dict[Face, bool] = {
            "zip": ends_as_zip(file),
            "archive": any(one in head for one in _ARCHIVES) or _begins_as_tar(head),
            "pdf": PDF_HEADER.search(head, 0, NEAR_BEGIN) is not None,
            "markup": _MARKUP.search(head, 0, NEAR_BEGIN) is not None,
            "web archive": _is_web_archive(head[:_NEAR_WEB_ARCHIVE]),
        }
    return {face for face, is_there in faces.items() if is_there}


def _is_web_archive(data: bytes) -> bool:
    return b"\n" + _WEB_ARCHIVE in b"\n" + data.lower().replace(b"\r", b"\n")


def _begins_as_tar(data: bytes) -> bool:
    """Tell whether a member's head stands at the beginning: it has a checksum (POSIX, pax)."""
    try:
        tarfile.TarInfo.frombuf(data[: tarfile.BLOCKSIZE], "latin-1", "replace")
    except tarfile.HeaderError:
        return False
    return True


def ends_as_zip(file: BinaryIO) -> bool:
    """Tell whether a program for archives would open the file: ZIP is read from its end.

    Office documents of the newer kind (DOCX, XLSX) and Java programs are ZIP archives.
    """
    size = file.seek(0, os.SEEK_END)
    start = max(0, size - _ZIP_LONGEST_COMMENT - _ZIP_END_LENGTH)
    file.seek(start)
    tail = file.read(size - start)
    at = tail.rfind(_ZIP_END)
    while at >= 0:
        if len(tail) - at >= _ZIP_END_LENGTH and _leads_to_entries(file, tail, at, start + at):
            return True
        at = tail.rfind(_ZIP_END, 0, at)
    return False


def _leads_to_entries(file: BinaryIO, tail: bytes, at: int, place: int) -> bool:
    entries, length, offset = unpack_from("<HII", tail, at + 10)
    if entries == 0 or length == _ZIP64:
        return True
    # Some programs believe the list's length, others its place.
    return _is_entry(file, place - length) or _is_entry(file, offset)


def _is_entry(file: BinaryIO, place: int) -> bool:
    if place < 0:
        return False
    file.seek(place)
    return file.read(len(_ZIP_ENTRY)) == _ZIP_ENTRY
