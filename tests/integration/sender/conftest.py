"""A pool of the test's database, for tests of a sender's single steps."""

from collections.abc import AsyncIterator

import pytest

from shared.database.pool import Pool, create_pool


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    pool = await create_pool(database_url, "tests")
    yield pool
    await pool.close()
