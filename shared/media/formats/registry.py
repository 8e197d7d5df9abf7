"""Every format that can be proved: those that are taken from citizens, and those that are sent."""

from collections.abc import Sequence

from shared.media.formats import (
    aac,
    amr,
    bmp,
    film,
    jpg,
    mp3,
    mp4,
    oga,
    ole2,
    ooxml,
    opus,
    pdf,
    png,
    txt,
    xml,
)
from shared.media.formats.format import Format

FORMATS: dict[str, Format] = {
    "pdf": pdf.FORMAT,
    "jpg": jpg.FORMAT,
    "bmp": bmp.FORMAT,
    "xml": xml.FORMAT,
    "oga": oga.FORMAT,
    "mp4": mp4.FORMAT,
}
"""What MEDIA_FORMATS may name."""

SENDABLE_FORMATS: dict[str, Format] = {
    one.name: one
    for one in (
        pdf.FORMAT, ooxml.DOCX, ooxml.XLSX, ooxml.PPTX, ole2.DOC, ole2.XLS, ole2.PPT, txt.FORMAT,
        jpg.FORMAT, png.FORMAT, film.H264, film.THREE_GP,
        opus.FORMAT, mp3.FORMAT, aac.FORMAT, amr.FORMAT, film.M4A,
    )
}  # fmt: skip
"""What WhatsApp takes from a business (docs/decisions/0022)."""

ALL_FORMATS = SENDABLE_FORMATS | FORMATS


def choose_formats(names: Sequence[str]) -> tuple[Format, ...]:
    """Give the formats that MEDIA_FORMATS names, each once.

    Raises a ValueError that names the variable and what it may hold.
    """
    if not FORMATS.keys() >= set(names):
        known = ", ".join(FORMATS)
        raise ValueError(f'Environment variable "MEDIA_FORMATS" invalid: known are {known}.')
    return tuple(FORMATS[name] for name in dict.fromkeys(names))
