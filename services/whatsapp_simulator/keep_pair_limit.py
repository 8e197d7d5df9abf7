"""Refuse what comes too often for one user, by Meta's words for its pair limit."""

from services.whatsapp_simulator.graph_errors import GraphError
from services.whatsapp_simulator.phones import Phone

PAIR_LIMIT = 131056
# (Meta, throughput, 2025-11.) Meta does not say what exactly is refused after a burst; this is the
# strictest reading: nothing goes until all of it is paid for.
_SECONDS = 6.0
_AT_ONCE = 45


def keep_pair_limit(phone: Phone, now: float) -> None:
    """Count a message that comes now; raise GraphError where it is too much."""
    began, messages = phone.burst
    if now >= began + _SECONDS * messages:
        phone.burst = now, 1
    elif now < began + _SECONDS and messages < _AT_ONCE:
        phone.burst = began, messages + 1
    else:
        raise GraphError(PAIR_LIMIT)
