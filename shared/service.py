"""What a running process gives to its parts: when to stop, and where to say how it is."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import tenacity

from shared.health import Health

ResultT = TypeVar("ResultT")


class Service:
    """One process: its health and the wish that it ends."""

    def __init__(self) -> None:
        self.health = Health()
        self.stopping = asyncio.Event()

    async def stopped_within(self, seconds: float) -> bool:
        """Wait so long at most; tell whether the process has been asked to stop."""
        try:
            async with asyncio.timeout(seconds):
                await self.stopping.wait()
        except TimeoutError:
            return False
        return True

    async def try_until_stopped(
        self,
        work: Callable[[], Awaitable[ResultT]],
        errors: tuple[type[Exception], ...],
        say: Callable[[int, BaseException], None],
        *,
        longest_wait: float = 5.0,
    ) -> ResultT:
        """Try again while the outside is away, from 0.2 s up to `longest_wait` seconds apart.

        Before each wait `say` gets the attempt and its error; what it raises ends the trying.
        Once the process is asked to stop, the last error is raised.
        """

        # tenacity awaits only what it recognises as a coroutine function, and a lambda that
        # gives a coroutine is none.
        async def attempt() -> ResultT:
            return await work()

        async def sleep(seconds: float) -> None:
            await self.stopped_within(seconds)

        def before_sleep(state: tenacity.RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome is not None else None
            if error is not None:
                say(state.attempt_number, error)

        retrying = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception_type(errors),
            wait=tenacity.wait_exponential_jitter(multiplier=0.2, max=longest_wait, jitter=0.2),
            stop=lambda _: self.stopping.is_set(),
            sleep=sleep,
            before_sleep=before_sleep,
            reraise=True,
        )
        return await retrying(attempt)
