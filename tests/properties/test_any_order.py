"""R15: however webhooks are ordered, repeated and batched, the same tickets and messages result."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings

from shared.events import WebhookEvent
from tests.properties.conversations import (
    CLICK,
    ROUTED_AT,
    Conversation,
    Rows,
    arrivals,
    conversations,
)
from tests.properties.routing import contact_entry
from tests.webhooks import events_of, text_message, webhook_of


@pytest.fixture
def rows(database_url: str) -> Iterator[Rows]:
    rows = Rows(database_url)
    yield rows
    rows.end()


_SETTINGS = settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@_SETTINGS
@given(conversation=conversations())
def test_r15_any_order_repetition_and_batching_gives_the_same_tickets_and_messages(
    rows: Rows, conversation: Conversation
) -> None:
    plainly, otherwise = arrivals(conversation)

    expected = rows.run(rows.happen(conversation.closing, plainly, reopens=False))
    found = rows.run(rows.happen(conversation.closing, otherwise, reopens=False))

    assert found == expected


@_SETTINGS
@given(conversation=conversations())
def test_r15_holds_where_a_reply_in_the_grace_reopens_the_ticket(
    rows: Rows, conversation: Conversation
) -> None:
    plainly, otherwise = arrivals(conversation)

    expected = rows.run(rows.happen(conversation.closing, plainly, reopens=True))
    found = rows.run(rows.happen(conversation.closing, otherwise, reopens=True))

    assert found == expected


def _event(place: int, phone: str, user_id: str | None, name: str | None) -> WebhookEvent:
    """Give one message of somebody, a second after the one before."""
    message = text_message(phone, "hola", at=int(CLICK.timestamp()) + place, id=f"wamid.{place}")
    if user_id:
        message["from_user_id"] = user_id
    webhook = webhook_of(message, contacts=[contact_entry(phone, user_id, name)])
    (event,) = events_of(webhook, received_at=ROUTED_AT)
    return event


async def _names(rows: Rows, *batches: list[WebhookEvent]) -> list[str | None]:
    await rows.happen(frozenset(), list(batches), reopens=False)
    return [row["profile_name"] for row in await rows.pool.fetch("SELECT * FROM contacts")]


def test_r15_a_name_stays_where_a_later_message_of_the_same_batch_has_none(rows: Rows) -> None:
    named, nameless = _event(1, "34600000001", None, "Ana"), _event(2, "34600000001", None, None)

    one_by_one = rows.run(_names(rows, [named], [nameless]))

    assert one_by_one == ["Ana"]
    assert rows.run(_names(rows, [named, nameless])) == one_by_one


def test_r15_the_latest_name_stands_in_whatever_order_it_came(rows: Rows) -> None:
    ana, bea, nameless = (
        _event(place, "34600000001", None, name) for place, name in enumerate(["Ana", "Bea", None])
    )

    in_order = rows.run(_names(rows, [ana], [bea], [nameless]))

    assert in_order == ["Bea"]
    assert rows.run(_names(rows, [ana], [nameless], [bea])) == in_order


def test_r13_a_phone_that_passes_on_within_a_batch_holds_nobody_up(rows: Rows) -> None:
    phone = "34600000001"
    batch = [
        _event(1, phone, "ES.First", "Ana"),
        _event(2, phone, None, "Ana"),
        _event(3, phone, "ES.Second", "Bea"),
    ]

    tickets, _ = rows.run(rows.happen(frozenset(), [batch], reopens=False))

    assert len(tickets) == 2
