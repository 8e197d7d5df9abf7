"""One file from its claim to its end: fetch it, prove it, keep it or say why not."""

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from time import monotonic

from services.media_validator.accept_media import accept_media, store_media
from services.media_validator.claim_attachment import Claim, give_back_claim
from services.media_validator.give_up_media import give_up_media
from services.media_validator.refuse_media import refuse_media
from services.media_validator.settings import Settings
from shared.database.pool import AWAY, Pool
from shared.domain.attachment import (
    RefusalReason,
    UnavailableReason,
    delay_after,
    delay_of_scan,
    gives_up,
)
from shared.errors import TryAgainError
from shared.log import failure, log
from shared.media.antivirus import Antivirus, AntivirusAwayError, NoVerdictError
from shared.media.formats.format import Verdict
from shared.media.proofs import Proofs
from shared.media.store import MediaStore
from shared.nameless_file import nameless_file
from shared.service import Service
from shared.whatsapp.fetch_media import (
    Fetched,
    MediaApi,
    MediaAwayError,
    MediaMissingError,
    MediaTooLargeError,
)

# What a store is given passes through memory in parts.
STORED_AT_ONCE = 4

Finish = Callable[[], Awaitable[bool]]


class ValidateMedia:
    """Decides over files by their content alone (R11)."""

    def __init__(
        self,
        pool: Pool,
        media: MediaApi,
        proofs: Proofs,
        antivirus: Antivirus | None,
        store: MediaStore,
        settings: Settings,
        service: Service,
    ) -> None:
        self._pool = pool
        self._media = media
        self._proofs = proofs
        self._antivirus = antivirus
        self._store = store
        self._settings = settings
        self._service = service
        self._storing = asyncio.Semaphore(STORED_AT_ONCE)

    async def __call__(self, claim: Claim) -> None:
        """Answer for one file: it ends, or it is due again; nothing is raised but a cancellation.

        The bytes pass through a file without a name, which ends with the process however that
        ends.
        """
        started = monotonic()
        if claim.media_id is None:
            await self._give_up(claim, "not_found")  # nothing that could be asked for
            return
        try:
            async with nameless_file(self._store.folder) as (file, path):
                # At first it is fetched anyway: what is refused needs no scan, and is told at once.
                if self._antivirus is not None and claim.attempt > 1:
                    await self._antivirus.check()
                most_bytes = self._settings.max_bytes
                fetched = await self._media.fetch(claim.media_id, file, path, most_bytes)
                await self._decide(claim, fetched, started)
        except MediaTooLargeError:
            await self._refuse(claim, "too_large", None, started)
        except AntivirusAwayError as error:
            # It is not given up however long that takes: what is missing is not at Meta.
            await self._put_off(claim, error, delay_of_scan(claim.attempt))
        except NoVerdictError as error:
            # Neither is this; but it is fetched whole each time.
            await self._put_off(claim, error, delay_after(claim.attempt))
        except MediaMissingError as error:
            await self._give_up_or_retry(claim, error, missing=True)
        except Exception as error:  # noqa: BLE001  whatever it was, the row is due again
            await self._give_up_or_retry(claim, error, missing=False)

    async def _decide(self, claim: Claim, fetched: Fetched, started: float) -> None:
        if not _hash_fits(claim.declared_sha256, fetched.sha256):
            # What exactly Meta hashes is not documented: so it is said, and nothing more.
            log.warning("attachment.hash_differs", attachment_id=claim.attachment_id)
        judged = await self._proofs.judge(fetched.path)
        reason: RefusalReason = "damaged" if judged.verdict is Verdict.DAMAGED else "format"
        if judged.verdict is not Verdict.PROVED or judged.format is None:
            await self._refuse(claim, reason, fetched.size, started)
        elif await self._holds_malware(claim, fetched):
            await self._refuse(claim, "malware", fetched.size, started)
        else:
            await self._accept(claim, fetched, judged.format.name, started)

    async def _holds_malware(self, claim: Claim, fetched: Fetched) -> bool:
        if self._antivirus is None:
            return False
        found = await self._antivirus.scan(fetched.path, fetched.size)
        if found is not None:
            log.warning("attachment.malware", attachment_id=claim.attachment_id, signature=found)
        return found is not None

    async def _accept(
        self, claim: Claim, fetched: Fetched, format_name: str, started: float
    ) -> None:
        async with self._storing:
            key = await store_media(self._pool, self._store, fetched)
        accepted = await self._finish(
            claim,
            lambda: accept_media(self._pool, claim, fetched, format_name, key, _ms(started)),
        )
        if not accepted:
            await self._store.drop(key)

    async def _refuse(
        self, claim: Claim, reason: RefusalReason, size: int | None, started: float
    ) -> None:
        await self._finish(
            claim,
            lambda: refuse_media(self._pool, claim, self._settings, reason, size, _ms(started)),
        )

    async def _give_up(self, claim: Claim, reason: UnavailableReason) -> None:
        await self._finish(claim, lambda: give_up_media(self._pool, claim, self._settings, reason))

    async def _give_up_or_retry(self, claim: Claim, error: Exception, *, missing: bool) -> None:
        now = datetime.now(UTC)
        reason = gives_up(claim.missing_answers + missing, claim.sent_at, now, missing=missing)
        if reason is not None:
            await self._give_up(claim, reason)
        else:
            await self._put_off(claim, error, delay_after(claim.attempt), missing=missing)

    async def _put_off(
        self, claim: Claim, error: Exception, wait: timedelta, *, missing: bool = False
    ) -> None:
        log.warning(
            "attachment.retry", attachment_id=claim.attachment_id, attempt=claim.attempt,
            due_in_ms=wait.total_seconds() * 1000,
            status=error.status if isinstance(error, MediaAwayError) else None,
            **failure(error.__cause__ or error),
        )  # fmt: skip
        await self._finish(claim, lambda: give_back_claim(self._pool, claim, wait, missing=missing))

    async def _finish(self, claim: Claim, finish: Finish) -> bool:
        """Write the end, waiting while the database is away; False where the claim was lost."""

        def say(attempt: int, error: BaseException) -> None:
            log.warning("worker.waiting", attempt=attempt, events=1, **failure(error))

        ended = await self._service.try_until_stopped(finish, (*AWAY, TryAgainError), say)
        if not ended:
            log.warning(
                "attachment.claim_lost", attachment_id=claim.attachment_id, attempt=claim.attempt
            )
        return ended


def _hash_fits(declared: str | None, sha256: str) -> bool:
    """Compare with what WhatsApp declared, which is hexadecimal or base64 (both were seen)."""
    if declared is None or declared.lower() == sha256:
        return True
    try:
        return base64.b64decode(declared, validate=True).hex() == sha256
    except (binascii.Error, ValueError):
        return False


def _ms(started: float) -> float:
    return round((monotonic() - started) * 1000, 1)
