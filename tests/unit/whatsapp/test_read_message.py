"""One message is read tolerantly: what is absent or odd is a normal case."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.contact import Sender
from shared.whatsapp.display_text import display_name, storable
from shared.whatsapp.read_addresses import read_addresses
from shared.whatsapp.read_message import InboundMessage, read_message

PHONE = "34600111222"
USER = "ES.1234567890"


def _read(message: object, contact: object = None, metadata: object = None) -> InboundMessage:
    item = {"field": "messages", "metadata": metadata, "contact": contact, "message": message}
    return read_message(json.dumps(item).encode())


def test_a_text_says_who_what_and_when() -> None:
    message = _read(
        {
            "from": PHONE, "from_user_id": USER, "id": "wamid.a", "timestamp": "1795000000",
            "type": "text", "text": {"body": "No puedo firmar"},
        },
        {"profile": {"name": "Ana", "username": "ana.b"}, "wa_id": PHONE},
        {"phone_number_id": "700"},
    )  # fmt: skip

    assert message == InboundMessage(
        phone_number_id="700", wamid="wamid.a", timestamp="1795000000",
        sender=Sender(PHONE, USER), profile_name="Ana", username="ana.b",
        message_type="text", kind="text", text="No puedo firmar", media=None,
        forwarded=None, is_reply=False, in_group=False, mark=None, change=None, silent=False,
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["image", "video", "audio", "document"])
def test_r11_the_caption_of_a_file_is_its_text(kind: str) -> None:
    message = _read({"type": kind, kind: {"caption": "la página 2", "body": "no"}})

    assert (message.kind, message.text) == (kind, "la página 2")


@pytest.mark.parametrize("kind", ["location", "contacts", "interactive", "button", "order"])
@pytest.mark.parametrize("content", [None, "x", 7, [], [None], {}, {"type": "x"}, {"body": "x"}])
def test_half_empty_objects_are_normal(kind: str, content: object) -> None:
    message = _read({"type": kind, kind: content})

    assert (message.kind, message.text) == (kind, None)


@pytest.mark.parametrize(
    ("context", "forwarded"),
    [
        ({"forwarded": True}, "once"),
        ({"frequently_forwarded": True}, "often"),
        ({"forwarded": True, "frequently_forwarded": True}, "often"),
        ({"forwarded": False}, None),
        ({"forwarded": "true"}, None),
        (None, None),
    ],
)
def test_r9_the_agent_sees_that_a_message_was_forwarded(
    context: object, forwarded: str | None
) -> None:
    assert _read({"type": "text", "context": context}).forwarded == forwarded


def test_r10_a_reply_is_marked_without_the_text_it_refers_to() -> None:
    message = _read({"type": "text", "text": {"body": "Sí"}, "context": {"id": "wamid.q"}})

    assert (message.is_reply, message.text) == (True, "Sí")
    assert not _read({"type": "text", "context": {"forwarded": True}}).is_reply
    assert not _read({"type": "text", "context": {"id": None}}).is_reply


@pytest.mark.parametrize(
    "message",
    [
        {"type": "text", "group_id": "120363"},
        {"type": "unsupported", "errors": [{"code": 130501}]},
        {"type": "unsupported", "errors": [{"code": 1}, None, {"code": 130501}]},
    ],
)
def test_r8_group_traffic_is_known_by_its_id_or_error(message: object) -> None:
    assert _read(message).in_group


@pytest.mark.parametrize("errors", [None, {}, "130501", [130501], [{"code": 131051}], [[]]])
def test_r8_other_errors_are_no_group(errors: object) -> None:
    assert not _read({"type": "unsupported", "errors": errors}).in_group


@pytest.mark.parametrize("mark", ["edit", "reaction", "pin", "keep_in_chat", "poll_update"])
def test_r12_an_unsupported_mark_is_silent(mark: str) -> None:
    assert _read({"type": "unsupported", "unsupported": {"type": mark}}).silent
    assert not _read({"type": mark, "unsupported": {"type": mark}}).silent


@pytest.mark.parametrize("what", ["gif", "poll_creation", "pool", None, 7])
def test_r12_any_other_unsupported_message_is_a_placeholder(what: object) -> None:
    message = _read({"type": "unsupported", "unsupported": {"type": what}})

    assert (message.silent, message.kind) == (False, "unsupported")


@pytest.mark.parametrize(
    ("values", "sender"),
    [
        ([PHONE], Sender(PHONE, None)),
        (["+" + PHONE], Sender(PHONE, None)),
        ([USER], Sender(None, USER)),
        ([USER, PHONE], Sender(PHONE, USER)),
        ([None, USER, "34600999888", PHONE], Sender("34600999888", USER)),
        (["ES.ENT.abc123"], Sender(None, "ES.ENT.abc123")),
        (["1234"], None),
        (["1" * 21], None),
        (["٣٤٦٠٠١١١٢٢٢"], None),
        (["34 600 111 222"], None),
        ([PHONE + "\n"], None),
        (["es.abc"], None),
        (["ES."], None),
        (["ES." + "a" * 129], None),
        (["a\x00b"], None),
        ([34600111222, None, {}, []], None),
        ([], None),
    ],
)
def test_r13_an_address_is_known_by_its_form_and_not_by_its_field(
    values: list[object], sender: Sender | None
) -> None:
    assert read_addresses(*values) == sender


def test_r13_the_senders_own_fields_come_before_the_contacts() -> None:
    message = _read({"from": PHONE}, {"wa_id": "34600999888", "user_id": USER})

    assert message.sender == Sender(PHONE, USER)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Ana", "Ana"),
        ("  Ana \n\t Pérez ", "Ana Pérez"),
        ("A\u202ena", "Ana"),
        ("A\x00n\ud83da", "A\ufffdn\ufffda"),
        ("👩\u200d💻", "👩\u200d💻"),
        ("a" * 101, "a" * 100),
        ("\u200f \u2028", None),
        ("", None),
        (None, None),
        (7, None),
        ({}, None),
    ],
)
def test_a_name_is_cleaned_because_its_owner_chose_it(name: object, shown: str | None) -> None:
    assert display_name(name) == shown


def test_what_postgresql_cannot_hold_is_replaced() -> None:
    assert storable("a\x00b\ud83dc\udfffd") == "a\ufffdb\ufffdc\ufffdd"
    assert storable("👍 ñ") == "👍 ñ"
    assert _read({"type": "text", "text": {"body": "\x00\ud83d"}}).text == "\ufffd\ufffd"


@pytest.mark.parametrize(
    "raw", [b"", b"x", b"[]", b"null", b'{"message": 1}', b"\xff", b"[" * 9999]
)
def test_what_is_no_message_reads_as_one_that_says_nothing(raw: bytes) -> None:
    message = read_message(raw)

    assert (message.sender, message.text, message.kind) == (None, None, "unsupported")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ["from", "from_user_id", "id", "timestamp", "type", "text", "image", "context", "errors",
          "group_id", "unsupported", "wa_id", "user_id", "profile"]  # fmt: skip
objects: st.SearchStrategy[Any] = st.dictionaries(
    st.sampled_from(FIELDS),
    anything | st.sampled_from(["text", "image", "unsupported", PHONE, USER]),
)


@given(message=objects, contact=objects, metadata=anything)
def test_whatever_a_message_holds_it_is_read(
    message: object, contact: object, metadata: object
) -> None:
    read = _read(message, contact, metadata)

    for text in (read.text, read.wamid, read.profile_name, read.message_type, read.phone_number_id):
        assert text is None or storable(text) == text
