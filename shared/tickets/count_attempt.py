"""Count how often a worker began a suspect event, in a row that outlives the worker."""

from shared.database.transaction import Transaction
from shared.events import Event

# RabbitMQ's count goes up for every delivery that a killed worker held; only this row tells which
# of them was in its hands.
COUNT_ATTEMPT = """
INSERT INTO suspects (item_id, attempts) VALUES ($1, 1)
ON CONFLICT (item_id) DO UPDATE SET attempts = suspects.attempts + 1
RETURNING attempts
"""


async def count_attempt(tx: Transaction, event: Event) -> int:
    """Give how often this event has been begun as a suspect, this time included."""
    attempts: int = await tx.connection.fetchval(COUNT_ATTEMPT, event.item_id)
    return attempts
