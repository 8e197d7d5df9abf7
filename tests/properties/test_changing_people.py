"""R12, R13, R15: identities that change and marks, in any order, repeated, in any batches."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from services.ticket_router.route_events import route_events
from shared.events import WebhookEvent
from tests.properties.changing_people import Deed, day_of, days
from tests.properties.clock import set_clock
from tests.properties.conversations import ROUTED_AT, Rows
from tests.properties.routing import EMPTY, router_settings, texts

# A ticket that a join ended has no messages of anybody any more (R13).
RESULT = """
SELECT json_agg(person ORDER BY person::text) FROM (
    SELECT json_build_array(
        (SELECT array_agg(kind || match_key ORDER BY kind, match_key)
         FROM contact_addresses WHERE contact_id = contacts.id),
        (SELECT json_agg(ticket ORDER BY ticket::text) FROM (
            SELECT json_build_array(
                status, unread,
                (SELECT json_agg(json_build_array(wamid, kind, text, original_text, reaction,
                                                  edited_at, revoked_at) ORDER BY wamid)
                 FROM messages WHERE ticket_id = tickets.id AND direction = 'inbound')) AS ticket
            FROM tickets WHERE contact_id = contacts.id AND NOT EXISTS (
                SELECT FROM ticket_events WHERE ticket_id = tickets.id AND action = 'merged')
         ) AS tickets)) AS person
    FROM contacts WHERE merged_into IS NULL) AS people
"""


@pytest.fixture
def rows(database_url: str) -> Iterator[Rows]:
    rows = Rows(database_url)
    yield rows
    rows.end()


async def play(rows: Rows, batches: list[list[WebhookEvent]]) -> Any:
    """Route the batches into an empty database; give people, tickets and messages."""
    await rows.pool.execute(EMPTY)
    await set_clock(rows.pool, ROUTED_AT)
    for batch in batches:
        await route_events(rows.pool, router_settings(texts()), batch)
    return json.loads(await rows.pool.fetchval(RESULT) or "[]")


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(day=days(), data=st.data())
def test_r15_any_order_of_a_day_gives_the_same_people_tickets_and_messages(
    rows: Rows, day: tuple[list[Deed], dict[int, int]], data: st.DataObject
) -> None:
    events = day_of(*day)
    note("\n".join(map(str, day[0])))
    expected = rows.run(play(rows, [[event] for event in events]))

    repeated = data.draw(st.lists(st.sampled_from(events), max_size=3))
    copies = [msgspec.structs.replace(event, item_id=uuid7()) for event in repeated]
    order = data.draw(st.permutations(events + copies))
    sizes = data.draw(st.lists(st.integers(1, 4), min_size=len(order), max_size=len(order)))
    batches = []
    for size in sizes:
        batches.append(order[:size])
        order = order[size:]

    assert rows.run(play(rows, [batch for batch in batches if batch])) == expected
