"""DOCX, XLSX and PPTX: Office Open XML (ECMA-376), a ZIP that says what its main part is."""

import errno
import re
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from shared.media.formats.format import Format, Verdict

_BEGIN = b"PK\x03\x04"
_TYPES = "[Content_Types].xml"
_LONGEST_TYPES = 4 * 1024 * 1024
_MOST_ENTRIES = 20_000
_LOCAL_HEADER, _LONGEST_BEGINNING = 30, 19  # APPNOTE.TXT 4.3.7
_PARTS = (b"[Content_Types].xml", b"_rels/", b"docProps/", b"word/", b"xl/", b"ppt/")
_MOST_UNPACKED = 1024 * 1024 * 1024
_PIECE = 256 * 1024
_MACROS = "vbaproject.bin"
_MAIN = re.compile(
    rb"application/vnd\.openxmlformats-officedocument\."
    rb"(wordprocessingml\.document|spreadsheetml\.sheet|presentationml\.presentation)\.main\+xml"
)
_BROKEN = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, KeyError, NotImplementedError,
    RuntimeError, ValueError,
)  # fmt: skip


def _prove(main: bytes) -> Callable[[Path], Verdict]:
    def prove(path: Path) -> Verdict:
        """Prove a document without macros: by the content type of its main part, and every part."""
        with path.open("rb") as file:
            head = file.read(_LOCAL_HEADER + _LONGEST_BEGINNING)
            if not head.startswith(_BEGIN):
                return Verdict.OTHER
            try:
                with zipfile.ZipFile(file) as archive:
                    if _main_types(archive) != {main}:
                        return Verdict.OTHER
                    return Verdict.PROVED if _unpacks(archive) else Verdict.OTHER
            except (*_BROKEN, OSError) as error:
                if isinstance(error, OSError) and error.errno != errno.EINVAL:
                    raise  # the disk's fault; a place before the file's beginning is the file's
                # Where the list of parts at the end is missing, their first names are left.
                is_document = head[_LOCAL_HEADER:].startswith(_PARTS)
                return Verdict.DAMAGED if is_document else Verdict.OTHER

    return prove


def _unpacks(archive: zipfile.ZipFile) -> bool:
    """Unpack every part, whose checksum Python holds against it; False where that is too much."""
    parts = archive.infolist()
    if sum(one.file_size for one in parts) > _MOST_UNPACKED:
        return False
    for one in parts:
        with archive.open(one) as part:
            while part.read(_PIECE):
                pass
    return True


def _main_types(archive: zipfile.ZipFile) -> set[bytes]:
    names = archive.namelist()
    if len(names) > _MOST_ENTRIES or any(one.lower().endswith(_MACROS) for one in names):
        return set()
    with archive.open(_TYPES) as part:
        return set(_MAIN.findall(part.read(_LONGEST_TYPES)))


def _format(name: str, kind: str) -> Format:
    media_type = f"application/vnd.openxmlformats-officedocument.{kind}"
    return Format(name, media_type, (name,), _prove(kind.encode()), "both", {"zip"})


FORMATS = (
    _format("docx", "wordprocessingml.document"),
    _format("xlsx", "spreadsheetml.sheet"),
    _format("pptx", "presentationml.presentation"),
)
