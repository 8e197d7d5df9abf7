"""Count how often in a row WhatsApp refused a message with the same code.

Only that tells whether it is the message's own fault: an outage, or a channel that stands still,
must not use up its few tries.
"""

from collections.abc import Mapping

from shared.database.transaction import Transaction

COUNT_REFUSALS = """
UPDATE messages
SET refused_times = CASE WHEN refused_code IS NOT DISTINCT FROM said.code
                         THEN refused_times + 1 ELSE 1 END,
    refused_code = said.code
FROM unnest($1::bigint[], $2::integer[]) AS said (id, code) WHERE messages.id = said.id
RETURNING messages.id, refused_times
"""


async def count_refusals(tx: Transaction, codes: Mapping[int, int | None]) -> dict[int, int]:
    """Count one refusal of each message, by its code; give how many in a row that makes."""
    if not codes:
        return {}
    rows = await tx.connection.fetch(COUNT_REFUSALS, list(codes), list(codes.values()))
    return {row["id"]: row["refused_times"] for row in rows}
