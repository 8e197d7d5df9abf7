"""How Meta behaves for now: what a test can ask for, and how much of it is left."""

from typing import Annotated, Literal

import msgspec

from services.whatsapp_simulator.graph_errors import ERRORS

Count = Annotated[int, msgspec.Meta(ge=0)]
Seconds = Annotated[float, msgspec.Meta(ge=0)]


class Failure(msgspec.Struct, forbid_unknown_fields=True):
    """A documented error that the next sends get, so many times."""

    code: int
    times: Annotated[int, msgspec.Meta(ge=1)] = 1

    def __post_init__(self) -> None:
        if self.code not in ERRORS:
            raise ValueError(f"{self.code} is not a documented error code")


class Behaviour(msgspec.Struct, forbid_unknown_fields=True):
    """The defaults are a good day. What is counted (the last four) is used up."""

    duplicates: Count = 0
    """Each webhook is delivered so many times more."""
    shuffle: bool = False
    """What came together within `collect_seconds` is delivered in any order."""
    collect_seconds: Seconds = 0.1
    """How long is collected, where `shuffle` or `batch` asks for it."""
    batch: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 1
    """Up to so many messages and statuses travel in one POST (Meta, webhooks, 2025-11: 1000)."""
    webhooks_paused: bool = False
    """Webhooks wait, their repetitions too."""
    statuses: bool = True
    """What the desk sends is reported as sent and as delivered."""
    status_delay_seconds: Seconds = 0.0
    """From the acceptance to `sent`, and again to `delivered`."""
    seed: int = 0
    """Of the order and the grouping of webhooks."""
    delay_seconds: Seconds = 0.0
    """The Graph API answers so late; what it accepts is accepted at once."""
    fail_next: list[Failure] = []
    """Answers to the next good sends, in this order."""
    refuse_connections: Count = 0
    """The next requests are cut before anything is accepted."""
    http_500_next: Count = 0
    """The next requests get a 500 that is not JSON; nothing is accepted."""
    lose_answer_next: Count = 0
    """The next accepted messages are delivered, but the connection is cut before the answer."""

    def spend(
        self, counter: Literal["refuse_connections", "http_500_next", "lose_answer_next"]
    ) -> bool:
        """Tell whether it is to happen now, and count it."""
        left: int = getattr(self, counter)
        setattr(self, counter, max(0, left - 1))
        return left > 0

    def spend_failure(self) -> int | None:
        """Give the code with which this send fails, or None."""
        if not self.fail_next:
            return None
        failure = self.fail_next[0]
        failure.times -= 1
        if failure.times == 0:
            self.fail_next.pop(0)
        return failure.code
