"""Tickets that were closed some time ago, with files whose bytes lie in a folder."""

import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import asyncpg

from shared.media.store import MediaStore
from tests.routing import route
from tests.webhooks import text_message

WRITE_FILE = """
WITH message AS (
    INSERT INTO messages (ticket_id, direction, author, kind, sent_at, received_at, event_key)
    VALUES ($1, 'inbound', 'contact', 'document', now(), now(), gen_random_uuid()::text)
    RETURNING id)
INSERT INTO attachments (message_id, filename, declared_type, state, format, size, sha256,
                         storage_key)
SELECT id, 'a.pdf', 'application/pdf', 'accepted', 'pdf', $2, $3, $4 FROM message RETURNING id
"""
CLOSE = """
UPDATE tickets SET status = 'closed', closed_at = now() - make_interval(days => $2)
WHERE id = $1
"""
MAKE_DUE = "UPDATE unnamed_bytes SET erase_at = now()"


@dataclass
class ClosedTickets:
    """A database and a folder, and what a test does to them."""

    database: asyncpg.Connection
    database_url: str
    folder: Path

    @property
    def store(self) -> MediaStore:
        return MediaStore(self.folder.as_uri())

    async def ticket(self, number: int = 0, *, closed_for_days: int | None = None) -> int:
        """Open a ticket of a contact of its own, or have it closed so long ago; give its id."""
        await route(self.database_url, text_message(f"346001{number:05}", "Hola"))
        ticket_id = int(await self.database.fetchval("SELECT max(id) FROM tickets"))
        if closed_for_days is not None:
            await self.database.execute(CLOSE, ticket_id, closed_for_days)
        return ticket_id

    async def file(self, ticket_id: int, content: bytes | None = None) -> str:
        """Give a ticket a file; give the key of its bytes."""
        content = os.urandom(9) if content is None else content
        source = self.folder.with_suffix(".source")
        source.write_bytes(content)
        key = os.urandom(16).hex()
        await self.store.keep(key, source)
        digest = sha256(content).hexdigest()
        await self.database.fetchval(WRITE_FILE, ticket_id, len(content), digest, key)
        return key

    def kept(self) -> set[str]:
        """Give what the folder holds."""
        return {path.name for path in self.folder.iterdir()} if self.folder.exists() else set()

    async def unnamed(self) -> set[str]:
        """Give the keys of which the database says that no file has them."""
        return {row[0] for row in await self.database.fetch("SELECT bytes_key FROM unnamed_bytes")}
