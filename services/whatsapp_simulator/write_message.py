"""A citizen writes to the desk."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
from aiohttp import web

from services.whatsapp_simulator.json_bodies import bad_request, json_answer, read_json
from services.whatsapp_simulator.make_wamid import make_wamid
from services.whatsapp_simulator.phones import Phone, PhoneMessage, default_user_id
from services.whatsapp_simulator.simulator import SIMULATOR, Simulator
from services.whatsapp_simulator.webhook_value import NUMBER, Json, make_change
from shared.log import log


class Writing(msgspec.Struct, forbid_unknown_fields=True):
    """Exactly one of `text` and `message`; `timestamp` in Unix seconds, now if it is not given.

    `message` is an object of any type as in a webhook, without from, id and timestamp.
    `user_id` null is a phone from before April 2026, which has none.
    """

    text: Annotated[str, msgspec.Meta(min_length=1)] | None = None
    message: dict[str, Any] | None = None
    name: str | None = None
    user_id: str | msgspec.UnsetType | None = msgspec.UNSET
    forwarded: Literal["once", "often"] | None = None
    reply_to: str | None = None
    timestamp: int | None = None
    group_id: str | None = None


async def write_message(request: web.Request) -> web.Response:
    """Answer 202 with the message's wamid; its webhook is on the way to the desk."""
    writing = await read_json(request, Writing)
    if (writing.text is None) == (writing.message is None):
        raise bad_request("exactly one of `text` and `message` is needed")
    wamid = send_writing(request, writing)
    return json_answer({"id": wamid}, status=202)


def send_writing(request: web.Request, writing: Writing) -> str:
    """Put a message on the phone that the path names and announce it; give its wamid."""
    simulator = request.app[SIMULATOR]
    number = request.match_info.get("number", "").removeprefix("+") or None
    user_id = request.match_info.get("user_id") or _shown_user_id(simulator, number, writing)
    phone = simulator.phones.meet(number, user_id)
    phone.name = writing.name or phone.name
    sender = Phone(number, user_id, phone.name)
    message = _make_message(simulator, sender, writing)
    kept = _keep(simulator, phone, message)
    # A change of number or user id comes without contacts (Meta, system messages, 2025-11).
    contacts = {} if message.get("type") == "system" else {"contacts": [sender.contact]}
    change = make_change(simulator.settings.phone_number_id, **contacts, messages=[message])
    simulator.webhooks.announce(change, arrived=lambda: kept.reach("delivered"))
    log.info("simulator.message_written")
    return kept.id


def _shown_user_id(simulator: Simulator, number: str | None, writing: Writing) -> str | None:
    """Give what is asked for, else what this number showed before, else the number's own."""
    if writing.user_id is not msgspec.UNSET:
        return writing.user_id
    known = simulator.phones.find(number or "")
    return known.user_id if known else default_user_id(number or "")


def _make_message(simulator: Simulator, sender: Phone, writing: Writing) -> Json:
    """Give the item of `messages[]` (Meta, messages webhook reference, 2025-11)."""
    who = {"from": sender.number, "from_user_id": sender.user_id, "group_id": writing.group_id}
    stamp = int(simulator.now()) if writing.timestamp is None else writing.timestamp
    return {
        **_context(writing),
        **({"type": "text", "text": {"body": writing.text}} if writing.text else {}),
        **(writing.message or {}),
        **{name: value for name, value in who.items() if value},
        "id": make_wamid(sender.number or sender.user_id or "", simulator.ids),
        "timestamp": str(stamp),
    }


def _context(writing: Writing) -> Json:
    """Say that it was forwarded (which then has no id), or what it answers to."""
    if writing.forwarded:
        often = writing.forwarded == "often"
        return {"context": {"frequently_forwarded" if often else "forwarded": True}}
    return {"context": {"from": NUMBER, "id": writing.reply_to}} if writing.reply_to else {}


def _keep(simulator: Simulator, phone: Phone, message: Json) -> PhoneMessage:
    kind = str(message.get("type"))
    content = message.get(kind)
    told = content if isinstance(content, dict) else {}
    kept = PhoneMessage(
        id=message["id"],
        direction="inbound",
        type=kind,
        text=_text_in(told, "body") or _text_in(told, "caption"),
        at=datetime.fromtimestamp(simulator.now(), UTC),
        context=message.get("context"),
        content=content,
        status="sent",
        media_id=_text_in(told, "id"),
        filename=_text_in(told, "filename"),
        mime_type=_text_in(told, "mime_type"),
    )
    phone.messages.append(kept)
    simulator.phones.written[kept.id] = phone
    return kept


def _text_in(content: Json, name: str) -> str | None:
    """Give a field if it is a text: a test may write anything."""
    value = content.get(name)
    return value if isinstance(value, str) else None
