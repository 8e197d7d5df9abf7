"""How far a message of ours has come; statuses arrive in any order, and none is taken back."""

# A failure is more than `sent` and less than `delivered`: what has arrived has not failed.
_RANKS = {"pending": 0, "unknown": 0, "sent": 1, "failed": 2, "delivered": 3, "read": 4}

# WhatsApp's states and ours; `played` tells that a voice note was listened to.
_STATES = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "played": "read",
    "failed": "failed",
}


def delivery_of(status: str | None) -> str | None:
    """Translate WhatsApp's status; None for one that says nothing to us."""
    return _STATES.get(status or "")


def is_further(state: str, than: str | None) -> bool:
    """Tell whether a state says more than the one that is known."""
    return than in _RANKS and _RANKS[state] > _RANKS[than]
