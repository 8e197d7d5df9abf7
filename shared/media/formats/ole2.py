"""DOC, XLS and PPT: compound files ([MS-CFB]) by the stream that only one program writes."""

from collections.abc import Callable, Collection
from pathlib import Path

import olefile

from shared.media.formats.format import Face, Format, Verdict

_BEGIN = olefile.MAGIC
# [MS-DOC] 2.1, [MS-XLS] 2.1 (`Book` before Excel 97), [MS-PPT] 2.1.
_STREAMS = {"doc": {"worddocument"}, "xls": {"workbook", "book"}, "ppt": {"powerpoint document"}}

# Texts of old documents stand in them as they are.
_FACES: set[Face] = {"zip", "web archive"}


def _prove(name: str) -> Callable[[Path], Verdict]:
    def prove(path: Path) -> Verdict:
        """Prove a compound file that has this program's stream and no other program's."""
        with path.open("rb") as file:
            if file.read(len(_BEGIN)) != _BEGIN:
                return Verdict.OTHER
            try:
                with olefile.OleFileIO(file) as ole:
                    streams = {one[0].lower() for one in ole.listdir() if len(one) == 1}
            except Exception:  # noqa: BLE001  whatever a broken file makes of the library
                return Verdict.DAMAGED
        return Verdict.PROVED if _programs(streams) == {name} else Verdict.OTHER

    return prove


def _programs(streams: Collection[str]) -> set[str]:
    return {name for name, known in _STREAMS.items() if known & set(streams)}


FORMATS = (
    Format("doc", "application/msword", ("doc", "dot"), _prove("doc"), "both", _FACES),
    Format("xls", "application/vnd.ms-excel", ("xls", "xlt"), _prove("xls"), "both", _FACES),
    Format("ppt", "application/vnd.ms-powerpoint", ("ppt", "pps"), _prove("ppt"), "both", _FACES),
)
