"""One status is read tolerantly."""

import json

import pytest

from shared.whatsapp.read_status import ReceivedStatus, read_status
from shared.whatsapp.send_message import callback_data


def _read(status: object, metadata: object = None) -> ReceivedStatus:
    return read_status(json.dumps({"metadata": metadata, "status": status}).encode())


def test_a_status_says_which_message_has_come_how_far() -> None:
    status = _read(
        {"id": "wamid.o", "status": "read", "biz_opaque_callback_data": callback_data(42)},
        {"phone_number_id": "700"},
    )

    assert status == ReceivedStatus(
        "700", "wamid.o", "read", 42, in_group=False, error_code=None, timestamp=None
    )


@pytest.mark.parametrize(
    "callback",
    [None, 42, "", "42", "message:", "message:x", "message:-1", "message:1 ", "other:1",
     "message:" + "9" * 19, "message:٤٢x", {}],
)  # fmt: skip
def test_foreign_callback_data_names_no_message(callback: object) -> None:
    assert _read({"id": "w", "biz_opaque_callback_data": callback}).message_id is None


def test_r8_a_groups_status_is_known_as_such() -> None:
    assert _read({"id": "w", "recipient_type": "group"}).in_group
    assert not _read({"id": "w", "recipient_type": "individual"}).in_group


def test_a_failed_status_says_why_with_metas_code() -> None:
    errors = [{"code": 131047, "title": "Re-engagement message"}, {"code": 131026}]

    assert _read({"id": "w", "status": "failed", "errors": errors}).error_code == 131047


@pytest.mark.parametrize("errors", [None, [], {}, "x", [7], [{}], [{"code": "131047"}], [None]])
def test_errors_that_are_odd_give_no_code(errors: object) -> None:
    assert _read({"id": "w", "status": "failed", "errors": errors}).error_code is None


@pytest.mark.parametrize("odd", [None, 7, {}, [], "a\x00b", "\ud83d", "a\nb"])
def test_a_field_that_is_odd_is_absent(odd: object) -> None:
    status = _read({"id": odd, "status": odd}, {"phone_number_id": odd})

    assert (status.wamid, status.status, status.phone_number_id) == (None, None, None)


@pytest.mark.parametrize("raw", [b"", b"x", b"[]", b"null", b'{"status": []}', b"\xff"])
def test_what_is_no_status_reads_as_one_that_says_nothing(raw: bytes) -> None:
    assert read_status(raw) == ReceivedStatus(
        None, None, None, None, in_group=False, error_code=None, timestamp=None
    )
