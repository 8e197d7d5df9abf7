"""What travels on RabbitMQ: an envelope of one or more events.

Producers and consumers are deployed at different times: a new field has a default, and a field is
never renamed. `tests/data/envelopes` holds a recorded example of each.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from shared.errors import NeverWorksError

# Ingress publishes at most so much in one envelope; a larger item travels alone.
MAX_EVENTS = 200
MAX_BYTES = 256 * 1024


class _Received(msgspec.Struct, frozen=True, tag_field="type", tag=True, omit_defaults=True):
    item_id: UUID
    """The ledger's key, a UUIDv7: this one arrival, not the event that arrived."""
    event_key: str
    """What the event is known by however often it arrives; begins with WhatsApp's timestamp."""
    received_at: datetime
    """When ingress took it."""
    raw: bytes
    """The item as it came, with its field, metadata and contact (`split_webhook`)."""
    trace_id: str = ""
    """32 hex digits (W3C trace context) of the webhook that brought it."""
    replay: bool = False
    """An operator wants it judged again; what was stored stays as it is (docs/decisions/0018)."""


class MessageReceived(_Received, frozen=True, tag="message_received"):
    """A contact, or somebody in a group, sent something."""


class StatusReceived(_Received, frozen=True, tag="status_received"):
    """WhatsApp told how far a message of ours has come."""


class ItemReceived(_Received, frozen=True, tag="item_received"):
    """Anything else that a signed webhook held: recorded, and never a reason to refuse."""


class AttachmentReceived(msgspec.Struct, frozen=True, tag_field="type", tag="attachment_received"):
    """A file waits to be fetched and proved; its row in the database says all the rest.

    Only a hint: whoever takes it claims the row, and a row that was forgotten is published again.
    """

    item_id: UUID
    """This one hint, a UUIDv7."""
    attachment_id: int
    trace_id: str = ""


WebhookEvent = MessageReceived | StatusReceived | ItemReceived
Event = WebhookEvent | AttachmentReceived


class _Envelope(msgspec.Struct, frozen=True):
    events: list[msgspec.Raw]


_encoder = msgspec.json.Encoder()
_event_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
_envelope_decoder = msgspec.json.Decoder(_Envelope)


def encode_event(event: Event) -> bytes:
    """Write one event as JSON, ready to be put into an envelope."""
    return _encoder.encode(event)


def decode_event(encoded: bytes | msgspec.Raw) -> Event:
    """Read one event; raise `msgspec.DecodeError` where it is not one."""
    return _event_decoder.decode(encoded)


def webhook_events(events: Sequence[Event]) -> list[WebhookEvent]:
    """Give the events of a queue that holds what webhooks brought; NeverWorksError for another."""
    brought = [event for event in events if not isinstance(event, AttachmentReceived)]
    if len(brought) < len(events):
        raise NeverWorksError("an attachment in the wrong queue")
    return brought


def seal_envelope(encoded_events: Sequence[bytes]) -> bytes:
    """Put encoded events into the body of one AMQP message."""
    return b'{"events":[' + b",".join(encoded_events) + b"]}"


def open_envelope(body: bytes) -> list[bytes]:
    """Give the encoded events of an AMQP message; raise `msgspec.DecodeError` if it is none.

    They stay encoded, so that one that cannot be read harms none of its neighbours.
    """
    return [bytes(event) for event in _envelope_decoder.decode(body).events]
