"""A browser for the tests of the pages."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright

from tests.browser import ARGUMENTS, NoBrowserError, find_chromium


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Chromium; without one the test is skipped, with the way to get it."""
    try:
        return find_chromium()
    except NoBrowserError as error:
        pytest.skip(str(error))


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """A browser with a profile of its own, which is gone after the test."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        await browser.close()
