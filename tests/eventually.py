"""Wait for an outcome, never for a time."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_fixed

ResultT = TypeVar("ResultT")


async def eventually(
    check: Callable[[], Awaitable[ResultT]], *, within: float = 60.0, every: float = 0.05
) -> ResultT:
    """Repeat `check` until it does not fail; after `within` seconds raise it.

    The default is for a machine that has other things to do; a shorter one is a claim.
    """
    retrying = AsyncRetrying(
        retry=retry_if_exception_type((AssertionError, ValueError, LookupError, OSError)),
        stop=stop_after_delay(within),
        wait=wait_fixed(every),
        reraise=True,
    )

    async def attempt() -> ResultT:
        return await check()

    return await retrying(attempt)
