"""A sender that was given up comes back with its answer while the message is sent again."""

import asyncpg
import pytest

from services.sender.record_outcomes import Sent, record_outcomes
from services.sender.take_messages import Taken
from shared.database.pool import Pool
from shared.whatsapp.error_codes import RETRY, rule_of
from shared.whatsapp.send_message import Accepted, Outcome, Recipient, Refused, Unknown
from tests.outgoing import TAKEN_AT, deliveries, write_outgoing

RECIPIENT = Recipient("34600111222", None)

# The next sender has it.
SEND_AGAIN = "UPDATE outbox SET attempts = 2"


@pytest.mark.parametrize(
    "outcome",
    [
        Accepted("wamid.late"),
        Refused(rule_of(131026), 400, 131026),
        Refused(RETRY, 503, None),
        Unknown(None, 0),
    ],
    ids=["accepted", "failed", "retry", "unknown"],
)
async def test_a_late_answer_changes_nothing_of_the_attempt_that_is_under_way(
    pool: Pool, database: asyncpg.Connection, outcome: Outcome
) -> None:
    """Else a third one would be made, or what comes next would overtake it."""
    (message,) = await write_outgoing(database, wamid_known=False)
    await database.execute(SEND_AGAIN)
    before = await database.fetch("SELECT * FROM outbox")
    late = Taken(message.message_id, message.contact_id, 1, "x", RECIPIENT, TAKEN_AT)

    await record_outcomes(pool, [Sent(late, outcome, 1.0)])

    assert await database.fetch("SELECT * FROM outbox") == before
    assert await deliveries(database, [message]) == ["pending"]


@pytest.mark.parametrize(
    "outcome", [Refused(rule_of(131026), 400, 131026), Unknown(None, 0)], ids=["failed", "unknown"]
)
async def test_a_late_answer_says_nothing_of_a_message_that_has_gone_since(
    pool: Pool, database: asyncpg.Connection, outcome: Outcome
) -> None:
    """WhatsApp has the second attempt: the first one's fate is no news to anybody."""
    (message,) = await write_outgoing(database, wamid_known=False)
    await database.execute(SEND_AGAIN)
    first, second = (
        Taken(message.message_id, message.contact_id, attempt, "x", RECIPIENT, TAKEN_AT)
        for attempt in (1, 2)
    )
    await record_outcomes(pool, [Sent(second, Accepted(message.wamid), 1.0)])

    await record_outcomes(pool, [Sent(first, outcome, 1.0)])

    assert await deliveries(database, [message]) == ["pending"]
