"""What pypdf finds in a PDF: its pages, and the files that it carries."""

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO, TypeVar

import pypdf
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, PdfObject, StreamObject

from shared.media.formats.disguise import NEAR_BEGIN, PDF_HEADER, begins_as_refused
from shared.media.formats.format import Verdict
from shared.media.formats.xml import read_xml

# It tells of everything that it mends.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)

# Wherever a document names a file that it carries, in its list, a note, an action, a film: it does
# so by a dictionary with `/EF` (ISO 32000-1, 7.11.3). A name may be written with # (7.3.5).
_NAMES_A_FILE = re.compile(
    rb"/(?:E|#45)(?:F|#46)(?:[\s\0]|%[^\r\n]{0,200}[\r\n])*(?:<<|\d{1,10}[\s\0]+\d{1,5}[\s\0]+R)"
)
_CHUNK, _OVERLAP = 1024 * 1024, 1024
# Without any of it, it is a piece of a page: LaTeX attaches its formulas and their style so.
_XML = re.compile(rb"[\xef\xbb\xbf\xff\xfe\s\0]*<\0?(?:[?!]|[^>]{0,1000}xmlns)")
# A PDF in a PDF in a PDF: nobody sends more.
_DEEPEST = 3

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Found:
    """What there is in a file; no pages where pypdf cannot read the file."""

    has_pages: bool = False
    """pypdf looks for the objects where the table does not lead, as viewers do."""
    carries_refused: bool = False
    """An office document, an archive, a program or a page is attached, or a file is that cannot be
    looked into."""


def read_pdf(file: BinaryIO, depth: int = 1) -> Found:
    """Look into a PDF, the `depth`th of those that lie in each other.

    Raises nothing for what it holds.
    """
    named = _names_a_file(file)
    reader = _try(lambda: pypdf.PdfReader(file), None)
    if reader is None or reader.is_encrypted:
        return Found(carries_refused=named)
    return Found(
        has_pages=_try(lambda: bool(reader.pages), False),
        # What nobody can look into may hide anything: a list that is too long, one that is broken.
        carries_refused=_try(lambda: _carries_refused(reader, depth, named=named), True),
    )


def _try(look: Callable[[], _Answer], failed: _Answer) -> _Answer:
    """Ask the library, of which a broken file may make anything."""
    try:
        return look()
    except Exception:  # noqa: BLE001  see above
        return failed


def _names_a_file(file: BinaryIO) -> bool:
    """Tell whether it says so itself, and not in a compressed object stream."""
    file.seek(0)
    before = b""
    while chunk := file.read(_CHUNK):
        if _NAMES_A_FILE.search(before + chunk):
            return True
        before = chunk[-_OVERLAP:]
    return False


def _carries_refused(reader: pypdf.PdfReader, depth: int, *, named: bool) -> bool:
    if not named and not any(_NAMES_A_FILE.search(one) for one in _object_streams(reader)):
        return False
    return any(_is_refused(one.get_data(), depth) for one in _attached(reader))


def _object_streams(reader: pypdf.PdfReader) -> Iterator[bytes]:
    """Give what each holds, unpacked."""
    for number in {number for number, _ in reader.xref_objStm.values()}:
        found = reader.get_object(number)
        if isinstance(found, StreamObject):
            yield found.get_data()
        reader.resolved_objects.clear()


def _is_refused(data: bytes, depth: int) -> bool:
    if begins_as_refused(data):
        return True
    if PDF_HEADER.search(data, 0, NEAR_BEGIN):
        return depth >= _DEEPEST or read_pdf(BytesIO(data), depth + 1).carries_refused
    return _XML.match(data) is not None and read_xml(BytesIO(data)) is Verdict.OTHER


def _attached(reader: pypdf.PdfReader) -> Iterator[StreamObject]:
    """Give all files that any object of the document names."""
    for generation, places in list(reader.xref.items()):
        for number in list(places):
            yield from _named_in(reader.get_object(IndirectObject(number, generation, reader)))
            reader.resolved_objects.clear()  # else a film that it shows stays in memory
    for number in list(reader.xref_objStm):
        for one in _named_in(reader.get_object(number)):
            yield one
            reader.resolved_objects.clear()


def _named_in(one: PdfObject | None) -> Iterator[StreamObject]:
    """Give the files that an object names, without those of the objects to which it leads."""
    if isinstance(one, ArrayObject):
        for inner in one:
            yield from _named_in(inner)
    if isinstance(one, DictionaryObject):
        for key, inner in one.items():
            if key == "/EF":
                yield from _streams(inner.get_object())
            else:
                yield from _named_in(inner)


def _streams(files: PdfObject | None) -> Iterator[StreamObject]:
    for one in files.values() if isinstance(files, DictionaryObject) else ():
        found = one.get_object()
        if isinstance(found, StreamObject):
            yield found
