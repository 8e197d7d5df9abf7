"""Which kinds of message open a ticket, and which are only recorded (R8, R12)."""

from typing import Literal

Kind = Literal[
    "text", "image", "video", "audio", "document", "sticker", "location", "contacts",
    "interactive", "button", "order", "unsupported", "note",
]  # fmt: skip

OPENING_KINDS: frozenset[str] = frozenset(
    {
        "text", "image", "video", "audio", "document", "sticker", "location", "contacts",
        "interactive", "button", "order", "unsupported",
    }
)  # fmt: skip

# They change an earlier message and are none to answer.
MARK_TYPES: frozenset[str] = frozenset({"reaction", "edit", "revoke"})

# Recorded in the ledger only: nobody wrote them.
RECORDED_TYPES: frozenset[str] = frozenset({"system", "request_welcome"})

# What `unsupported.type` says a message was when it is no message to answer (R12).
SILENT_UNSUPPORTED: frozenset[str] = frozenset(
    {"edit", "reaction", "pin", "keep_in_chat", "poll_update"}
)

GROUP_UNSUPPORTED_CODE = 130501


def kind_of(message_type: str | None) -> str:
    """Give the kind under which the desk shows a message; what is new to us is `unsupported`."""
    return message_type if message_type in OPENING_KINDS else "unsupported"
