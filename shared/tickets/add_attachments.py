"""Write down the files of messages that came in; a validator fetches and proves them."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from uuid_utils.compat import uuid7

from shared.database.transaction import Transaction
from shared.events import AttachmentReceived
from shared.tickets.append_message import Inbound

# When a hint to the validators that got lost is given again; a validator's claim moves it.
FORGOTTEN_AFTER = timedelta(seconds=60)

INSERT_ATTACHMENTS = """
INSERT INTO attachments (message_id, media_id, filename, declared_type, declared_sha256,
                         next_attempt_at)
SELECT new.*, clock_timestamp() + $6::interval
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[])
     AS new (message_id, media_id, filename, declared_type, declared_sha256)
ORDER BY message_id
RETURNING id, message_id
"""


async def add_attachments(
    tx: Transaction, inbound: Sequence[Inbound], message_ids: Mapping[str, int]
) -> list[AttachmentReceived]:
    """Write them as pending, and give what to publish once this is committed.

    `message_ids` are the ids that `append_messages` gave, by event key.
    """
    files = [(message_ids[one.event_key], one.media, one.trace_id) for one in inbound if one.media]
    if not files:
        return []
    rows = await tx.connection.fetch(
        INSERT_ATTACHMENTS,
        [message_id for message_id, _, _ in files],
        [media.media_id for _, media, _ in files],
        [media.filename for _, media, _ in files],
        [media.declared_type for _, media, _ in files],
        [media.sha256 for _, media, _ in files],
        FORGOTTEN_AFTER,
    )
    traces = {message_id: trace_id for message_id, _, trace_id in files}
    for row in rows:
        tx.log(
            "attachment.pending", attachment_id=row["id"], message_id=row["message_id"],
            trace_id=traces[row["message_id"]],
        )  # fmt: skip
    return [AttachmentReceived(uuid7(), row["id"], traces[row["message_id"]]) for row in rows]
