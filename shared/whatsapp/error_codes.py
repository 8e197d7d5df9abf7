"""What an error code of the Cloud API means for the message that met it, as a table.

From Meta's error codes (2025-11-19 and 2026-05-15). Meta asks to build on the code, not on the HTTP
status: throttling is 400, and 500 stands for a missing permission, too. Many codes come at once,
as a status hours later, or both; their meaning is the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

Action = Literal["retry", "slow", "stop", "fail", "window"]


@dataclass(frozen=True, slots=True)
class Rule:
    """What to do with the message, with its contact and with the channel."""

    action: Action
    """`retry`: this message waits, and what is behind it. `slow`: so does the whole number.
    `stop`: nothing is sent until a careful try succeeds. `fail`: this message, for good.
    `window`: the 24-hour window is closed (R16)."""
    first_seconds: float = 0.0
    """The first delay: of the message, of the number, or before the channel is tried again."""
    factor: float = 2.0
    longest_seconds: float = 300.0
    most_attempts: int | None = None
    """Then the message has failed; None: as long as it takes."""

    def is_final(self, times: int) -> bool:
        """Tell whether a message has failed that got this for the so-manieth time in a row."""
        return self.action == "fail" or (
            self.most_attempts is not None and times >= self.most_attempts
        )

    def message_delay_seconds(self, times: int) -> float:
        """Give the message's own delay; where the whole number waits, it goes on when that does."""
        return self.delay_seconds(times) if self.action == "retry" else 0.0

    def delay_seconds(self, times: int) -> float:
        """Give the delay after the so-manieth time in a row, the first being 1."""
        return min(self.first_seconds * self.factor ** min(times - 1, 30), self.longest_seconds)


# Outages that pass.
RETRY = Rule("retry", first_seconds=2)
# "Unknown error": may pass, or may be this message; a few tries tell.
_FEW = Rule("retry", first_seconds=2, most_attempts=8)
# One contact gets too much; Meta's own advice is 4^X seconds, X from 0.
_PAIR = Rule("retry", first_seconds=1, factor=4, longest_seconds=1024)
# Meta's limit of business-initiated conversations, cut for a while: nothing of ours to mend.
_HOURS = Rule("retry", first_seconds=3600, factor=1, longest_seconds=3600, most_attempts=24)
_THROUGHPUT = Rule("slow", first_seconds=1, longest_seconds=60)
# Calls of the app or of the account in an hour.
_CALLS = Rule("slow", first_seconds=60, longest_seconds=900)
# Tokens, permissions, payment, restrictions: a person must act; the queue is kept.
STOP = Rule("stop", first_seconds=30)
# Meta lifts it by itself, after hours; trying often makes it worse.
_SPAM = Rule("stop", first_seconds=900, longest_seconds=3600)
_FAIL = Rule("fail")
_WINDOW = Rule("window")
# A contact that has no address; nothing was sent.
NO_ADDRESS = _FAIL
# A file whose bytes were deleted, and WhatsApp has it no more; nothing was sent.
NO_FILE = _FAIL
# Of no code that we know, and yet an answer of the API: it may concern this message alone.
_FORBIDDEN = Rule("retry", first_seconds=60, longest_seconds=3600, most_attempts=8)

RULES: Mapping[int, Rule] = {
    **dict.fromkeys((2, 131016, 131057, 133004), RETRY),
    **dict.fromkeys((1, 131000), _FEW),
    131056: _PAIR,
    131064: _HOURS,
    130429: _THROUGHPUT,
    **dict.fromkeys((4, 80007), _CALLS),
    # token; permissions; the number, the account, its name, its certificate, its payment
    **dict.fromkeys((0, 190), STOP),
    **dict.fromkeys((3, 10, *range(200, 300), 131005), STOP),
    **dict.fromkeys((33, 368, 131031, 131037, 131042, 131045), STOP),
    # registration: as long as it lasts, the number cannot send
    **dict.fromkeys((133000, 133005, 133006, 133008, 133009, 133010, 133015, 133016), STOP),
    131048: _SPAM,
    131047: _WINDOW,
    # our request, or this contact, or what it would get
    **dict.fromkeys((100, 131008, 131009, 131021, 131051, 131052, 131053), _FAIL),
    **dict.fromkeys((130472, 130497, 131026, 131030, 131049, 131050, 131062), _FAIL),
    **dict.fromkeys((132000, 132001, 132005, 132007, 132012, 132015, 132016), _FAIL),
    **dict.fromkeys((132018, 132068, 132069, 134011, 135000, 137000), _FAIL),
    131208: _THROUGHPUT,
}

_BY_STATUS: Mapping[int | None, Rule] = {
    HTTPStatus.UNAUTHORIZED: STOP,
    HTTPStatus.FORBIDDEN: _FORBIDDEN,
    HTTPStatus.TOO_MANY_REQUESTS: _THROUGHPUT,
}

# Graph's answer for an object that is not there or not ours: a wrong number id or a token for
# another account. It comes with code 100, which for anything else is this message's fault.
_NO_SUCH_OBJECT = (100, 33)


def rule_of(code: int | None, status: int | None = None, subcode: int | None = None) -> Rule:
    """Give the rule of a code; where it is unknown, that of its class.

    `status` is the HTTP status, None for an error that a status webhook brought. Without a code
    the answer is not the API's own (a proxy, a login page, a wrong address): it says nothing of
    the message, and every other one would get it, too.
    """
    if code is None:
        return _THROUGHPUT if status == HTTPStatus.TOO_MANY_REQUESTS else STOP
    if (code, subcode) == _NO_SUCH_OBJECT:
        return STOP
    if code in RULES:
        return RULES[code]
    if status is not None and status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _FEW
    return _BY_STATUS.get(status, _FAIL)
