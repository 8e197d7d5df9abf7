"""What WhatsApp takes from a business, by the format that was proved (Meta, media, 2025-11)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

FileKind = Literal["image", "video", "audio", "document"]

MEBIBYTE = 1024 * 1024
LONGEST_CAPTION = 1024


@dataclass(frozen=True, slots=True)
class Sendable:
    """How a file of one format is sent."""

    format: str
    """As the desk shows it."""
    kind: FileKind
    media_type: str
    """Under which it is uploaded."""
    most_bytes: int

    @property
    def takes_caption(self) -> bool:
        """Tell whether its message can carry words."""
        return self.kind != "audio"


def _document(name: str, media_type: str) -> Sendable:
    return Sendable(name, "document", media_type, 100 * MEBIBYTE)


def _image(name: str, media_type: str) -> Sendable:
    return Sendable(name, "image", media_type, 5 * MEBIBYTE)


def _video(name: str, media_type: str) -> Sendable:
    return Sendable(name, "video", media_type, 16 * MEBIBYTE)


def _audio(name: str, media_type: str) -> Sendable:
    return Sendable(name, "audio", media_type, 16 * MEBIBYTE)


_OFFICE = "application/vnd.openxmlformats-officedocument"

# The keys are the names of `shared/media/formats/registry.py`: some formats are proved more
# strictly there than those of citizens, and shown under the same names.
SENDABLE: Mapping[str, Sendable] = {
    "pdf": _document("pdf", "application/pdf"),
    "docx": _document("docx", f"{_OFFICE}.wordprocessingml.document"),
    "xlsx": _document("xlsx", f"{_OFFICE}.spreadsheetml.sheet"),
    "pptx": _document("pptx", f"{_OFFICE}.presentationml.presentation"),
    "doc": _document("doc", "application/msword"),
    "xls": _document("xls", "application/vnd.ms-excel"),
    "ppt": _document("ppt", "application/vnd.ms-powerpoint"),
    "txt": _document("txt", "text/plain"),
    "jpg": _image("jpg", "image/jpeg"),
    "rgb_png": _image("png", "image/png"),
    "h264": _video("mp4", "video/mp4"),
    "h264_3gp": _video("3gp", "video/3gpp"),
    "opus": _audio("oga", "audio/ogg"),
    "mp3": _audio("mp3", "audio/mpeg"),
    "aac": _audio("aac", "audio/aac"),
    "amr": _audio("amr", "audio/amr"),
    "aac_m4a": _audio("m4a", "audio/mp4"),
}

BY_FORMAT: Mapping[str, Sendable] = {one.format: one for one in SENDABLE.values()}

IN_WORDS = (
    "documents (PDF, DOC, DOCX, XLS, XLSX, PPT, PPTX, TXT) up to 100 MiB, pictures (JPG, and PNG "
    "with 8 bits in RGB or RGBA) up to 5 MiB, films (MP4 and 3GP with H.264 and AAC) up to 16 MiB, "
    "sound (AAC, AMR, MP3, M4A, and OGG with Opus in one channel) up to 16 MiB"
)
