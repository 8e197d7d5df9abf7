"""Webhooks are taken apart at every level, and what is odd harms none of its neighbours."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.whatsapp.split_webhook import WebhookItem, split_webhook
from tests.webhooks import text_message, webhook_of

PHONE = "34600111222"
SECOND = 1_795_000_000


def _split(webhook: object) -> list[WebhookItem]:
    return split_webhook(json.dumps(webhook).encode())


def _raw(item: WebhookItem) -> dict[str, Any]:
    return dict(json.loads(item.raw))


def _message(name: str, **more: Any) -> dict[str, Any]:
    message = text_message(PHONE, name, at=SECOND, id=f"wamid.{name}")
    return {**message, **more}


def _keys(items: list[WebhookItem]) -> list[str]:
    return [item.event_key for item in items]


def test_a_message_is_kept_as_it_came_with_what_belongs_to_it() -> None:
    message = _message("a", unheard_of={"b": [1]})
    (item,) = _split(webhook_of(message, contacts=[{"wa_id": PHONE, "profile": {"name": "Ana"}}]))

    assert (item.kind, item.event_key) == ("message", f"{SECOND}:wamid.a")
    assert _raw(item) == {
        "field": "messages",
        "metadata": {"display_phone_number": "34973901905", "phone_number_id": "700800900100200"},
        "contact": {"wa_id": PHONE, "profile": {"name": "Ana"}},
        "message": message,
    }


def test_every_level_is_looped() -> None:
    one = webhook_of(_message("a"), _message("b"), statuses=[{"id": "s", "status": "sent"}])
    two = webhook_of(_message("c"))
    change = webhook_of(_message("d"))["entry"][0]["changes"][0]
    one["entry"][0]["changes"].append(change)
    one["entry"] += two["entry"]

    kinds = [item.kind for item in _split(one)]

    assert kinds == ["message", "message", "status", "message", "message"]


def test_a_thousand_items_are_a_thousand_events() -> None:
    items = _split(webhook_of(*(_message(str(n)) for n in range(1000))))

    assert len(set(_keys(items))) == 1000


@pytest.mark.parametrize(
    "body",
    [b"", b"not json", b"\xff\xfe", b"{", b"[]", b"null", b"1", b'"text"', b"[" * 100_000],
    ids=["empty", "text", "bytes", "half", "array", "null", "number", "string", "deep"],
)
def test_a_body_that_is_no_webhook_is_one_item_as_it_came(body: bytes) -> None:
    (item,) = split_webhook(body)

    assert (item.kind, item.raw) == ("other", body)
    assert item.event_key.startswith("0:#")


@pytest.mark.parametrize("body", [{}, {"entry": None}, {"entry": {}}, {"entry": []}, {"entry": 1}])
def test_an_object_without_entries_is_one_item(body: object) -> None:
    (item,) = _split(body)

    assert (item.kind, _raw(item)) == ("other", {"body": body})


NEIGHBOUR = webhook_of(_message("neighbour"))["entry"][0]
ODD: list[object] = [None, 1, "x", [], {}, {"changes": None}, {"changes": 1}, {"changes": {}}]


@pytest.mark.parametrize("entry", ODD)
def test_an_odd_entry_is_recorded_and_its_neighbours_are_untouched(entry: object) -> None:
    items = _split({"entry": [entry, NEIGHBOUR, entry]})

    assert [item.kind for item in items] == ["other", "message", "other"]
    assert _raw(items[0]) == {"entry": entry}
    assert items[1].event_key == f"{SECOND}:wamid.neighbour"


ODD_CHANGES: list[object] = [
    None, 1, [], {}, {"field": "messages"}, {"field": "messages", "value": None},
    {"field": "messages", "value": []}, {"value": {"messages": [_message("a")]}},
    {"field": 7, "value": {"messages": [_message("a")]}},
]  # fmt: skip


@pytest.mark.parametrize("change", ODD_CHANGES)
def test_an_odd_change_is_recorded_and_its_neighbours_are_untouched(change: object) -> None:
    good = NEIGHBOUR["changes"][0]
    items = _split({"entry": [{"changes": [change, good]}]})

    assert [item.kind for item in items] == ["other", "message"]
    assert _raw(items[0]) == {"change": change}


@pytest.mark.parametrize(
    "field", ["smb_message_echoes", "history", "standby", "account_update", "Messages", ""]
)
def test_r12_what_stands_in_other_fields_is_no_message_to_us(field: str) -> None:
    webhook = webhook_of(_message("a"))
    webhook["entry"][0]["changes"][0]["field"] = field

    (item,) = _split(webhook)

    assert item.kind == "other"


@pytest.mark.parametrize("odd", [None, 1, "x", [], [[]]])
@pytest.mark.parametrize("name", ["messages", "statuses"])
def test_an_odd_item_is_recorded_and_its_neighbours_are_untouched(name: str, odd: object) -> None:
    good = _message("a") if name == "messages" else {"id": "a", "status": "sent"}
    webhook = webhook_of()
    webhook["entry"][0]["changes"][0]["value"][name] = [good, odd, good]

    items = _split(webhook)

    kind = {"messages": "message", "statuses": "status"}[name]
    assert [item.kind for item in items] == [kind, "other", kind]
    assert _raw(items[1])[kind] == odd


@pytest.mark.parametrize("odd", [None, 1, "x", {"0": {}}])
def test_a_list_that_is_none_is_recorded_beside_the_others(odd: object) -> None:
    items = _split(webhook_of(_message("a"), statuses=odd))

    assert [item.kind for item in items] == ["message", "other"]
    assert _raw(items[1])["value"] == {"statuses": odd}


def test_errors_and_what_is_new_to_us_are_recorded_with_their_number() -> None:
    items = _split(webhook_of(_message("a"), errors=[{"code": 131000}], user_actions=[{"x": 1}]))

    assert [item.kind for item in items] == ["message", "other"]
    assert _raw(items[1])["value"] == {"errors": [{"code": 131000}], "user_actions": [{"x": 1}]}
    assert _raw(items[1])["metadata"]["phone_number_id"] == "700800900100200"


@pytest.mark.parametrize(
    "webhook", [{"entry": [{"changes": []}]}, webhook_of(messages=[], statuses=[])]
)
def test_a_webhook_that_says_nothing_has_no_items(webhook: object) -> None:
    assert _split(webhook) == []


# --- contacts -------------------------------------------------------------------------------

ANA = {"wa_id": PHONE, "profile": {"name": "Ana"}}
BEA = {"wa_id": "34600999888", "user_id": "ES.Bea", "profile": {"name": "Bea"}}


@pytest.mark.parametrize("contacts", [[ANA, BEA], [BEA, ANA]])
def test_contacts_are_matched_by_id_and_never_by_position(contacts: list[object]) -> None:
    from_bea = {**_message("b"), "from": "34600999888"}
    items = _split(webhook_of(_message("a"), from_bea, contacts=contacts))

    assert [_raw(item)["contact"] for item in items] == [ANA, BEA]


def test_a_contact_is_found_by_user_id_where_the_phone_is_hidden() -> None:
    hidden = _message("b", from_user_id="ES.Bea")
    del hidden["from"]

    (item,) = _split(webhook_of(hidden, contacts=[ANA, BEA]))

    assert _raw(item)["contact"] == BEA


def test_the_user_id_says_more_than_the_phone() -> None:
    (item,) = _split(webhook_of(_message("b", from_user_id="ES.Bea"), contacts=[ANA, BEA]))

    assert _raw(item)["contact"] == BEA


@pytest.mark.parametrize(
    "contacts", [None, {}, [BEA], [None, 1, "x", {}], [{"wa_id": 34600111222}]]
)
def test_nobody_elses_contact_is_taken_where_there_is_none(contacts: object) -> None:
    (item,) = _split(webhook_of(_message("a"), contacts=contacts))

    assert _raw(item)["contact"] is None


# --- keys -----------------------------------------------------------------------------------


def test_r14_the_same_event_has_the_same_key_in_whatever_company_it_comes() -> None:
    (alone,) = _split(webhook_of(_message("a")))
    together = _split(webhook_of(_message("b"), _message("a"), contacts=[ANA]))

    assert alone.event_key == together[1].event_key


def test_a_status_is_known_by_message_and_state() -> None:
    status = {"id": "wamid.x", "timestamp": str(SECOND), "recipient_id": PHONE}
    items = _split(
        webhook_of(statuses=[{**status, "status": "sent"}, {**status, "status": "read"}])
    )

    assert _keys(items) == [f"{SECOND}:wamid.x:sent:", f"{SECOND}:wamid.x:read:"]


def test_the_statuses_of_a_group_differ_in_the_participant() -> None:
    status = {"id": "w", "status": "read", "timestamp": str(SECOND), "recipient_type": "group"}
    items = _split(
        webhook_of(
            statuses=[
                {**status, "recipient_participant_id": PHONE},
                {**status, "recipient_participant_user_id": "ES.Bea"},
            ]
        )
    )

    assert _keys(items) == [f"{SECOND}:w:read:{PHONE}", f"{SECOND}:w:read:ES.Bea"]


def test_a_message_and_a_status_of_one_wamid_are_two_events() -> None:
    status = {"id": "wamid.a", "status": "sent", "timestamp": str(SECOND)}
    items = _split(webhook_of(_message("a"), statuses=[status]))

    assert len(set(_keys(items))) == 2


@pytest.mark.parametrize("stamp", [None, "", "soon", -1, 1.5, "9" * 14, "१७९५"])
def test_a_key_without_a_timestamp_begins_with_zero(stamp: object) -> None:
    (item,) = _split(webhook_of({**_message("a"), "timestamp": stamp}))

    assert item.event_key == "0:wamid.a"


@pytest.mark.parametrize("wamid", [None, 7, {}, "x" * 201, "a\nb", "a\x00b", "\ud83d"])
def test_what_has_no_usable_id_is_known_by_its_content(wamid: object) -> None:
    odd = {**_message("a"), "id": wamid}
    first, second, other = _split(webhook_of(odd, odd, {**odd, "type": "image"}))

    assert first.event_key.startswith(f"{SECOND}:#")
    assert first.event_key == second.event_key != other.event_key


def test_a_key_fits_into_an_index() -> None:
    status = {"id": "x" * 190, "status": "y" * 5000, "timestamp": str(SECOND)}
    items = _split(webhook_of(_message("a", id="w" * 5000), statuses=[status]))

    assert all(len(item.event_key) < 300 and item.event_key.isprintable() for item in items)


# --- bytes that JSON should not hold --------------------------------------------------------


def test_a_lone_surrogate_harms_neither_its_message_nor_its_neighbours() -> None:
    items = _split(webhook_of(_message("a", text={"body": "\ud83d"}), _message("b")))

    assert [item.kind for item in items] == ["message", "message"]
    assert _raw(items[0])["message"]["text"]["body"] == "\ud83d"
    assert items[1].event_key == f"{SECOND}:wamid.b"


def test_nul_is_kept() -> None:
    (item,) = _split(webhook_of(_message("a", text={"body": "a\x00b"})))

    assert _raw(item)["message"]["text"]["body"] == "a\x00b"


def test_bytes_that_are_no_utf8_harm_no_neighbour() -> None:
    body = json.dumps(webhook_of(_message("a"), _message("b"))).encode()
    body = body.replace(b'"body": "a"', b'"body": "\xff"')

    assert _keys(split_webhook(body)) == [f"{SECOND}:wamid.a", f"{SECOND}:wamid.b"]


@pytest.mark.parametrize("depth", [900, 1500, 50_000])
def test_an_item_nested_too_deeply_harms_no_neighbour(depth: int) -> None:
    deep = '[{"a":' * depth + "0" + "}]" * depth
    odd = {"body": 'quoted "}], \\" and, "\\\\'}
    webhook = webhook_of(_message("a", text="DEEP"), _message("b", text=odd), contacts=[ANA])
    body = json.dumps(webhook).replace('"DEEP"', deep)

    items = split_webhook(body.encode())

    (neighbour,) = (item for item in items if item.event_key == f"{SECOND}:wamid.b")
    assert _raw(neighbour)["message"]["text"] == odd
    assert _raw(neighbour)["contact"] == ANA
    assert deep.encode() in b"".join(item.raw for item in items)


def test_half_an_emoji_before_an_item_nested_too_deeply_harms_no_neighbour() -> None:
    messages = [_message("s", text={"body": "\ud83d"}), _message("a", text="DEEP"), _message("b")]
    body = json.dumps(webhook_of(*messages)).replace('"DEEP"', "[" * 5000 + "]" * 5000)

    keys = _keys(split_webhook(body.encode()))

    assert {f"{SECOND}:wamid.s", f"{SECOND}:wamid.b"} <= set(keys)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999", "1" * 5000, "-" + "9" * 400])
def test_a_number_that_nobody_can_hold_harms_no_neighbour(number: str) -> None:
    body = json.dumps(webhook_of(_message("a", x="ODD"), _message("b"))).replace('"ODD"', number)

    assert f"{SECOND}:wamid.b" in _keys(split_webhook(body.encode()))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["entry", "changes", "field", "value", "messages", "statuses", "contacts"]
            )
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=25,
)


@given(body=st.binary() | json_values.map(lambda value: json.dumps(value).encode()))
def test_whatever_is_signed_is_split_without_an_error(body: bytes) -> None:
    for item in split_webhook(body):
        assert item.event_key.partition(":")[0].isdigit()


@given(value=json_values)
def test_whatever_a_neighbour_holds_the_good_message_arrives(value: object) -> None:
    webhook = webhook_of(value, _message("good"))
    webhook["entry"] = [value, *webhook["entry"], value]

    assert f"{SECOND}:wamid.good" in _keys(_split(webhook))


texts = st.sampled_from(["", "34600111222", "ES.Bea", str(SECOND), "wamid.a"])
parts = st.dictionaries(
    st.sampled_from([
        "id", "from", "from_user_id", "timestamp", "status", "wa_id", "user_id", "text",
        "recipient_participant_id", "recipient_participant_user_id",
    ]),
    texts | json_values,
    max_size=5,
)  # fmt: skip
values = st.fixed_dictionaries(
    {},
    optional={
        "metadata": json_values,
        "contacts": st.lists(parts, max_size=3),
        "messages": st.lists(parts, max_size=3),
        "statuses": st.lists(parts, max_size=3),
    },
)


@given(value=values, indent=st.none() | st.just(2))
def test_beside_an_odd_neighbour_the_items_are_the_same_byte_for_byte(
    value: dict[str, Any], indent: int | None
) -> None:
    """As expected it is read at once; the neighbour has it opened level by level."""
    webhook = webhook_of(**value)
    alone = split_webhook(json.dumps(webhook, indent=indent).encode())
    webhook["entry"].append(None)

    *beside, odd = split_webhook(json.dumps(webhook, indent=indent).encode())

    assert beside == alone
    assert odd.kind == "other"
