"""What may be sent to a contact now, by WhatsApp's 24-hour window (R16)."""

from datetime import datetime, timedelta
from typing import Literal

# Meta, customer service window: from the contact's last message, by WhatsApp's clock.
WINDOW = timedelta(hours=24)

Form = Literal["text", "template", "undeliverable"]


def window_end(last_inbound_at: datetime | None) -> datetime | None:
    """Give the end of the time in which free text can be sent; None where nobody wrote yet."""
    return last_inbound_at + WINDOW if last_inbound_at is not None else None


def form_of(
    purpose: str | None, last_inbound_at: datetime | None, now: datetime, *, has_template: bool
) -> Form:
    """Say how a message leaves: as it stands, as its template, or not at all.

    `purpose` None is an agent's own text, for which there is no template.
    """
    end = window_end(last_inbound_at)
    if end is not None and now < end:
        return "text"
    return "template" if purpose is not None and has_template else "undeliverable"
