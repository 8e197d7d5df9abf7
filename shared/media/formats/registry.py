"""Every format that MEDIA_FORMATS may name."""

from collections.abc import Sequence

from shared.media.formats import bmp, jpg, mp4, oga, pdf, xml
from shared.media.formats.format import Format

FORMATS: dict[str, Format] = {
    "pdf": pdf.FORMAT,
    "jpg": jpg.FORMAT,
    "bmp": bmp.FORMAT,
    "xml": xml.FORMAT,
    "oga": oga.FORMAT,
    "mp4": mp4.FORMAT,
}


def choose_formats(names: Sequence[str]) -> tuple[Format, ...]:
    """Give the formats that MEDIA_FORMATS names, each once.

    Raises a ValueError that names the variable and what it may hold.
    """
    if not FORMATS.keys() >= set(names):
        known = ", ".join(FORMATS)
        raise ValueError(f'Environment variable "MEDIA_FORMATS" invalid: known are {known}.')
    return tuple(FORMATS[name] for name in dict.fromkeys(names))
