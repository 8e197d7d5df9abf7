"""A chore that hangs (RabbitMQ does not answer) makes no deadline wait."""

import asyncio
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from services.scheduler import serve as scheduling
from services.scheduler.settings import Settings
from shared.config import DEFAULT_TEXTS_FILE
from shared.service import Service
from shared.texts import read_texts
from tests.eventually import eventually
from tests.integration.scheduler.test_close_due_tickets import MAKE_CLOSING
from tests.routing import route
from tests.webhooks import text_message


async def test_a_ticket_is_closed_while_another_chore_hangs(
    database_url: str,
    amqp_url: str,
    database: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    hanging, go_on = asyncio.Event(), asyncio.Event()

    async def hang(*_: object) -> int:
        hanging.set()
        await go_on.wait()
        return 0

    monkeypatch.setattr(scheduling, "requeue_attachments", hang)
    await route(database_url, text_message("34600111222", "Hola"))
    service = Service()
    texts = read_texts(DEFAULT_TEXTS_FILE)
    settings = Settings(
        database_url, amqp_url, timedelta(seconds=120), ("pdf",), texts,
        ledger_raw_kept=timedelta(days=90), keys_kept=timedelta(days=365),
        store_url=tmp_path.as_uri(), media_kept=None,
    )  # fmt: skip
    running = asyncio.create_task(scheduling.serve(settings, service))
    await hanging.wait()
    await database.execute(MAKE_CLOSING, 0)

    async def closed() -> None:
        assert await database.fetchval("SELECT status FROM tickets") == "closed"

    await eventually(closed)
    service.stopping.set()
    go_on.set()
    await running
