"""Read what a message says of its file, tolerantly."""

import re
from typing import Any

from shared.domain.attachment import DeclaredMedia
from shared.whatsapp.display_text import clean_text, storable

# Stickers are placeholders: neither fetched nor refused (R11).
FILE_TYPES = frozenset({"image", "video", "audio", "document"})

# The id becomes part of an address, so nothing else is taken for one.
_MEDIA_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_LONGEST_FILENAME = 150
_LONGEST_TYPE = 100


def read_media(message_type: str | None, content: dict[str, Any]) -> DeclaredMedia | None:
    """Give what is declared of a file; None for a message that has none.

    `content` is the object named like the type; where it, or its id, is missing, there is a file
    all the same, which nobody can fetch.
    """
    if message_type not in FILE_TYPES:
        return None
    media_id = content.get("id")
    return DeclaredMedia(
        media_id if isinstance(media_id, str) and _MEDIA_ID.fullmatch(media_id) else None,
        read_filename(content.get("filename")),
        clean_text(content.get("mime_type"), _LONGEST_TYPE),
        _text(content.get("sha256")),
    )


def read_filename(value: object) -> str | None:
    """Clean a name that the sender's phone gave: no folders, no control or direction marks.

    The end is kept where it is too long, because the extension says most.
    """
    if not isinstance(value, str):
        return None
    last = re.split(r"[/\\]", storable(value))[-1]
    cleaned = clean_text(last, len(last))
    return cleaned[-_LONGEST_FILENAME:].strip(". ") or None if cleaned else None


def _text(value: object) -> str | None:
    return clean_text(value, _LONGEST_TYPE) if isinstance(value, str) else None
