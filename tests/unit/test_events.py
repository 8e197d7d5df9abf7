"""Producers and consumers are deployed at different times: what was written stays readable."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from shared.events import (
    AttachmentReceived,
    Event,
    ItemReceived,
    MessageReceived,
    StatusReceived,
    decode_event,
    encode_event,
    open_envelope,
    seal_envelope,
)

RECORDED = Path(__file__).parent.parent / "data" / "envelopes"

ITEM_ID = UUID("019ab2c3-0000-7000-8000-000000000001")
RECEIVED_AT = datetime(2026, 11, 23, 10, tzinfo=UTC)
EVENTS: dict[str, Event] = {
    "message_received": MessageReceived(
        ITEM_ID, "1795000000:wamid.a", RECEIVED_AT, b'{"message":{"id":"wamid.a"}}', "0af7" * 8
    ),
    "message_replayed": MessageReceived(
        ITEM_ID,
        "1795000000:wamid.a",
        RECEIVED_AT,
        b'{"message":{"id":"wamid.a"}}',
        "0af7" * 8,
        replay=True,
    ),
    "status_received": StatusReceived(
        ITEM_ID, "1795000000:wamid.o:read:", RECEIVED_AT, b'{"status":{"id":"wamid.o"}}', "0af7" * 8
    ),
    "attachment_received": AttachmentReceived(ITEM_ID, 4711, "0af7" * 8),
    "item_received": ItemReceived(ITEM_ID, "0:#e3b0", RECEIVED_AT, b"\xff\x00 no JSON", "0af7" * 8),
}


def test_there_is_a_recorded_example_of_each_event() -> None:
    kinds = {event.__struct_config__.tag for event in EVENTS.values()}

    assert kinds == {kind.__struct_config__.tag for kind in Event.__args__}
    assert {path.stem for path in RECORDED.iterdir()} == EVENTS.keys()


@pytest.mark.parametrize("name", EVENTS)
def test_what_was_recorded_stays_readable(name: str) -> None:
    (encoded,) = open_envelope((RECORDED / f"{name}.json").read_bytes())

    assert decode_event(encoded) == EVENTS[name]


@pytest.mark.parametrize("name", EVENTS)
def test_what_is_written_is_read_again(name: str) -> None:
    envelope = seal_envelope([encode_event(EVENTS[name])] * 3)

    assert [decode_event(event) for event in open_envelope(envelope)] == [EVENTS[name]] * 3


def test_a_field_that_a_newer_version_adds_is_passed_over() -> None:
    encoded = encode_event(EVENTS["message_received"])
    newer = b'{"added":{"later":[1]},' + encoded[1:]

    assert decode_event(newer) == EVENTS["message_received"]
    assert open_envelope(b'{"version":2,"events":[' + newer + b"]}") == [newer]


def test_a_field_that_an_older_version_did_not_know_has_its_default() -> None:
    fields = msgspec.json.decode(encode_event(EVENTS["message_received"]))
    del fields["trace_id"]

    event = decode_event(msgspec.json.encode(fields))

    assert isinstance(event, MessageReceived)
    assert (event.trace_id, event.replay) == ("", False)


def test_one_event_that_cannot_be_read_harms_no_neighbour() -> None:
    good = encode_event(EVENTS["message_received"])

    first, second = open_envelope(seal_envelope([b'{"type":"from_the_future"}', good]))

    assert decode_event(second) == EVENTS["message_received"]
    with pytest.raises(msgspec.DecodeError):
        decode_event(first)


@pytest.mark.parametrize("body", [b"", b"x", b"[]", b"{}", b'{"events":1}', b'{"events":[1'])
def test_what_is_no_envelope_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        open_envelope(body)


def test_an_envelope_may_be_empty() -> None:
    assert open_envelope(seal_envelope([])) == []
