"""What an error code of the Graph API means for the message that met it.

From Meta's error codes (2025-11 and 2026-05). Meta asks to build on the code, not on the HTTP
status: throttling is 400, and 500 stands for a missing permission too. The full table, with
pacing and a channel that stops, is issue 6; until then what would stop the channel is tried again
later, so that nothing is lost.
"""

from typing import Literal

# The 24-hour window is closed, by Meta's own reckoning (Meta, error codes).
WINDOW_CLOSED = 131047

Verdict = Literal["retry", "few", "later", "fail"]

# Throttling and outages: tried again with growing delay for as long as they last.
_RETRY = frozenset({2, 4, 80007, 130429, 131056, 131016, 131057, 133004})
# "Unknown error": may pass, or may be this message; a few tries tell.
_FEW = frozenset({1, 131000})
# Tokens, permissions, payment, restrictions: a person must act; the queue is kept.
_LATER = frozenset(
    {0, 3, 10, 33, 190, 368, 131005, 131031, 131037, 131042, 131045, 131048, 131064, 133010, 133016}
)
_PERMISSIONS = range(200, 300)


def judge_code(code: int) -> Verdict:
    """Say whether the message is tried again, a few times only, much later, or has failed."""
    if code in _FEW:
        return "few"
    if code in _RETRY:
        return "retry"
    if code in _LATER or code in _PERMISSIONS:
        return "later"
    return "fail"
