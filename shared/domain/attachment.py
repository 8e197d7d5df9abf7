"""What becomes of a file that a contact sent: its states, and when another attempt is worth it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

RefusalReason = Literal["format", "damaged", "too_large", "malware"]
UnavailableReason = Literal["expired", "not_found", "unreachable"]

# Meta keeps media of webhooks for seven days (Meta, media, since 2025-10-09).
KEPT_BY_WHATSAPP = timedelta(days=7)
# Meta also says that it does not know an id where a permission is missing or the number is wrong,
# which a person can mend. The tenth attempt comes some forty minutes after the first.
ATTEMPTS_AT_MISSING = 10

_FIRST_DELAY = timedelta(seconds=5)
_LONGEST_DELAY = timedelta(hours=1)


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


def gives_up(
    attempt: int, sent_at: datetime, now: datetime, *, missing: bool
) -> UnavailableReason | None:
    """Say why a file that could not be fetched is given up, or None to try it again.

    `missing`: Meta answered, and does not know the id. Everything else may pass, an outage of an
    hour too, for as long as Meta keeps the file.
    """
    if now - sent_at >= KEPT_BY_WHATSAPP:
        return "expired" if missing else "unreachable"
    return "not_found" if missing and attempt >= ATTEMPTS_AT_MISSING else None
