"""What every format says of itself."""

from collections.abc import Callable, Set
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Literal


class Verdict(StrEnum):
    """What a format's proof says of a file."""

    PROVED = "proved"
    """The file is of this format to its end, and nothing else besides."""
    OTHER = "other"
    """The file is something else, or also something else."""
    DAMAGED = "damaged"
    """The file begins as this format and is not whole."""


Face = Literal["zip", "archive", "pdf", "markup", "web archive"]
"""What programs find in a file wherever it stands: a ZIP at its end, another archive, a document
or a page near its beginning."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format that a file may be proved to have.

    `prove` reads the file in bounded memory and blocks meanwhile: call it in a thread. It raises
    OSError when the file cannot be read, and nothing for what the file holds.
    """

    name: str
    """Unique; as MEDIA_FORMATS names it, if it may."""
    media_type: str
    """With which the desk serves it."""
    extensions: tuple[str, ...]
    """Without the dot; a download gets the first."""
    prove: Callable[[Path], Verdict]
    use: Literal["received", "sent", "both"] = "received"
    """Received: MEDIA_FORMATS may name it. Sent: WhatsApp takes it from a business, and no other
    file of its kind (docs/decisions/0022)."""
    faces: Set[Face] = frozenset()
    """What its files may look like besides, because that is how they are made."""
