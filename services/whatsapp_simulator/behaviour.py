"""How Meta behaves for now: what a test can ask for, and how much of it is left."""

from typing import Annotated, Literal, TypeAlias

import msgspec

from services.whatsapp_simulator.graph_errors import ERRORS

Count = Annotated[int, msgspec.Meta(ge=0)]
Seconds = Annotated[float, msgspec.Meta(ge=0)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Counter: TypeAlias = Literal[
    "refuse_connections",
    "http_500_next",
    "lose_answer_next",
    "media_500_next",
    "media_404_next",
    "media_cut_next",
    "media_wrong_length_next",
    "media_redirect_next",
    "lose_upload_next",
]


class Failure(msgspec.Struct, forbid_unknown_fields=True):
    """A documented error that the next sends get, so many times."""

    code: int
    times: Annotated[int, msgspec.Meta(ge=1)] = 1

    def __post_init__(self) -> None:
        if self.code not in ERRORS:
            raise ValueError(f"{self.code} is not a documented error code")


class Behaviour(msgspec.Struct, forbid_unknown_fields=True):
    """The defaults are a good day. `fail_…` and the Counts after them are used up."""

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
    """From the acceptance to `sent`, again to `delivered`, and again to `read`."""
    status_before_answer: bool = False
    """With `delay_seconds`: the statuses do not wait for the answer of the Graph API."""
    read_receipts: bool = False
    """Whatever is delivered is also reported as read, without anybody reading it."""
    callback_data: bool = True
    """Statuses bring the `biz_opaque_callback_data` of their message."""
    lose_answer_share: Share = 0.0
    """As `lose_answer_next`, but so many of all answers, by chance; the phone notes which."""
    lose_status_share: Share = 0.0
    """So many of the statuses never come, each by chance alone; the phone notes which."""
    media_url_seconds: Seconds = 300.0
    """How long a link to the bytes of a medium works (Meta, media, 2025-11: 5 minutes)."""
    media_bytes_per_second: Count = 0
    """The pace of each download; 0 is as fast as it goes."""
    media_away: bool = False
    """Every request for a medium, or for its bytes, is cut."""
    media_redirect_to: Annotated[str, msgspec.Meta(pattern=r"^([\w.-]+(:\d+)?)?$")] = ""
    """The `host[:port]` of `media_redirect_next`; "" is this host by its other name, localhost."""
    seed: int = 0
    """Of the order and the grouping of webhooks, and of what is lost by chance."""
    upload_seconds: Seconds = 0.0
    """How long it takes to upload a file, however small."""
    delay_seconds: Seconds = 0.0
    """The Graph API answers so late; what it accepts is accepted at once."""
    fail_next: list[Failure] = []
    """Answers to the next good sends, in this order."""
    fail_later: list[Failure] = []
    """The next good sends are accepted, reach nobody, and fail by a status with this code."""
    fail_uploads: list[Failure] = []
    """Answers to the next good uploads, in this order."""
    pair_limit: bool = False
    """Who is sent to too often gets 131056: 45 messages in 6 seconds, each paid for with 6 more."""
    refuse_connections: Count = 0
    """The next requests are cut before anything is accepted."""
    http_500_next: Count = 0
    """The next requests get a 500 that is not JSON; nothing is accepted."""
    lose_answer_next: Count = 0
    """The next accepted messages are delivered, but the connection is cut before the answer."""
    media_500_next: Count = 0
    """The next requests for media or their bytes get a 500 that is not JSON."""
    media_404_next: Count = 0
    """The next downloads get a 404, though their link is fresh."""
    media_cut_next: Count = 0
    """The next downloads end after half of the bytes."""
    media_wrong_length_next: Count = 0
    """The next downloads announce no length and never end."""
    media_redirect_next: Count = 0
    """The next downloads are answered with a redirect to another host."""
    lose_upload_next: Count = 0
    """The next files that are uploaded are kept, but the connection is cut before the answer."""

    def spend(self, counter: Counter) -> bool:
        """Tell whether it is to happen now, and count it."""
        left: int = getattr(self, counter)
        setattr(self, counter, max(0, left - 1))
        return left > 0

    def spend_failure(self, of: Literal["fail_next", "fail_later", "fail_uploads"]) -> int | None:
        """Give the code with which this send fails, or None."""
        failures: list[Failure] = getattr(self, of)
        if not failures:
            return None
        failures[0].times -= 1
        return failures.pop(0).code if failures[0].times == 0 else failures[0].code
