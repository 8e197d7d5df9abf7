"""The loop beside the outbox's that tells WhatsApp what agents have read."""

import asyncio
from time import monotonic

from services.sender.record_read_mark import record_read_mark
from services.sender.take_read_marks import TakenMark, take_read_marks
from shared.database.pool import AWAY, Pool
from shared.log import failure, log
from shared.service import Service
from shared.whatsapp.error_codes import RETRY
from shared.whatsapp.mark_read import MARK_SECONDS, Marked, NotMarked, ReadMarksApi

IN_FLIGHT = 2
POLL_SECONDS = 0.5
AWAY_SECONDS = 2.0
# Of the number's throughput, by each sender: what is queued meanwhile finds the rest free. Whether
# marks count for it at all, Meta does not say.
SHARE = 1 / 8


async def send_read_marks(
    pool: Pool, api: ReadMarksApi, messages_per_second: int, service: Service
) -> None:
    """Send marks, a few at once and never before a message, until the process is asked to stop."""
    pause = POLL_SECONDS
    while not await service.stopped_within(pause):
        try:
            marks = await take_read_marks(pool, IN_FLIGHT)
        except AWAY as error:
            log.warning("sender.waiting", **failure(error))
            pause = AWAY_SECONDS
            continue
        await asyncio.gather(*(_send(pool, api, mark) for mark in marks))
        requests = sum(len(mark.wamids) for mark in marks)
        pause = requests / (messages_per_second * SHARE) if marks else POLL_SECONDS


async def _send(pool: Pool, api: ReadMarksApi, mark: TakenMark) -> None:
    started = monotonic()
    outcome = None if mark.is_too_old else await _mark(api, mark)
    took_ms = round((monotonic() - started) * 1000, 1)
    try:
        await record_read_mark(pool, mark, outcome, took_ms)
    except AWAY as error:
        # It is sent again when its lease is over, which does no harm.
        log.warning("sender.waiting", **failure(error))


async def _mark(api: ReadMarksApi, mark: TakenMark) -> Marked | NotMarked:
    """Mark all that it stands for, within its lease; stop at the first that is refused."""
    try:
        async with asyncio.timeout(MARK_SECONDS):
            for wamid in mark.wamids:
                outcome = await api.mark_read(wamid)
                if isinstance(outcome, NotMarked):
                    return outcome
    except TimeoutError:
        return NotMarked(RETRY, 0, None)
    return Marked()
