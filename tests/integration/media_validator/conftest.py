"""A validator of one file at a time, between a stand-in for Meta and a folder."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from services.media_validator.claim_attachment import claim_attachment
from services.media_validator.settings import Settings
from services.media_validator.validate_media import ValidateMedia
from services.ticket_router.route_events import route_events
from shared.config import DEFAULT_TEXTS_FILE
from shared.database.pool import Pool, create_pool
from shared.media.antivirus import Antivirus
from shared.media.formats.registry import choose_formats
from shared.media.proofs import Proofs
from shared.media.store import MediaStore
from shared.service import Service
from shared.texts import read_texts
from tests.clamd import Clamd
from tests.integration.media_validator.meta import TOKEN, Meta, meta_and_api
from tests.routing import router_settings
from tests.webhooks import events_of, text_message, webhook_of

PHONE = "34600111222"
FORMATS = ("pdf", "jpg", "bmp", "xml", "oga", "mp4")


@dataclass
class Validating:
    """What a test works with."""

    pool: Pool
    database: asyncpg.Connection
    database_url: str
    meta: Meta
    validate: ValidateMedia
    make: Callable[[Antivirus | None, Service], ValidateMedia]
    folder: Path

    def ask(self, clamd: Clamd) -> Service:
        """Have files scanned from now on; give what says how the antivirus is."""
        service = Service()
        self.validate = self.make(Antivirus(clamd.address, service), service)
        return service

    async def send(self, *, kind: str = "document", phone: str = PHONE, **content: Any) -> int:
        """Have a contact's file routed; give the attachment's id."""
        message = text_message(phone, "") | {"type": kind, kind: {"id": "811", **content}}
        del message["text"]
        await route_events(
            self.pool, router_settings(self.database_url), events_of(webhook_of(message))
        )
        found: int = await self.database.fetchval("SELECT max(id) FROM attachments")
        return found

    async def work(self, attachment_id: int) -> asyncpg.Record:
        """Claim the file and answer for it, as if it were due; give its row."""
        claim = await claim_attachment(self.pool, attachment_id)
        assert claim is not None
        await self.validate(claim)
        return await self.row(attachment_id)

    async def row(self, attachment_id: int) -> asyncpg.Record:
        row = await self.database.fetchrow(
            "SELECT *, next_attempt_at - clock_timestamp() AS wait FROM attachments WHERE id = $1",
            attachment_id,
        )
        assert row is not None
        return row

    def kept(self) -> list[bytes]:
        """Give what the store holds."""
        return [path.read_bytes() for path in sorted(self.folder.glob("*"))]


@pytest.fixture
async def validating(
    database_url: str, database: asyncpg.Connection, tmp_path: Path
) -> AsyncIterator[Validating]:
    folder = tmp_path / "media"
    pool = await create_pool(database_url, "tests")
    settings = Settings(
        database_url=database_url,
        amqp_url="",
        graph_url="",
        access_token=TOKEN,
        phone_number_id="700",
        media_hosts=frozenset(),
        formats=choose_formats(FORMATS),
        max_bytes=200_000,
        store_url=folder.as_uri(),
        notice_delay=timedelta(seconds=10),
        texts=read_texts(DEFAULT_TEXTS_FILE),
        antivirus=None,
    )
    async with meta_and_api() as (meta, api), Proofs(settings.formats) as proofs:
        store = MediaStore(settings.store_url)

        def make(antivirus: Antivirus | None, service: Service) -> ValidateMedia:
            return ValidateMedia(pool, api, proofs, antivirus, store, settings, service)

        validate = make(None, Service())
        yield Validating(pool, database, database_url, meta, validate, make, folder)
    await pool.close()
