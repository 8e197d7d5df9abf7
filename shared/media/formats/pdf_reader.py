"""What pypdf finds in a PDF: its pages, and the files that it carries."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import pypdf
from pypdf.generic import DictionaryObject, StreamObject

from shared.media.formats.disguise import begins_as_refused

# It tells of everything that it mends.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)


@dataclass(slots=True)
class Found:
    """What there is in a file; nothing of it where pypdf cannot read the file."""

    has_pages: bool = False
    """pypdf looks for the objects where the table does not lead, as viewers do."""
    carries_refused: bool = False
    """An office document, an archive, a program or a page is attached. What is encrypted is not
    seen."""


def read_pdf(file: BinaryIO) -> Found:
    """Look into a PDF; raise nothing for what it holds."""
    found = Found()
    try:
        reader = pypdf.PdfReader(file)
        if reader.is_encrypted:
            return found
        found.has_pages = bool(reader.pages)
        found.carries_refused = any(begins_as_refused(one.get_data()) for one in _attached(reader))
    except Exception:  # noqa: BLE001  whatever a broken file makes of the library
        return found
    return found


def _attached(reader: pypdf.PdfReader) -> Iterator[StreamObject]:
    """Give the files of the document, and those that stand as notes on its pages (7.11.4)."""
    for file in reader.attachment_list:
        yield from _streams(file.pdf_object)
    for page in reader.pages:
        for note in page.annotations or ():
            content = note.get_object()
            if isinstance(content, DictionaryObject) and "/FS" in content:
                yield from _streams(content["/FS"])


def _streams(specification: object) -> Iterator[StreamObject]:
    files = specification.get("/EF") if isinstance(specification, DictionaryObject) else None
    for one in files.get_object().values() if files is not None else ():
        found = one.get_object()
        if isinstance(found, StreamObject):
            yield found
