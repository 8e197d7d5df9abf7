"""PDF, by ISO 32000-1 and the tolerance of viewers that its implementation notes describe."""

import os
import re
from pathlib import Path
from typing import BinaryIO

from shared.media.formats.disguise import NEAR_BEGIN, PDF_HEADER, begins_as_another
from shared.media.formats.format import Format, Verdict
from shared.media.formats.pdf_reader import read_pdf

# PDF Reference 1.7, appendix H, note 18: viewers look for the end in the last 1024 bytes.
_NEAR = 1024
_END = re.compile(rb"startxref\s+(\d{1,12})\s+%%EOF")
# Padding of a transfer in blocks; viewers look past it.
_LONGEST_PADDING = 64 * 1024
_PADDING = b"\0\r\n\t \x1a"

# A table (7.5.4) or the object that holds a compressed one (7.5.8).
_TABLE = re.compile(rb"\s*xref\s+\d+\s+\d+\s")
_STREAM = re.compile(rb"\s*\d+\s+\d+\s+obj\b(?:(?!endobj).){0,4096}?/XRef\b", re.DOTALL)
_MOST_OF_A_REFERENCE = 8192
# Writers that count a line's end differently miss by a few bytes.
_SLACK = 16


def prove_pdf(path: Path) -> Verdict:
    """Prove a PDF: its header near the beginning, its end near the end, its table where it says.

    Where the table is elsewhere, as in a file whose lines were converted, pages must be found
    without it. What is attached must not be refused by itself.
    """
    with path.open("rb") as file:
        head = file.read(NEAR_BEGIN)
        header = PDF_HEADER.search(head)
        if header is None:
            return Verdict.OTHER
        if begins_as_another(head[: header.start()]):
            return Verdict.OTHER
        return _prove_end(file, header.start())


def _prove_end(file: BinaryIO, header: int) -> Verdict:
    size = file.seek(0, os.SEEK_END)
    start = max(0, size - _LONGEST_PADDING)
    file.seek(start)
    tail = file.read(_LONGEST_PADDING).rstrip(_PADDING)
    ends = list(_END.finditer(tail, max(0, len(tail) - _NEAR - len(b"startxref"))))
    offset = int(ends[-1][1]) if ends else 0
    # The first part of a linearized file says zero; its end is still to come.
    if not offset:
        return Verdict.DAMAGED
    found = read_pdf(file)
    if not (_leads_to_a_table(file, header, offset) or found.has_pages):
        return Verdict.DAMAGED
    return Verdict.OTHER if found.carries_refused else Verdict.PROVED


def _leads_to_a_table(file: BinaryIO, header: int, offset: int) -> bool:
    return any(_is_table(file, base + offset) for base in {0, header})


def _is_table(file: BinaryIO, place: int) -> bool:
    start = max(0, place - _SLACK)
    file.seek(start)
    found = file.read(_MOST_OF_A_REFERENCE)
    return any(
        pattern.match(found, at)
        for pattern in (_TABLE, _STREAM)
        for at in range(min(2 * _SLACK, len(found)))
    )


FORMATS = (Format("pdf", "application/pdf", ("pdf",), prove_pdf, "both", {"pdf"}),)
