"""What a peer's ingress does with a body: verify it, read it, and make messages for the queue."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
from uuid_utils.compat import uuid7

from shared.whatsapp.verify_signature import verify_signature
from tests.benchmarks.peers.place_message import Arrived, encode_arrived

# As ASGI writes the names of headers.
SIGNATURE = b"x-hub-signature-256"


class _Text(msgspec.Struct):
    body: str


class _Message(msgspec.Struct):
    phone: str = msgspec.field(name="from")
    wamid: str = msgspec.field(name="id")
    timestamp: str
    text: _Text


class _Profile(msgspec.Struct):
    name: str | None = None


class _Contact(msgspec.Struct):
    wa_id: str
    profile: _Profile


class _Value(msgspec.Struct):
    messages: list[msgspec.Raw] = []
    contacts: list[_Contact] = []


class _Change(msgspec.Struct):
    value: _Value


class _Entry(msgspec.Struct):
    changes: list[_Change]


class _Webhook(msgspec.Struct):
    entry: list[_Entry]


_webhook_decoder = msgspec.json.Decoder(_Webhook)
_message_decoder = msgspec.json.Decoder(_Message)


async def read_request(scope: Any, receive: Any) -> tuple[bytes, str | None]:
    """Give the body and the signature of an ASGI request."""
    signature = next((value for key, value in scope["headers"] if key == SIGNATURE), None)
    body = b""
    while True:
        event = await receive()
        body += event.get("body", b"")
        if not event.get("more_body", False):
            break
    return body, signature.decode() if signature is not None else None


def take_webhook(body: bytes, signature: str | None, app_secret: str) -> list[bytes] | None:
    """Give the webhook's messages as they travel; None where the signature is wrong."""
    if not verify_signature(body, signature, [app_secret]):
        return None
    return [encode_arrived(one) for one in read_webhook(body)]


def read_webhook(body: bytes) -> Iterator[Arrived]:
    """Give the text messages of a webhook; raise `msgspec.MsgspecError` for anything else."""
    received_at = datetime.now(UTC)
    for entry in _webhook_decoder.decode(body).entry:
        for change in entry.changes:
            names = {one.wa_id: one.profile.name for one in change.value.contacts}
            for raw in change.value.messages:
                message = _message_decoder.decode(raw)
                yield Arrived(
                    item_id=uuid7(),
                    event_key=f"{message.timestamp}:{message.wamid}",
                    received_at=received_at,
                    phone=message.phone,
                    name=names.get(message.phone),
                    wamid=message.wamid,
                    sent_at=datetime.fromtimestamp(int(message.timestamp), UTC),
                    text=message.text.body,
                    raw=raw,
                )
