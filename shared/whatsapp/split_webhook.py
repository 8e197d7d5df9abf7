"""Take a webhook apart into items, whatever is in it.

Every level of Meta's envelope (entry, changes, messages, statuses) may hold any number of parts,
at most 1000 updates in one POST (Meta, create-webhook-endpoint). What does not have the expected
shape becomes an item of its own, recorded as it came; its neighbours are not touched.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from shared.whatsapp.json_parts import elements, members, read_json, read_text, write_json

ItemKind = Literal["message", "status", "other"]

# A key stands in a B-tree, whose entries are limited to some 2700 bytes.
_LONGEST_ID = 200
_LONGEST_STAMP = 13


@dataclass(frozen=True, slots=True)
class WebhookItem:
    """One thing that a webhook told.

    `raw` is a JSON object with `field`, `metadata`, `contact` (the entry of `contacts` that
    belongs to this sender) and one of `message`, `status`, `value`; a part that is no JSON at all
    is kept as the bytes that came.
    """

    kind: ItemKind
    event_key: str
    raw: bytes


def split_webhook(body: bytes) -> list[WebhookItem]:
    """Give the items of a webhook, in its order; an unreadable body is one item."""
    webhook = members(body)
    entries = elements(webhook.get("entry")) if webhook is not None else None
    if not entries:
        return [_other(body, {"body": body}) if webhook is not None else _unreadable(body)]
    return [item for entry in entries for item in _split_entry(entry)]


def kind_of(raw: bytes) -> ItemKind:
    """Say what kind of item a `raw` of this file's making is."""
    parts = members(raw) or {}
    kinds: tuple[ItemKind, ...] = ("message", "status")
    for kind in kinds:
        if members(parts.get(kind)) is not None:
            return kind
    return "other"


def _split_entry(entry: bytes) -> Iterator[WebhookItem]:
    parts = members(entry)
    changes = elements(parts.get("changes")) if parts is not None else None
    if changes is None:
        yield _other(entry, {"entry": entry})
        return
    for change in changes:
        yield from _split_change(change)


def _split_change(change: bytes) -> Iterator[WebhookItem]:
    parts = members(change)
    value = members(parts.get("value")) if parts is not None else None
    # Echoes, history and standby hold `messages` too, but those are not for us to answer.
    if parts is None or value is None or read_text(parts.get("field")) != "messages":
        yield _other(change, {"change": change})
        return
    around = {"field": b'"messages"', "metadata": value.pop("metadata", b"null")}
    contacts = _contacts_by_id(value.pop("contacts", None))
    value.pop("messaging_product", None)
    for name, kind in (("messages", "message"), ("statuses", "status")):
        items = elements(value.get(name))
        if items is not None:
            del value[name]
            for item in items:
                yield _item(kind, item, around, contacts)
    if value:
        rest = _object(value)
        yield _other(rest, {**around, "value": rest})


def _item(
    kind: str, item: bytes, around: dict[str, bytes], contacts: dict[str, bytes]
) -> WebhookItem:
    parts = members(item)
    if parts is None:
        return _other(item, {**around, kind: item})
    if kind == "status":
        raw = _object({**around, "status": item})
        return WebhookItem("status", _status_key(parts, item), raw)
    contact = next(
        (
            contacts[sender]
            for name in ("from_user_id", "from")
            if (sender := read_text(parts.get(name))) in contacts
        ),
        b"null",
    )
    raw = _object({**around, "contact": contact, "message": item})
    return WebhookItem("message", _key(parts, item, read_text(parts.get("id"))), raw)


def _status_key(parts: dict[str, bytes], item: bytes) -> str:
    """Key a status: a group's statuses share one wamid and differ in the participant."""
    names = ("id", "status")
    values = [read_text(parts.get(name)) for name in names]
    if None in values:
        return _key(parts, item, None)
    participant = (
        read_text(parts.get("recipient_participant_user_id"))
        or read_text(parts.get("recipient_participant_id"))
        or ""
    )
    return _key(parts, item, ":".join([*map(str, values), participant]))


def _key(parts: dict[str, bytes], item: bytes, event_id: str | None) -> str:
    """Begin with the timestamp: then the unique index on keys grows at its end.

    With ten million rows stored, keys in random order cost a third of the speed.
    """
    stamp = str(read_json(parts.get("timestamp")))
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= _LONGEST_STAMP):
        stamp = "0"
    if event_id is None or len(event_id) > _LONGEST_ID or not event_id.isprintable():
        event_id = f"#{hashlib.sha256(item).hexdigest()}"
    return f"{stamp}:{event_id}"


def _contacts_by_id(contacts: bytes | None) -> dict[str, bytes]:
    """Match a message to its contact by id, never by position (Meta, batches)."""
    by_id = {}
    for contact in elements(contacts) or ():
        parts = members(contact) or {}
        for name in ("wa_id", "user_id"):
            if (value := read_text(parts.get(name))) is not None:
                by_id[value] = contact
    return by_id


def _other(identity: bytes, parts: dict[str, bytes]) -> WebhookItem:
    return WebhookItem("other", _key({}, identity, None), _object(parts))


def _unreadable(body: bytes) -> WebhookItem:
    return WebhookItem("other", _key({}, body, None), body)


def _object(parts: dict[str, bytes]) -> bytes:
    return b"{" + b",".join(b"%s:%s" % (write_json(k), v) for k, v in parts.items()) + b"}"
