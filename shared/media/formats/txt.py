"""Plain text: what any editor shows as letters, and what no other program would run or draw."""

import codecs
import re
from pathlib import Path

from shared.media.formats.format import Format, Verdict

_PIECE = 256 * 1024
_NEAR = 2048
# Control characters but tab, the ends of lines and pages. A binary file soon has one.
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_OTHER_LANGUAGES = re.compile(rb"\s*(?:<|\{\\rtf|%!|%PDF|#!|MIME-Version:)", re.IGNORECASE)


def prove_txt(path: Path) -> Verdict:
    """Prove a text in UTF-8 or in one byte for each letter (Windows, Latin).

    What begins as markup, a script or a printer's language is OTHER; tables (CSV), mail and
    programs' sources are texts. puremagic is not asked: it takes words for signatures.
    """
    with path.open("rb") as file:
        head = file.read(_NEAR)
        begin = head.removeprefix(codecs.BOM_UTF8)
        if not begin.strip() or _OTHER_LANGUAGES.match(begin):
            return Verdict.OTHER
        piece = head
        while piece:
            if _CONTROL.search(piece):
                return Verdict.OTHER
            piece = file.read(_PIECE)
        return Verdict.PROVED


FORMATS = (
    Format("txt", "text/plain", ("txt", "csv", "log", "md"), prove_txt, "sent", {"web archive"}),
)
