"""A running desk, and files that it can give out."""

import asyncpg
import pytest

from shared.media.store import MediaStore
from tests.integration.agent_desk.files import Files
from tests.system import System


@pytest.fixture
async def desk(system: System) -> System:
    system.environment["MEDIA_STORE_URL"] = f"file://{system.folder}/media"
    await system.start("agent_desk")
    return system


@pytest.fixture
def files(desk: System, database: asyncpg.Connection) -> Files:
    return Files(database, MediaStore(f"file://{desk.folder}/media"), desk.folder / "media")
