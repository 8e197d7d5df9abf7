"""Read one message of a webhook, tolerantly: what is absent or odd is a normal case.

Meta adds types and fields without notice; strict readers answered 400 and were sent the same
webhook for seven days. Nothing here raises for what a webhook holds.
"""

import re
from dataclasses import dataclass
from typing import Any, Literal

from shared.domain.attachment import DeclaredMedia
from shared.domain.contact import Sender
from shared.domain.kinds import GROUP_UNSUPPORTED_CODE, SILENT_UNSUPPORTED, kind_of
from shared.whatsapp.display_text import display_name, storable
from shared.whatsapp.json_parts import read_json
from shared.whatsapp.read_media import FILE_TYPES, read_media

# Meta, business-scoped user ids: country, optional ENT for a parent id, up to 128 alphanumerics.
_USER_ID = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")
_PHONE = re.compile(r"\+?(\d{5,20})")

_CAPTIONED = FILE_TYPES | {"sticker"}


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
        username=display_name(profile.get("username")),
        message_type=message_type,
        kind=kind_of(message_type),
        text=_words(message_type, message),
        media=read_media(message_type, _dict(message.get(message_type or ""))),
        forwarded=_forwarded(context),
        is_reply=isinstance(context.get("id"), str),
        in_group=bool(message.get("group_id")) or GROUP_UNSUPPORTED_CODE in _codes(message),
        silent=message_type == "unsupported" and unsupported in SILENT_UNSUPPORTED,
    )


def read_addresses(*values: object) -> Sender | None:
    """Sort addresses by their form, whatever field they stood in; the first of each kind counts.

    A user id has been seen in `from` and `wa_id`; phones come with and without `+`.
    """
    phone = user_id = None
    for value in values:
        if not isinstance(value, str):
            continue
        if (match := _PHONE.fullmatch(value)) and match[1].isascii():
            phone = phone or match[1]
        elif _USER_ID.fullmatch(value):
            user_id = user_id or value
    return Sender(phone, user_id) if phone or user_id else None


def _sender(message: dict[str, Any], contact: dict[str, Any]) -> Sender | None:
    return read_addresses(
        message.get("from"),
        message.get("from_user_id"),
        contact.get("wa_id"),
        contact.get("user_id"),
    )


def _words(message_type: str | None, message: dict[str, Any]) -> str | None:
    body = _dict(message.get(message_type or ""))
    if message_type == "text":
        return _text(body.get("body"))
    return _text(body.get("caption")) if message_type in _CAPTIONED else None


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
