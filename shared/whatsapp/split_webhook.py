"""Take a webhook apart into items, whatever is in it.

Every level of Meta's envelope (entry, changes, messages, statuses) may hold any number of parts,
at most 1000 updates in one POST (Meta, create-webhook-endpoint). What does not have the expected
shape becomes an item of its own, recorded as it came; its neighbours are not touched.

Nearly all webhooks are just as Meta documents them: those are read at once, in a quarter of the
time. Where anything is odd, the whole webhook is opened level by level.
"""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

import msgspec

from shared.whatsapp.json_parts import (
    UNREADABLE,
    elements,
    members,
    read_json,
    read_members,
    read_text,
    write_json,
)

ItemKind = Literal["message", "status", "other"]

# A key stands in a B-tree, whose entries are limited to some 2700 bytes.
_LONGEST_ID = 200
_LONGEST_STAMP = 13

_NULL = msgspec.Raw(b"null")


class WebhookItem(msgspec.Struct, frozen=True):
    """One thing that a webhook told.

    `raw` is a JSON object with `field`, `metadata`, `contact` (the entry of `contacts` that
    belongs to this sender) and one of `message`, `status`, `value`; a part that is no JSON at all
    is kept as the bytes that came.
    """

    kind: ItemKind
    event_key: str
    raw: bytes


class _Value(msgspec.Struct, forbid_unknown_fields=True):
    """What a change of the field `messages` holds: anything besides is no longer as expected."""

    messaging_product: msgspec.Raw = _NULL
    metadata: msgspec.Raw = _NULL
    contacts: list[msgspec.Raw] = []
    messages: list[msgspec.Raw] = []
    statuses: list[msgspec.Raw] = []


class _Change(msgspec.Struct):
    field: Literal["messages"]
    value: _Value


class _Entry(msgspec.Struct):
    changes: list[_Change]


class _Webhook(msgspec.Struct):
    entry: Annotated[list[_Entry], msgspec.Meta(min_length=1)]


class _Contact(msgspec.Struct):
    wa_id: str | None = None
    user_id: str | None = None


class _Message(msgspec.Struct):
    id: str | None = None
    timestamp: msgspec.Raw = _NULL
    phone: str | None = msgspec.field(default=None, name="from")
    from_user_id: str | None = None


class _Status(msgspec.Struct):
    id: str | None = None
    status: str | None = None
    timestamp: msgspec.Raw = _NULL
    recipient_participant_user_id: str | None = None
    recipient_participant_id: str | None = None


_webhook_decoder = msgspec.json.Decoder(_Webhook)
_contact_decoder = msgspec.json.Decoder(_Contact)
_message_decoder = msgspec.json.Decoder(_Message)
_status_decoder = msgspec.json.Decoder(_Status)


def split_webhook(body: bytes) -> list[WebhookItem]:
    """Give the items of a webhook, in its order; an unreadable body is one item."""
    try:
        webhook = _webhook_decoder.decode(body)
    except UNREADABLE:
        return _split_level_by_level(body)
    return [
        item
        for entry in webhook.entry
        for change in entry.changes
        for item in _items(
            change.value.metadata,
            change.value.contacts,
            change.value.messages,
            change.value.statuses,
        )
    ]


def kind_of(raw: bytes) -> ItemKind:
    """Say what kind of item a `raw` of this file's making is."""
    parts = members(raw) or {}
    kinds: tuple[ItemKind, ...] = ("message", "status")
    for kind in kinds:
        if members(parts.get(kind)) is not None:
            return kind
    return "other"


def _split_level_by_level(body: bytes) -> list[WebhookItem]:
    webhook = members(body)
    entries = elements(webhook.get("entry")) if webhook is not None else None
    if not entries:
        return [_other(body, body if webhook is None else b'{"body":%b}' % body)]
    return [item for entry in entries for item in _split_entry(entry)]


