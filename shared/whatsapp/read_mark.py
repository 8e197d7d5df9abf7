"""Read what a message does to an earlier one: a reaction, an edit, a revocation (R12)."""

from dataclasses import dataclass
from typing import Any, Literal

from shared.whatsapp.display_text import clean_text, storable
from shared.whatsapp.read_words import read_words

MarkKind = Literal["reaction", "edit", "revoke"]

_LONGEST_EMOJI = 40


@dataclass(frozen=True, slots=True)
class Mark:
    """What is done to the message with this wamid."""

    kind: MarkKind
    target: str
    value: str | None
    """The emoji, or the new text; None: taken back, or without a text."""


def read_mark(message_type: str | None, message: dict[str, Any]) -> Mark | None:
    """Give the mark that an element of `messages` is; None where it is none or names no target.

    A reaction is taken back by one without an emoji, or with an empty one (both were seen).
    """
    content = message.get(message_type or "")
    if not isinstance(content, dict):
        return None
    match message_type:
        case "reaction":
            emoji = clean_text(content.get("emoji"), _LONGEST_EMOJI)
            return _mark("reaction", content.get("message_id"), emoji)
        case "edit":
            return _mark("edit", content.get("original_message_id"), _new_words(content))
        case "revoke":
            return _mark("revoke", content.get("original_message_id"), None)
        case _:
            return None


def _new_words(content: dict[str, Any]) -> str | None:
    message = content.get("message")
    message = message if isinstance(message, dict) else {}
    message_type = message.get("type")
    return read_words(message_type, message) if isinstance(message_type, str) else None


def _mark(kind: MarkKind, target: object, value: str | None) -> Mark | None:
    if not isinstance(target, str) or not target:
        return None
    return Mark(kind, storable(target), value)
