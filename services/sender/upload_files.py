"""Give WhatsApp the files of messages, beside sending and apart from it.

A message whose file is not there yet is not taken, so nobody has to ask whether it went when its
sender dies; and a large file holds up the messages of its own contact alone.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing, suppress
from datetime import timedelta
from time import monotonic

from services.sender.claim_uploads import (
    RENEW_SECONDS,
    UploadClaim,
    claim_uploads,
    put_off_upload,
    renew_claims,
)
from services.sender.record_uploads import record_upload_failed, record_uploaded
from shared.database.pool import AWAY, Pool
from shared.domain.window import form_of
from shared.errors import TryAgainError
from shared.log import failure, log
from shared.media.store import MediaStore
from shared.service import Service
from shared.whatsapp.error_codes import NO_FILE, RETRY
from shared.whatsapp.sendable import BY_FORMAT
from shared.whatsapp.upload_media import UploadApi, UploadAway, Uploaded, UploadRefused

# Each holds a few pieces of its file in memory.
UPLOADS_AT_ONCE = 8
POLL_SECONDS = 0.5
# What runs at SIGTERM may end; then the rest is given back (a process has 25 s in all).
DRAIN_SECONDS = 15.0


class UploadFiles:
    """Uploads what is due, beside any number of other senders."""

    def __init__(self, pool: Pool, api: UploadApi, store: MediaStore, service: Service) -> None:
        self._pool = pool
        self._api = api
        self._store = store
        self._service = service
        self._working: dict[asyncio.Task[None], UploadClaim] = {}

    async def run(self) -> None:
        """Upload until the process is asked to stop; nothing that is given back then is lost."""
        holding = asyncio.create_task(self._hold_claims())
        while not await self._service.stopped_within(POLL_SECONDS):
            try:
                room = UPLOADS_AT_ONCE - len(self._working)
                for claim in await claim_uploads(self._pool, room) if room else ():
                    self._begin(claim)
            except AWAY as error:
                # Whether it is ready, the taking of messages says.
                log.warning("sender.waiting", **failure(error))
        if self._working:
            await asyncio.wait(self._working, timeout=DRAIN_SECONDS)
        for task in (holding, *self._working):
            task.cancel()
        await asyncio.gather(holding, *self._working, return_exceptions=True)

    async def _hold_claims(self) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            # While the database is away the claims run out, and whoever claims then begins anew.
            with suppress(*AWAY):
                await renew_claims(self._pool, self._working.values())

    def _begin(self, claim: UploadClaim) -> None:
        task = asyncio.create_task(self._work(claim))
        self._working[task] = claim
        task.add_done_callback(self._working.pop)

    async def _work(self, claim: UploadClaim) -> None:
        try:
            # At the end of the process, and the database is away: the claim runs out by itself.
            with suppress(*AWAY, TryAgainError):
                await self._upload(claim)
        except asyncio.CancelledError:
            with suppress(*AWAY):
                await put_off_upload(self._pool, claim, timedelta())
            log.info("upload.released", attachment_id=claim.attachment_id, attempt=claim.attempt)
            raise

    async def _upload(self, claim: UploadClaim) -> None:
        started = monotonic()
        form = form_of(None, claim.last_inbound_at, claim.claimed_at, has_template=False)
        if form == "undeliverable":
            await self._record(claim, lambda: record_uploaded(self._pool, claim, None, 0))
            return
        if claim.storage_key is None:
            gone = UploadRefused(NO_FILE, 0, None)
            await self._record(claim, lambda: record_upload_failed(self._pool, claim, gone))
            return
        media_type = BY_FORMAT[claim.format].media_type
        async with aclosing(self._store.read(claim.storage_key)) as pieces:
            outcome = await self._api.upload(pieces, claim.size, media_type)
        took_ms = round((monotonic() - started) * 1000, 1)
        if isinstance(outcome, Uploaded):
            media_id = outcome.media_id
            await self._record(claim, lambda: record_uploaded(self._pool, claim, media_id, took_ms))
        elif isinstance(outcome, UploadRefused) and outcome.rule.is_final(claim.attempt):
            refused = outcome
            await self._record(claim, lambda: record_upload_failed(self._pool, claim, refused))
        else:
            await self._put_off(claim, outcome)

    async def _put_off(self, claim: UploadClaim, outcome: UploadRefused | UploadAway) -> None:
        """Try again later, also where the number or the token is refused: sends stop for that."""
        if isinstance(outcome, UploadRefused):
            rule, code, error = outcome.rule, outcome.code, None
        else:
            rule, code, error = RETRY, None, outcome.error
        wait = timedelta(seconds=rule.delay_seconds(claim.attempt))
        log.warning(
            "upload.retry", attachment_id=claim.attachment_id, attempt=claim.attempt, code=code,
            status=outcome.status, due_in_ms=wait.total_seconds() * 1000,
            **(failure(error) if error is not None else {}),
        )  # fmt: skip
        await put_off_upload(self._pool, claim, wait)

    async def _record(self, claim: UploadClaim, record: Callable[[], Awaitable[bool]]) -> None:
        """Write the end, waiting while the database is away."""

        def say(_: int, error: BaseException) -> None:
            log.warning("sender.waiting", **failure(error))

        if not await self._service.try_until_stopped(record, (*AWAY, TryAgainError), say):
            log.warning(
                "upload.claim_lost", attachment_id=claim.attachment_id, attempt=claim.attempt
            )
