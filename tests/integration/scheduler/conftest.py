"""What the tests of chores share."""

from collections.abc import AsyncIterator

import pytest

from shared.database.pool import Pool, create_pool


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    pool = await create_pool(database_url, "tests")
    yield pool
    await pool.close()
