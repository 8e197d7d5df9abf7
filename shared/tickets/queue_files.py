"""Write an agent's answer that has files: each message waits until WhatsApp has its file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.database.transaction import Transaction
from shared.errors import OutsideAwayError
from shared.tickets.announce_bytes import take_bytes
from shared.tickets.queue_message import Outgoing, queue_messages

INSERT_FILES = """
WITH kept AS (
    INSERT INTO attachments (message_id, filename, declared_type, state, format, size, sha256,
                             storage_key)
    SELECT message_id, filename, declared_type, 'accepted', format, size, sha256, storage_key
    FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[],
                $7::text[])
         AS new (message_id, filename, declared_type, format, size, sha256, storage_key)
    ORDER BY message_id
    RETURNING id
)
INSERT INTO uploads (attachment_id, next_attempt_at) SELECT id, $8 FROM kept
"""

WAIT_FOR_UPLOADS = """
UPDATE outbox SET state = 'uploading', next_attempt_at = NULL WHERE message_id = ANY($1::bigint[])
"""


@dataclass(frozen=True, slots=True)
class OutgoingFile:
    """A file whose bytes are in the media store already."""

    filename: str
    """Safe to save under, with an extension of its format."""
    declared_type: str | None
    format: str
    """As proved."""
    size: int
    """In bytes."""
    sha256: str
    """64 lower-case hexadecimal digits."""
    storage_key: str


async def queue_answer(
    tx: Transaction,
    outgoing: Sequence[Outgoing],
    files: Mapping[int, OutgoingFile],
    now: datetime,
) -> list[int]:
    """Write the messages in their order and give their ids.

    The keys of `files` are places in `outgoing`; the caller has locked the contact. Raises
    OutsideAwayError where bytes were stored so long ago that they are being erased.
    """
    ids = await queue_messages(tx, outgoing, now)
    if files:
        if not await take_bytes(tx, [one.storage_key for one in files.values()]):
            raise OutsideAwayError("the bytes are being erased")
        with_files = [ids[place] for place in files]
        await tx.connection.execute(
            INSERT_FILES,
            with_files,
            [one.filename for one in files.values()],
            [one.declared_type for one in files.values()],
            [one.format for one in files.values()],
            [one.size for one in files.values()],
            [one.sha256 for one in files.values()],
            [one.storage_key for one in files.values()],
            now,
        )
        await tx.connection.execute(WAIT_FOR_UPLOADS, with_files)
    return ids
