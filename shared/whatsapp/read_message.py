"""Read one message of a webhook, tolerantly: what is absent or odd is a normal case.

Meta adds types and fields without notice; strict readers answered 400 and were sent the same
webhook for seven days. Nothing here raises for what a webhook holds.
"""

from dataclasses import dataclass
from typing import Any, Literal

from shared.domain.attachment import DeclaredMedia
from shared.domain.contact import Sender
from shared.domain.kinds import GROUP_UNSUPPORTED_CODE, SILENT_UNSUPPORTED, kind_of
from shared.whatsapp.display_text import display_name, storable
from shared.whatsapp.json_parts import read_json
from shared.whatsapp.read_addresses import read_addresses
from shared.whatsapp.read_change import read_change
from shared.whatsapp.read_mark import Mark, read_mark
from shared.whatsapp.read_media import read_media
from shared.whatsapp.read_words import read_words


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """What a message says, as far as it could be read."""

    phone_number_id: str | None
    wamid: str | None
    timestamp: object
    sender: Sender | None
    profile_name: str | None
    username: str | None
    message_type: str | None
    """As it came, for instance `text` or `reaction`."""
    kind: str
    """As the desk shows it; see `shared.domain.kinds`."""
    text: str | None
    media: DeclaredMedia | None
    forwarded: Literal["once", "often"] | None
    is_reply: bool
    in_group: bool
    mark: Mark | None
    """What it does to an earlier message."""
    change: tuple[Sender, Sender] | None
    """Somebody's addresses before and after, as a system event tells them."""
    silent: bool
    """An `unsupported` that stands for an edit, a reaction and the like: nothing to answer."""


def read_message(raw: bytes) -> InboundMessage:
    """Read an item of kind `message` as `split_webhook` wrote it."""
    item = _dict(read_json(raw))
    message, contact = _dict(item.get("message")), _dict(item.get("contact"))
    profile = _dict(contact.get("profile"))
    context = _dict(message.get("context"))
    message_type = _text(message.get("type"))
    unsupported = _text(_dict(message.get("unsupported")).get("type"))
    return InboundMessage(
        phone_number_id=_text(_dict(item.get("metadata")).get("phone_number_id")),
        wamid=_text(message.get("id")),
        timestamp=message.get("timestamp"),
        sender=_sender(message, contact),
        profile_name=display_name(profile.get("name")),
        username=_username(profile.get("username")),
        message_type=message_type,
        kind=kind_of(message_type),
        text=read_words(message_type, message),
        media=read_media(message_type, _dict(message.get(message_type or ""))),
        forwarded=_forwarded(context),
        is_reply=isinstance(context.get("id"), str),
        in_group=bool(message.get("group_id")) or GROUP_UNSUPPORTED_CODE in _codes(message),
        mark=read_mark(message_type, message),
        change=read_change(message) if message_type == "system" else None,
        silent=message_type == "unsupported" and unsupported in SILENT_UNSUPPORTED,
    )


def _sender(message: dict[str, Any], contact: dict[str, Any]) -> Sender | None:
    return read_addresses(
        message.get("from"),
        message.get("from_user_id"),
        contact.get("wa_id"),
        contact.get("user_id"),
    )


def _username(value: object) -> str | None:
    name = display_name(value)
    return name.removeprefix("@") or None if name else None  # with the sign, too, it was seen


def _forwarded(context: dict[str, Any]) -> Literal["once", "often"] | None:
    if context.get("frequently_forwarded") is True:
        return "often"
    return "once" if context.get("forwarded") is True else None


def _codes(message: dict[str, Any]) -> list[object]:
    errors = message.get("errors")
    return [_dict(error).get("code") for error in errors] if isinstance(errors, list) else []


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return storable(value) if isinstance(value, str) else None
