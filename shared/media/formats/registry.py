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
    """Give the formats with these names, each once; raise ValueError for a name not known."""
    unknown = [name for name in names if name not in FORMATS]
    if unknown:
        raise ValueError(f"Unknown format {', '.join(unknown)}; known are {', '.join(FORMATS)}.")
    return tuple(FORMATS[name] for name in dict.fromkeys(names))
