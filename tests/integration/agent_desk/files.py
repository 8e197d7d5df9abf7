"""Messages with files in every state, and the bytes of those that were accepted."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg

from shared.media.store import MediaStore
from tests.routing import route
from tests.system import System
from tests.webhooks import text_message

ADD_ATTACHMENT = """
INSERT INTO attachments (message_id, media_id, filename, declared_type, state, reason, format,
                         size, storage_key, next_attempt_at)
VALUES ($1, '8110', $2, $3, $4, $5, $6, $7, $8, CASE WHEN $4 = 'pending' THEN now() END)
RETURNING id
"""


@dataclass
class Files:
    """A folder for accepted files, and the rows that name them."""

    database: asyncpg.Connection
    store: MediaStore
    folder: Path

    async def add(self, message_id: int, state: str, **more: Any) -> int:
        """Add a file in any state but accepted; give its id."""
        reason = more.get("reason", "expired" if state == "unavailable" else "format")
        return int(
            await self.database.fetchval(
                ADD_ATTACHMENT, message_id, more.get("filename"), "application/msword", state,
                None if state == "pending" else reason, None, None, None,
            )
        )  # fmt: skip

    async def accept(
        self, message_id: int, content: bytes, *, form: str = "pdf", filename: str | None = "a.pdf"
    ) -> int:
        """Add an accepted file with its bytes; give its id."""
        key, source = uuid4().hex, self.folder.with_suffix(".source")
        source.write_bytes(content)
        await self.store.keep(key, source)
        return int(
            await self.database.fetchval(
                ADD_ATTACHMENT, message_id, filename, "application/pdf", "accepted", None, form,
                len(content), key,
            )
        )  # fmt: skip

    async def path_of(self, attachment_id: int) -> Path:
        """Give where the bytes of an accepted file lie."""
        query = "SELECT storage_key FROM attachments WHERE id = $1"
        return self.folder / str(await self.database.fetchval(query, attachment_id))


async def open_ticket(system: System, phone: str, *texts: str) -> str:
    """Have a contact write; give the ticket's number."""
    await route(system.database_url, *(text_message(phone, text) for text in texts or ("Hola",)))
    return str((await system.tickets(q=phone))[0]["number"])
