"""R12: what opens a ticket."""

from typing import get_args

import pytest

from shared.domain.kinds import (
    MARK_TYPES,
    OPENING_KINDS,
    RECORDED_TYPES,
    SILENT_UNSUPPORTED,
    Kind,
    kind_of,
)


def test_r12_every_kind_but_an_agents_note_opens_a_ticket() -> None:
    assert set(get_args(Kind)) - {"note"} == OPENING_KINDS


@pytest.mark.parametrize("kind", sorted(OPENING_KINDS))
def test_a_type_that_we_know_is_shown_as_what_it_is(kind: str) -> None:
    assert kind_of(kind) == kind


@pytest.mark.parametrize("message_type", ["hologram", "voice", "note", "", None])
def test_a_type_that_we_do_not_know_is_shown_as_unsupported(message_type: str | None) -> None:
    assert kind_of(message_type) == "unsupported"


def test_r12_marks_and_system_events_open_nothing() -> None:
    assert {"reaction", "edit", "revoke"} == MARK_TYPES
    assert {"system", "request_welcome"} == RECORDED_TYPES
    assert {"edit", "reaction", "pin", "keep_in_chat", "poll_update"} == SILENT_UNSUPPORTED
    assert not (MARK_TYPES | RECORDED_TYPES) & OPENING_KINDS
