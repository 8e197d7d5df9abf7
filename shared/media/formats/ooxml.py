"""DOCX, XLSX and PPTX: Office Open XML (ECMA-376), a ZIP that says what its main part is."""

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
        """Prove a document without macros by the content type of its main part.

        The parts themselves are not unpacked.
        """
        with path.open("rb") as file:
            if file.read(len(_BEGIN)) != _BEGIN:
                return Verdict.OTHER
            try:
                with zipfile.ZipFile(file) as archive:
                    found = _main_types(archive)
            except _BROKEN:
                return Verdict.OTHER
        return Verdict.PROVED if found == {main} else Verdict.OTHER

    return prove


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
