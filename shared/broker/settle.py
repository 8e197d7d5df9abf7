"""Handle a batch of events until each has committed or is known to be at fault."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import monotonic

from shared.errors import NeverWorksError, OutsideAwayError, TryAgainError
from shared.events import Event
from shared.log import failure, log
from shared.service import Service

Handle = Callable[[Sequence[Event]], Awaitable[None]]
"""Handles events in one transaction; what it raises is translated by a `Judge`."""
Judge = Callable[[Exception], Exception]

HOLD_SECONDS = 600.0
"""How long deliveries are held while the outside is away (design: ten minutes)."""
MOST_RACES = 10


class GiveBackError(Exception):
    """The batch could not be handled for too long, or the process ends: let it be redelivered."""


@dataclass(frozen=True, slots=True)
class Failed:
    """An event that cannot be handled, alone, and why."""

    event: Event
    reason: str
    error: Exception


class Settler:
    """Runs a handler over batches: waits, tries again, halves."""

    def __init__(self, queue: str, handle: Handle, judge: Judge, service: Service) -> None:
        self._queue = queue
        self._handle = handle
        self._judge = judge
        self._service = service

    async def settle(self, events: Sequence[Event]) -> list[Failed]:
        """Return once all events have committed but those returned, each proved to fail alone.

        Raises GiveBackError where the outside stays away for longer than `HOLD_SECONDS`, or the
        process is asked to stop meanwhile; what has committed by then is known by its item id.
        """
        if not events:
            return []
        try:
            await self._patiently(events)
        except NeverWorksError as fault:
            cause = fault.__cause__ if isinstance(fault.__cause__, Exception) else fault
            if len(events) == 1:
                return [Failed(events[0], str(fault), cause)]
            log.info("batch.halved", queue=self._queue, events=len(events), **failure(cause))
            middle = len(events) // 2
            return [*await self.settle(events[:middle]), *await self.settle(events[middle:])]
        return []

    async def _patiently(self, events: Sequence[Event]) -> None:
        """Wait while the outside is away; readiness says so."""
        part = f"handling {self._queue}"
        started = monotonic()

        def say(attempt: int, error: BaseException) -> None:
            if monotonic() - started > HOLD_SECONDS:
                raise GiveBackError
            self._service.health.not_ready(part, str(error))
            log.warning(
                "worker.waiting", queue=self._queue, events=len(events), attempt=attempt,
                **failure(error.__cause__ or error),
            )  # fmt: skip

        try:
            await self._service.try_until_stopped(
                lambda: self._through_races(events), (OutsideAwayError,), say
            )
        except OutsideAwayError:
            raise GiveBackError from None
        if part in self._service.health.trouble:
            self._service.health.ready(part)
            waited = round((monotonic() - started) * 1000)
            log.info("worker.resumed", queue=self._queue, waited_ms=waited)

    async def _through_races(self, events: Sequence[Event]) -> None:
        for _ in range(MOST_RACES):
            try:
                return await self._once(events)
            except TryAgainError as race:
                log.info("batch.raced", queue=self._queue, events=len(events), constraint=str(race))
        if len(events) > 1:
            # No race is lost so often: one of them may be what cannot be won.
            raise NeverWorksError("the same race was lost again and again")
        raise OutsideAwayError("the same race was lost again and again")

    async def _once(self, events: Sequence[Event]) -> None:
        try:
            await self._handle(events)
        except Exception as error:
            raise self._judge(error) from error
