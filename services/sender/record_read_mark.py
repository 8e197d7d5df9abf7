"""Write down what became of a read mark."""

from datetime import timedelta

from services.sender.take_read_marks import TakenMark
from shared.database.pool import Pool
from shared.log import log
from shared.whatsapp.mark_read import Marked, NotMarked

# Two seconds, eight, …: eleven minutes in all. Then the contact does without it.
MOST_ATTEMPTS = 6
_FIRST_SECONDS = 2.0
_FACTOR = 4.0

# Only this attempt of this mark: a newer one may have taken its place, or another sender have it.
DATE_MARK = """
UPDATE read_marks SET due_at = clock_timestamp() + $4::interval
WHERE contact_id = $1 AND message_id = $2 AND attempts = $3
"""

_NEVER: timedelta | None = None


async def record_read_mark(
    pool: Pool, mark: TakenMark, outcome: Marked | NotMarked | None, took_ms: float
) -> None:
    """End the mark, or date its next attempt; without an outcome it was too old to be sent."""
    match outcome:
        case Marked():
            await _date(pool, mark, _NEVER)
            log.info(
                "read_mark.sent", message_id=mark.message_id, attempt=mark.attempt, took_ms=took_ms
            )
        case NotMarked() if _helps_to_wait(mark, outcome):
            delay = _delay(mark.attempt, outcome)
            await _date(pool, mark, delay)
            log.info(
                "read_mark.retry", message_id=mark.message_id, attempt=mark.attempt,
                code=outcome.code, status=outcome.status,
                due_in_ms=round(delay.total_seconds() * 1000),
            )  # fmt: skip
        case NotMarked():
            await _date(pool, mark, _NEVER)
            log.warning(
                "read_mark.dropped", message_id=mark.message_id, attempt=mark.attempt,
                code=outcome.code, status=outcome.status,
            )  # fmt: skip
        case None:
            await _date(pool, mark, _NEVER)
            log.info("read_mark.too_old", message_id=mark.message_id)


async def _date(pool: Pool, mark: TakenMark, delay: timedelta | None) -> None:
    await pool.execute(DATE_MARK, mark.contact_id, mark.message_id, mark.attempt, delay)


def _helps_to_wait(mark: TakenMark, outcome: NotMarked) -> bool:
    return outcome.rule.action in {"retry", "slow", "stop"} and mark.attempt < MOST_ATTEMPTS


def _delay(attempt: int, outcome: NotMarked) -> timedelta:
    ours = _FIRST_SECONDS * _FACTOR ** (attempt - 1)
    return timedelta(seconds=max(ours, outcome.rule.delay_seconds(attempt)))
