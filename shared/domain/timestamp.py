"""Reading WhatsApp's timestamps, which may be late, ahead, in milliseconds, or nonsense."""

from datetime import UTC, datetime, timedelta

from shared.domain.ticket import whole_second_down

# R7: what lies further ahead than this is not believed.
AHEAD = timedelta(minutes=5)

_FIRST_SECOND = 1_000_000_000  # 2001: before WhatsApp
_LAST_SECOND = 10_000_000_000  # 2286: beyond it, a number is taken for milliseconds
_TOO_LONG = 1e15
_MOST_DIGITS = 15


def read_timestamp(value: object, received_at: datetime) -> datetime:
    """Give the whole second at which a contact sent something, in UTC.

    `value` is what stands in the webhook: by Meta's documents a string of Unix seconds. What
    cannot be read, or lies more than five minutes after `received_at`, counts as the time of
    arrival (R7).
    """
    seconds = _unix_seconds(value)
    if seconds is not None:
        sent_at = datetime.fromtimestamp(seconds, UTC)
        if sent_at <= received_at + AHEAD:
            return sent_at
    return whole_second_down(received_at)


def _unix_seconds(value: object) -> int | None:
    if isinstance(value, float):
        value = str(int(value)) if 0 <= value < _TOO_LONG else None
    digits = str(value).strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS):
        return None
    number = int(digits)
    if number >= _LAST_SECOND:
        number //= 1000
    return number if _FIRST_SECOND <= number < _LAST_SECOND else None
