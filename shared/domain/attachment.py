"""What becomes of a file that a contact sent: its states, and when another attempt is worth it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

RefusalReason = Literal["format", "damaged", "too_large", "malware"]
UnavailableReason = Literal["expired", "not_found", "unreachable"]

# Meta keeps media of webhooks for seven days (Meta, media, since 2025-10-09).
KEPT_BY_WHATSAPP = timedelta(days=7)
# Meta also says that it does not know an id where a permission is missing or the number is wrong,
# which a person can mend. The tenth answer comes at the earliest forty minutes after the first.
MISSING_ANSWERS = 10

_FIRST_DELAY = timedelta(seconds=5)
_LONGEST_DELAY = timedelta(hours=1)
# Whether the antivirus is back is asked without fetching the file, so it may be asked more often.
_LONGEST_DELAY_OF_SCAN = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class DeclaredMedia:
    """What WhatsApp and the sender's phone say of a file; only what the bytes are is believed."""

    media_id: str | None
    """Meta's id; None where the webhook brought none that could be asked for."""
    filename: str | None
    declared_type: str | None
    sha256: str | None


def delay_after(attempt: int) -> timedelta:
    """Give the time until the next attempt: it doubles, from five seconds up to an hour."""
    doubled: int = 2 ** min(attempt - 1, 20)
    return min(_FIRST_DELAY * doubled, _LONGEST_DELAY)


def delay_of_scan(attempt: int) -> timedelta:
    """Give the time until an antivirus that is away is asked: it doubles, up to five minutes."""
    return min(delay_after(attempt), _LONGEST_DELAY_OF_SCAN)


def gives_up(
    missing_answers: int, sent_at: datetime, now: datetime, *, missing: bool
) -> UnavailableReason | None:
    """Say why a file that could not be fetched is given up, or None to try it again.

    `missing`: Meta answered, and does not know the id; `missing_answers` counts those, this one
    among them. Everything else may pass, an outage of an hour too, for as long as Meta keeps the
    file.
    """
    if now - sent_at >= KEPT_BY_WHATSAPP:
        return "expired" if missing else "unreachable"
    return "not_found" if missing and missing_answers >= MISSING_ANSWERS else None
