"""How each proved format is called when a file is downloaded."""

from typing import NamedTuple


class AttachmentType(NamedTuple):
    """A media type, and the extensions that fit; the first is the usual one."""

    media_type: str
    extensions: tuple[str, ...]


TYPES = {
    "pdf": AttachmentType("application/pdf", ("pdf",)),
    "jpg": AttachmentType("image/jpeg", ("jpg", "jpeg")),
    "bmp": AttachmentType("image/bmp", ("bmp",)),
    "xml": AttachmentType("application/xml", ("xml",)),
    "oga": AttachmentType("audio/ogg", ("oga", "ogg", "opus")),
    "mp4": AttachmentType("video/mp4", ("mp4",)),
}