def _split_entry(entry: bytes) -> Iterator[WebhookItem]:
    parts = members(entry)
    changes = elements(parts.get("changes")) if parts is not None else None
    if changes is None:
        yield _other(entry, b'{"entry":%b}' % entry)
        return
    for change in changes:
        yield from _split_change(change)


def _split_change(change: bytes) -> Iterator[WebhookItem]:
    parts = members(change)
    value = members(parts.get("value")) if parts is not None else None
    # Echoes, history and standby hold `messages` too, but those are not for us to answer.
    if parts is None or value is None or read_text(parts.get("field")) != "messages":
        yield _other(change, b'{"change":%b}' % change)
        return
    metadata = value.pop("metadata", _NULL)
    contacts = elements(value.pop("contacts", None)) or []
    value.pop("messaging_product", None)
    lists = {name: elements(value.get(name)) for name in ("messages", "statuses")}
    for name, found in lists.items():
        if found is not None:
            del value[name]
    yield from _items(metadata, contacts, lists["messages"] or (), lists["statuses"] or ())
    if value:
        rest = _object(value)
        yield _other(rest, b'{"field":"messages","metadata":%b,"value":%b}' % (metadata, rest))


def _items(
    metadata: bytes, contacts: Iterable[bytes], messages: Iterable[bytes], statuses: Iterable[bytes]
) -> Iterator[WebhookItem]:
    """Give the items of one change, each with what stands around it."""
    around = b'"field":"messages","metadata":%b' % metadata
    by_id = _contacts_by_id(map(bytes, contacts))
    for message in map(bytes, messages):
        yield _message_item(message, around, by_id)
    for status in map(bytes, statuses):
        yield _status_item(status, around)


def _message_item(item: bytes, around: bytes, contacts: dict[str, bytes]) -> WebhookItem:
    message = read_members(item, _message_decoder)
    if message is None:
        return _other(item, b'{%b,"message":%b}' % (around, item))
    sender = next((one for one in (message.from_user_id, message.phone) if one in contacts), None)
    contact = contacts[sender] if sender is not None else _NULL
    raw = b'{%b,"contact":%b,"message":%b}' % (around, contact, item)
    return WebhookItem("message", _key(message.timestamp, item, message.id), raw)


def _status_item(item: bytes, around: bytes) -> WebhookItem:
    """Key a status: a group's statuses share one wamid and differ in the participant."""
    status = read_members(item, _status_decoder)
    raw = b'{%b,"status":%b}' % (around, item)
    if status is None:
        return _other(item, raw)
    event_id = None
    if status.id is not None and status.status is not None:
        participant = status.recipient_participant_user_id or status.recipient_participant_id or ""
        event_id = f"{status.id}:{status.status}:{participant}"
    return WebhookItem("status", _key(status.timestamp, item, event_id), raw)


def _key(timestamp: msgspec.Raw, item: bytes, event_id: str | None) -> str:
    """Begin with the timestamp: then the unique index on keys grows at its end.

    With ten million rows stored, keys in random order cost a third of the speed.
    """
    stamp = str(read_json(bytes(timestamp)))
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= _LONGEST_STAMP):
        stamp = "0"
    if event_id is None or len(event_id) > _LONGEST_ID or not event_id.isprintable():
        event_id = f"#{hashlib.sha256(item).hexdigest()}"
    return f"{stamp}:{event_id}"


def _contacts_by_id(contacts: Iterable[bytes]) -> dict[str, bytes]:
    """Match a message to its contact by id, never by position (Meta, batches)."""
    by_id = {}
    for contact in contacts:
        known = read_members(contact, _contact_decoder)
        for value in (known.wa_id, known.user_id) if known is not None else ():
            if value is not None:
                by_id[value] = contact
    return by_id


def _other(identity: bytes, raw: bytes) -> WebhookItem:
    return WebhookItem("other", _key(_NULL, identity, None), raw)


def _object(parts: dict[str, bytes]) -> bytes:
    return b"{" + b",".join(b"%b:%b" % (write_json(k), v) for k, v in parts.items()) + b"}"
