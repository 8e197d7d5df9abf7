"""Work on many files at once, so that one that is slow holds up no other."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta

from services.media_validator.claim_attachment import (
    RENEW_SECONDS,
    Claim,
    claim_attachment,
    give_back_claim,
    renew_claims,
)
from shared.database.pool import AWAY, Pool
from shared.errors import NeverWorksError, OutsideAwayError
from shared.events import AttachmentReceived, Event
from shared.log import log
from shared.service import Service
from shared.waiting import first_of

FILES_AT_ONCE = 50
# What runs at SIGTERM may end; then the rest is given back (a process has 25 s in all).
DRAIN_SECONDS = 15.0

Validate = Callable[[Claim], Awaitable[None]]


class ValidateAttachments:
    """Takes the hints of one queue and answers for the files behind them."""

    def __init__(self, pool: Pool, validate: Validate, service: Service) -> None:
        self._pool = pool
        self._validate = validate
        self._service = service
        self._room = asyncio.Semaphore(FILES_AT_ONCE)
        self._working: dict[asyncio.Task[None], Claim] = {}

    async def take(self, events: Sequence[Event]) -> None:
        """Claim the files, as soon as there is room for each, and begin with them.

        The hints may be acknowledged when this returns: from then on the rows remember.
        """
        for event in events:
            if not isinstance(event, AttachmentReceived):
                raise NeverWorksError("no attachment")
            await self._wait_for_room()
            try:
                claim = await claim_attachment(self._pool, event.attachment_id)
            except BaseException:
                self._room.release()
                raise
            if claim is None:
                self._room.release()
            else:
                self._begin(claim)

    async def hold_claims(self) -> None:
        """Renew what is being worked on, until this is cancelled."""
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            # While the database is away the leases run out; whoever claims then begins anew.
            with suppress(*AWAY):
                await renew_claims(self._pool, self._working.values())

    async def drain(self) -> None:
        """Let what runs end, and give back what does not."""
        if self._working:
            await asyncio.wait(self._working, timeout=DRAIN_SECONDS)
        for task in self._working:
            task.cancel()
        await asyncio.gather(*self._working, return_exceptions=True)

    async def _wait_for_room(self) -> None:
        await first_of(self._room.acquire(), self._service.stopping.wait())
        if self._service.stopping.is_set():
            raise OutsideAwayError("the process ends")

    def _begin(self, claim: Claim) -> None:
        task = asyncio.create_task(self._work(claim))
        self._working[task] = claim
        task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        del self._working[task]
        self._room.release()

    async def _work(self, claim: Claim) -> None:
        try:
            # The database is away at the end of the process: the lease runs out by itself.
            with suppress(*AWAY):
                await self._validate(claim)
        except asyncio.CancelledError:
            with suppress(*AWAY):
                await give_back_claim(self._pool, claim, timedelta(0))
            log.info(
                "attachment.released", attachment_id=claim.attachment_id, attempt=claim.attempt
            )
            raise
